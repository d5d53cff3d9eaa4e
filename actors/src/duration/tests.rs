use super::humanize;
use rstest::rstest;

#[rstest]
#[case(0, "0 minutes")]
#[case(-5, "0 minutes")]
#[case(1, "1 sec")]
#[case(59, "59 secs")]
#[case(60, "1 min")]
#[case(7_500, "2 hours 5 mins")]
#[case(7_505, "2 hours 5 mins")]
#[case(3_605, "1 hour 5 secs")]
#[case(86_400 * 8, "1 week 1 day")]
#[case(86_400 * 35, "1 month 5 days")]
#[case(86_400 * 800, "2 years 2 months")]
fn two_units_at_most(#[case] seconds: i64, #[case] text: &str) {
    assert_eq!(humanize(seconds * 1_000_000), text);
}

#[test]
fn less_than_a_second_is_nothing() {
    assert_eq!(humanize(999_999), "0 minutes");
}
