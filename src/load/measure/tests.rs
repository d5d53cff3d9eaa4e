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
fn only_what_succeeded_has_a_latency_and_everything_counts() {
    let mut tally = Tally::default();
    for millis in 1..=100 {
        tally.enter(Operation::Dataset, Outcome::Status(200), ms(millis));
    }
    tally.enter(Operation::Dataset, Outcome::Status(503), ms(9_000));
    tally.enter(Operation::Dataset, Outcome::TimedOut, ms(30_000));
    let counts = counts(&tally, Operation::Dataset);
    assert_eq!((counts.made(), counts.failed()), (102, 2));
    assert_eq!(counts.outcomes[&Outcome::Status(503)], 1);
    let p50 = counts.latency.value_at_quantile(0.5);
    assert!((49_900..=50_100).contains(&p50), "{p50}");
    let max = counts.latency.max();
    assert!((100_000..=100_100).contains(&max), "{max}");
}

#[test]
fn a_course_has_the_seconds_and_their_sum() {
    let recorder = Recorder::default();
    let mut course = Course::default();
    for second in 1..=3 {
        recorder.with(|tally| {
            tally.enter(Operation::Launch, Outcome::Status(200), ms(second));
            tally.enter(Operation::Launch, Outcome::Broken, ms(1));
            tally.enter_lateness(ms(second));
            tally.unsent += 1;
        });
        course.enter(&recorder.take(), Duration::from_secs(second));
    }
    course.enter(&recorder.take(), Duration::from_secs(4));
    assert_eq!(course.seconds.len(), 4);
    for second in &course.seconds[..3] {
        assert_eq!(second.length, Duration::from_secs(1));
        let [(Operation::Launch, slice)] = second.operations[..] else {
            unreachable!("{second:?}")
        };
        assert_eq!((slice.succeeded, slice.failed), (1, 1));
    }
    assert!(
        course.seconds[3].operations.is_empty(),
        "what was taken is taken once"
    );
    assert_eq!(counts(&course.total, Operation::Launch).made(), 6);
    assert_eq!((course.total.lateness.len(), course.total.unsent), (3, 3));
}
