#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::*;
use rstest::rstest;

#[rstest]
#[case("5/s", Some(Rate::PerSecond(5.0)))]
#[case("0.5", Some(Rate::PerSecond(0.5)))]
#[case("300/min", Some(Rate::PerSecond(5.0)))]
#[case("7200/h", Some(Rate::PerSecond(2.0)))]
#[case("max", Some(Rate::Max))]
#[case("0/s", None)]
#[case("-1/s", None)]
#[case("inf/s", None)]
#[case("5/day", None)]
#[case("2000000/s", None)]
#[case("", None)]
fn rates(#[case] text: &str, #[case] expected: Option<Rate>) {
    assert_eq!(text.parse::<Rate>().ok(), expected);
}

#[rstest]
#[case("60s", Some(60_000))]
#[case("1.5s", Some(1_500))]
#[case("500ms", Some(500))]
#[case("2min", Some(120_000))]
#[case("1h", Some(3_600_000))]
#[case("5", Some(5_000))]
#[case("0s", None)]
#[case("1e9s", None)]
#[case("9999h", None)]
#[case("s", None)]
#[case("", None)]
fn durations(#[case] text: &str, #[case] millis: Option<u64>) {
    assert_eq!(duration(text).ok(), millis.map(Duration::from_millis));
}

fn take(arrivals: &mut Arrivals, count: usize) -> Vec<f64> {
    (0..count)
        .map(|_| arrivals.due().unwrap().as_secs_f64())
        .collect()
}

#[test]
fn random_arrivals_keep_the_rate_and_do_not_keep_step() {
    let due = take(&mut Arrivals::random(50.0, 7), 20_000);
    assert!(due.windows(2).all(|pair| pair[0] <= pair[1]));
    let rate = 20_000.0 / due.last().unwrap();
    assert!((48.5..51.5).contains(&rate), "{rate}");
    // The gaps of a Poisson process vary as much as they are long.
    let gaps: Vec<_> = due.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let mean = gaps.iter().sum::<f64>() / 19_999.0;
    let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / 19_999.0;
    let ratio = variance.sqrt() / mean;
    assert!((0.95..1.05).contains(&ratio), "{ratio}");
}

#[test]
fn a_seed_gives_one_schedule_and_another_seed_another() {
    let of = |seed| take(&mut Arrivals::random(5.0, seed), 100);
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
}

#[test]
fn what_is_left_is_what_is_due_before_the_end() {
    let mut cron = Arrivals::Every {
        period: Duration::from_secs(60),
        next: Duration::from_secs(1),
    };
    assert_eq!(cron.due(), Some(Duration::from_secs(1)));
    assert_eq!(cron.left_until(Duration::from_secs(181)), 2, "at 61 and 121 s");
    assert_eq!(Arrivals::FlatOut.left_until(Duration::MAX), 0);
}
