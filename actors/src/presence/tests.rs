#![allow(clippy::unwrap_used)]
use super::*;
use crate::clock::ManualClock;
use beamlive_storage::Timestamp;
use std::cell::Cell;

const HOLD: Duration = Duration::from_secs(60);

fn presence() -> (ManualClock, Presence) {
    let clock = ManualClock::at(Timestamp(0));
    (clock.clone(), Presence::new(Arc::new(clock), HOLD))
}

#[tokio::test(start_paused = true)]
async fn what_is_known_is_used_for_five_seconds() {
    let (clock, presence) = presence();
    assert!(presence.fresh().await.is_err(), "nothing was read yet");
    presence.followed(presence.now());
    clock.skip(Duration::from_millis(4_500));
    let begin = Instant::now();
    presence.fresh().await.unwrap();
    assert_eq!(begin.elapsed(), Duration::ZERO);
    clock.skip(Duration::from_millis(500));
    assert!(presence.fresh().await.is_err());
    assert_eq!(begin.elapsed(), HOLD);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_makes_nothing_fresh() {
    let (clock, presence) = presence();
    presence.followed(presence.now());
    clock.skip(Duration::from_secs(6));
    clock.advance(chrono::TimeDelta::hours(-1));
    assert!(presence.fresh().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn who_waits_goes_on_when_the_changes_are_known() {
    let (_, presence) = presence();
    let begin = Instant::now();
    let back = async {
        tokio::time::sleep(Duration::from_secs(20)).await;
        presence.followed(presence.now());
    };
    let (waited, ()) = tokio::join!(presence.fresh(), back);
    waited.unwrap();
    assert_eq!(begin.elapsed(), Duration::from_secs(20));
}

#[tokio::test(start_paused = true)]
async fn what_finds_the_database_away_is_done_when_it_is_back() {
    let (_, presence) = presence();
    presence.followed(presence.now());
    let attempts = Cell::new(0);
    let attempt = async || {
        attempts.set(attempts.get() + 1);
        match attempts.get() {
            1 => Err(Unavailable::Away("gone".into())),
            _ => Ok(attempts.get()),
        }
    };
    let back = async {
        // The follower is asked to look at once, and other requests wait.
        presence.asked().await;
        assert!(!presence.is_fresh());
        tokio::time::sleep(Duration::from_secs(20)).await;
        presence.followed(presence.now());
    };
    let (done, ()) = tokio::join!(presence.held(attempt), back);
    assert_eq!(done, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_held_for_longer_than_allowed() {
    let (_, presence) = presence();
    let begin = Instant::now();
    let away = || Err::<(), _>(Unavailable::Away("gone".into()));
    assert!(presence.held(async || away()).await.is_err());
    assert!(begin.elapsed() <= HOLD, "{:?}", begin.elapsed());
    let busy = presence.held(async || Err::<(), _>(Unavailable::Busy)).await;
    assert_eq!(busy, Err(Unavailable::Busy), "other errors are not held");
}
