#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::*;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn counts(tally: &Tally, wanted: Operation) -> &Counts {
    tally
        .operations()
        .find(|(operation, _)| *operation == wanted)
        .unwrap()
        .1
}

#[test]
fn only_successes_have_a_latency_and_everything_is_counted() {
    let mut tally = Tally::default();
    for millis in 1..=100 {
        tally.count(Operation::Dataset, Outcome::Status(200), ms(millis));
    }
    tally.count(Operation::Dataset, Outcome::Status(503), ms(9_000));
    tally.count(Operation::Dataset, Outcome::TimedOut, ms(30_000));
    let counts = counts(&tally, Operation::Dataset);
    assert_eq!((counts.made(), counts.failed()), (102, 2));
    assert_eq!(counts.outcomes[&Outcome::Status(503)], 1);
    let p50 = counts.latency.value_at_quantile(0.5);
    assert!((49_900..=50_100).contains(&p50), "{p50}");
    let max = counts.latency.max();
    assert!((100_000..=100_100).contains(&max), "{max}");
}

#[test]
fn a_time_series_has_the_seconds_and_their_sum() {
    let recorder = Recorder::default();
    let mut series = TimeSeries::default();
    for second in 1..=3 {
        recorder.with(|tally| {
            tally.count(Operation::Launch, Outcome::Status(200), ms(second));
            tally.count(Operation::Launch, Outcome::Broken, ms(1));
            tally.count_lateness(ms(second));
            tally.unsent += 1;
        });
        series.add(&recorder.take(), Duration::from_secs(second));
    }
    series.add(&recorder.take(), Duration::from_secs(4));
    assert_eq!(series.seconds.len(), 4);
    for second in &series.seconds[..3] {
        assert_eq!(second.length, Duration::from_secs(1));
        let [(Operation::Launch, slice)] = second.operations[..] else {
            unreachable!("{second:?}")
        };
        assert_eq!((slice.succeeded, slice.failed), (1, 1));
    }
    assert!(series.seconds[3].operations.is_empty(), "a tally is taken once");
    assert_eq!(counts(&series.total, Operation::Launch).made(), 6);
    assert_eq!((series.total.lateness.len(), series.total.unsent), (3, 3));
}
