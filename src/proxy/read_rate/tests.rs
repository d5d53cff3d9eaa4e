use super::*;

const WINDOW: Duration = Duration::from_secs(10);

#[test]
fn the_rate_is_known_after_a_window_and_is_that_of_the_newest() {
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let mut rate = ReadRate::new(WINDOW, start);
    rate.received(1_000_000, at(1));
    assert_eq!(rate.per_second(at(9)), None, "the first window has not ended");
    assert_eq!(rate.per_second(at(10)), Some(100_000));
    rate.received(50, at(10));
    assert_eq!(
        rate.per_second(at(15)),
        Some(100_000),
        "that of the window before"
    );
    assert_eq!(rate.per_second(at(20)), Some(5));
    assert_eq!(
        rate.per_second(at(60)),
        Some(1),
        "without reads, the rate decreases"
    );
}

#[test]
fn waiting_for_the_service_does_not_count() {
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let mut rate = ReadRate::new(WINDOW, start);
    rate.received(1000, at(1));
    rate.waits(at(1));
    rate.waits(at(50));
    assert_eq!(rate.per_second(at(500)), None);
    rate.received(1000, at(500));
    assert_eq!(rate.per_second(at(508)), None);
    assert_eq!(rate.per_second(at(509)), Some(200));
}
