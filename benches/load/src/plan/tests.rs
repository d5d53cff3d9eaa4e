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
fn rates_are_parsed(#[case] text: &str, #[case] expected: Option<Rate>) {
    assert_eq!(text.parse::<Rate>().ok(), expected);
}

fn take(arrivals: &mut Arrivals, count: usize) -> Vec<f64> {
    (0..count)
        .map(|_| arrivals.due().unwrap().as_secs_f64())
        .collect()
}

#[test]
fn poisson_arrivals_have_the_rate_and_the_variance() {
    let due = take(&mut Arrivals::poisson(50.0, 7), 20_000);
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
    let of = |seed| take(&mut Arrivals::poisson(5.0, seed), 100);
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
}

#[test]
fn requests_that_are_due_before_the_end_are_counted() {
    let mut cron = Arrivals::Every {
        period: Duration::from_secs(60),
        next: Duration::from_secs(1),
    };
    assert_eq!(cron.due(), Some(Duration::from_secs(1)));
    assert_eq!(cron.count_until(Duration::from_secs(181)), 2, "at 61 and 121 s");
    assert_eq!(Arrivals::Closed.count_until(Duration::MAX), 0);
}
