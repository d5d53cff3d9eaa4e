#![allow(clippy::unwrap_used)]
use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};

const BOUNDS: Bounds = Bounds {
    all: 4,
    per_address: 2,
    per_project: 3,
    slowest: 1000,
    window: Duration::from_secs(10),
};

/// Places, and a time that a test moves.
struct Hall {
    shares: Shares,
    start: Instant,
    ended: Arc<AtomicUsize>,
}

impl Hall {
    fn new() -> Self {
        Self {
            shares: Shares::new(BOUNDS),
            start: Instant::now(),
            ended: Arc::default(),
        }
    }

    fn at(&self, seconds: u64) -> Instant {
        self.start + Duration::from_secs(seconds)
    }

    fn enter(&self, address: &str, project: u64, seconds: u64) -> Result<Place, Full> {
        let project = (project > 0).then_some(ProjectId(project));
        let place = self
            .shares
            .enter(address.parse().unwrap(), project, self.at(seconds))?;
        let ended = self.ended.clone();
        place.occupied(Operation::waiting(), Duration::from_secs(10), move || {
            ended.fetch_add(1, Ordering::SeqCst);
        });
        Ok(place)
    }

    fn ended(&self) -> usize {
        self.ended.load(Ordering::SeqCst)
    }
}

#[test]
fn an_address_and_a_project_have_their_shares() {
    let hall = Hall::new();
    let first = hall.enter("10.0.0.1", 1, 0).unwrap();
    let _second = hall.enter("10.0.0.1", 2, 0).unwrap();
    assert_eq!(hall.enter("10.0.0.1", 3, 0).unwrap_err(), Full::Address(2));
    let _third = hall.enter("10.0.0.2", 1, 0).unwrap();
    let fourth = hall.enter("10.0.0.3", 1, 0).unwrap();
    assert_eq!(hall.enter("10.0.0.4", 1, 0).unwrap_err(), Full::Project(3));
    assert_eq!(hall.enter("10.0.0.4", 0, 0).unwrap_err(), Full::All);
    drop(fourth);
    assert!(
        hall.enter("10.0.0.4", 0, 0).is_ok(),
        "and its place is free again"
    );
    drop(first);
    let _again = hall.enter("10.0.0.1", 3, 0).unwrap();
    assert_eq!(hall.ended(), 0);
}

#[test]
fn directories_of_no_project_are_not_one_project() {
    let hall = Hall::new();
    let _places: Vec<_> = (0..4)
        .map(|host| hall.enter(&format!("10.0.0.{host}"), 0, 0).unwrap())
        .collect();
}

#[test]
fn a_network_of_long_addresses_is_one_address() {
    let hall = Hall::new();
    let _first = hall.enter("2001:db8::1", 0, 0).unwrap();
    let _second = hall.enter("2001:db8::2", 0, 0).unwrap();
    assert_eq!(hall.enter("2001:db8::3", 0, 0).unwrap_err(), Full::Address(2));
    let _other = hall.enter("2001:db8:0:1::3", 0, 0).unwrap();
}

#[test]
fn the_slowest_gives_up_its_place_when_others_wait_and_not_before() {
    let hall = Hall::new();
    let places: Vec<_> = (0..4)
        .map(|host| hall.enter(&format!("10.0.0.{host}"), 0, 0).unwrap())
        .collect();
    for (place, bytes) in places.iter().zip([100_000, 20_000, 900, 5000]) {
        place.took(bytes, hall.at(1));
    }
    assert_eq!(
        hall.enter("10.0.0.9", 0, 9).unwrap_err(),
        Full::All,
        "none is known to be slow"
    );
    assert_eq!(hall.ended(), 0, "nobody else has come");
    let newcomers = [
        hall.enter("10.0.0.9", 0, 10).unwrap(),
        hall.enter("10.0.0.9", 0, 10).unwrap(),
    ];
    assert_eq!(hall.ended(), 2, "those of 90 and of 500 bytes a second");
    assert_eq!(
        hall.enter("10.0.0.8", 0, 10).unwrap_err(),
        Full::All,
        "the rest read"
    );
    // Those who gave up their places have none to lose, and are not counted.
    drop(places);
    let _others: Vec<_> = (1..3)
        .map(|host| hall.enter(&format!("10.0.1.{host}"), 0, 10).unwrap())
        .collect();
    assert_eq!(hall.enter("10.0.1.3", 0, 10).unwrap_err(), Full::All);
    drop(newcomers);
}

#[test]
fn one_that_waits_for_us_is_not_slow() {
    let hall = Hall::new();
    let places: Vec<_> = (0..4)
        .map(|host| hall.enter(&format!("10.0.0.{host}"), 0, 0).unwrap())
        .collect();
    for place in &places {
        place.starves(hall.at(0));
    }
    assert_eq!(hall.enter("10.0.0.9", 0, 100).unwrap_err(), Full::All);
}
