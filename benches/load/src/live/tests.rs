use super::*;
use crate::program::Outcome;

#[test]
fn a_view_has_rates_percentiles_and_errors_by_status() {
    let mut tally = Tally::default();
    for _ in 0..50 {
        tally.count(Operation::Dataset, Outcome::Status(200), Duration::from_millis(4));
    }
    tally.count(Operation::Dataset, Outcome::Status(503), Duration::from_millis(1));
    tally.count(Operation::Dataset, Outcome::TimedOut, Duration::from_millis(1));
    let (at, span) = (Duration::from_secs(7), Duration::from_secs(2));
    let table = table(&tally, &tally, at, span, Duration::from_secs(60));
    let row = table.lines().nth(1).unwrap_or_default();
    let words: Vec<_> = row.split_whitespace().collect();
    assert_eq!(
        words.get(..5),
        Some(&["dataset", "25.0", "4.00", "4.00", "52"][..]),
        "{table}"
    );
    assert!(row.ends_with("503 ×1, timed out ×1"), "{row}");
    assert!(table.starts_with("    7 s of 60 s"), "{table}");
    let line = line(&tally, at, span);
    assert!(
        line.contains("dataset: 25.0/s p50 4.00 p99 4.00 ms (503 ×1, timed out ×1)"),
        "{line}"
    );
}
