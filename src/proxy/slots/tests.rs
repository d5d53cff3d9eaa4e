#![allow(clippy::unwrap_used)]
use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};

const LIMITS: SlotLimits = SlotLimits {
    all: 4,
    per_address: 2,
    per_project: 3,
    slowest: 1000,
    window: Duration::from_secs(10),
};

/// Slots with a manual clock.
struct Bench {
    slots: Slots,
    start: Instant,
    ended: Arc<AtomicUsize>,
}

impl Bench {
    fn new() -> Self {
        Self {
            slots: Slots::new(LIMITS),
            start: Instant::now(),
            ended: Arc::default(),
        }
    }

    fn at(&self, seconds: u64) -> Instant {
        self.start + Duration::from_secs(seconds)
    }

    fn acquire(&self, address: &str, project: u64, seconds: u64) -> Result<Slot, NoSlot> {
        let project = (project > 0).then_some(ProjectId(project));
        let slot = self
            .slots
            .acquire(address.parse().unwrap(), project, self.at(seconds))?;
        let ended = self.ended.clone();
        slot.set_producer(Operation::new(), Duration::from_secs(10), move || {
            ended.fetch_add(1, Ordering::SeqCst);
        });
        Ok(slot)
    }

    fn ended(&self) -> usize {
        self.ended.load(Ordering::SeqCst)
    }
}

#[test]
fn an_address_and_a_project_have_their_limits() {
    let bench = Bench::new();
    let first = bench.acquire("10.0.0.1", 1, 0).unwrap();
    let _second = bench.acquire("10.0.0.1", 2, 0).unwrap();
    assert_eq!(bench.acquire("10.0.0.1", 3, 0).unwrap_err(), NoSlot::Address(2));
    let _third = bench.acquire("10.0.0.2", 1, 0).unwrap();
    let fourth = bench.acquire("10.0.0.3", 1, 0).unwrap();
    assert_eq!(bench.acquire("10.0.0.4", 1, 0).unwrap_err(), NoSlot::Project(3));
    assert_eq!(bench.acquire("10.0.0.4", 0, 0).unwrap_err(), NoSlot::All);
    drop(fourth);
    assert!(bench.acquire("10.0.0.4", 0, 0).is_ok(), "its slot is free again");
    drop(first);
    let _again = bench.acquire("10.0.0.1", 3, 0).unwrap();
    assert_eq!(bench.ended(), 0);
}

#[test]
fn directories_of_no_project_are_not_one_project() {
    let bench = Bench::new();
    let _slots: Vec<_> = (0..4)
        .map(|host| bench.acquire(&format!("10.0.0.{host}"), 0, 0).unwrap())
        .collect();
}

#[test]
fn a_network_of_long_addresses_is_one_address() {
    let bench = Bench::new();
    let _first = bench.acquire("2001:db8::1", 0, 0).unwrap();
    let _second = bench.acquire("2001:db8::2", 0, 0).unwrap();
    assert_eq!(
        bench.acquire("2001:db8::3", 0, 0).unwrap_err(),
        NoSlot::Address(2)
    );
    let _other = bench.acquire("2001:db8:0:1::3", 0, 0).unwrap();
}

#[test]
fn the_slowest_loses_its_slot_when_others_need_it_and_not_before() {
    let bench = Bench::new();
    let slots: Vec<_> = (0..4)
        .map(|host| bench.acquire(&format!("10.0.0.{host}"), 0, 0).unwrap())
        .collect();
    for (slot, bytes) in slots.iter().zip([100_000, 20_000, 900, 5000]) {
        slot.received(bytes, bench.at(1));
    }
    assert_eq!(
        bench.acquire("10.0.0.9", 0, 9).unwrap_err(),
        NoSlot::All,
        "none is known to be slow"
    );
    assert_eq!(bench.ended(), 0, "no slot was needed");
    let newcomers = [
        bench.acquire("10.0.0.9", 0, 10).unwrap(),
        bench.acquire("10.0.0.9", 0, 10).unwrap(),
    ];
    assert_eq!(bench.ended(), 2, "those of 90 and of 500 bytes a second");
    assert_eq!(
        bench.acquire("10.0.0.8", 0, 10).unwrap_err(),
        NoSlot::All,
        "the rest read"
    );
    // Dropping a lost slot releases no other.
    drop(slots);
    let _others: Vec<_> = (1..3)
        .map(|host| bench.acquire(&format!("10.0.1.{host}"), 0, 10).unwrap())
        .collect();
    assert_eq!(bench.acquire("10.0.1.3", 0, 10).unwrap_err(), NoSlot::All);
    drop(newcomers);
}

#[test]
fn a_client_that_waits_for_the_service_is_not_slow() {
    let bench = Bench::new();
    let slots: Vec<_> = (0..4)
        .map(|host| bench.acquire(&format!("10.0.0.{host}"), 0, 0).unwrap())
        .collect();
    for slot in &slots {
        slot.waits(bench.at(0));
    }
    assert_eq!(bench.acquire("10.0.0.9", 0, 100).unwrap_err(), NoSlot::All);
}
