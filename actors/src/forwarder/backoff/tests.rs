use super::*;

fn seconds(backoff: &mut Backoff, failures: u32) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let micros = backoff.after(failures, Timestamp(0)).0 as f64;
    micros / 1e6
}

#[test]
fn delays_double_up_to_the_longest_and_never_fall_below_half() {
    let mut backoff = Backoff::new(
        Duration::from_secs(1),
        Duration::from_secs(60),
        fastrand::Rng::with_seed(7),
    );
    for (failures, whole) in [(1, 1.0), (2, 2.0), (5, 16.0), (7, 60.0), (u32::MAX, 60.0)] {
        for _ in 0..200 {
            let delay = seconds(&mut backoff, failures);
            assert!(delay >= whole / 2.0 && delay <= whole, "{failures}: {delay}");
        }
    }
}

#[test]
fn retries_of_rows_that_failed_together_are_spread() {
    let mut backoff = Backoff::new(
        Duration::from_secs(10),
        Duration::from_secs(60),
        fastrand::Rng::with_seed(0),
    );
    let delays: Vec<_> = (0..100).map(|_| seconds(&mut backoff, 1)).collect();
    let spread = |range: std::ops::Range<f64>| delays.iter().filter(|delay| range.contains(delay)).count();
    for quarter in [5.0..6.25, 6.25..7.5, 7.5..8.75, 8.75..10.0] {
        assert!(spread(quarter.clone()) > 10, "{quarter:?} of {delays:?}");
    }
}

#[test]
fn an_instant_is_due_after_the_clock_is_set_back() {
    let mut backoff = Backoff::new(
        Duration::from_secs(1),
        Duration::from_secs(60),
        fastrand::Rng::with_seed(1),
    );
    let now = Timestamp(1_000_000_000);
    let at = backoff.after(3, now);
    assert!(!backoff.is_due(at, now) && backoff.is_due(at, at));
    assert!(backoff.is_due(at, Timestamp(now.0 - 60_000_000)));
}
