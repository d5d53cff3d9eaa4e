//! The tables.

use super::cases::Case;
use super::figures::{percentile, Spread};
use super::load::Round;

/// The columns that all tables have.
const COLUMNS: &str =
    "    min  median     max   p50 ms  p99 ms  errors  batches/sync  µs CPU/req  CPU: service  load  others";

/// One line per operation and number of connections.
pub(crate) fn operations(cases: &[Case], rounds: &[Vec<Round>]) {
    println!("{:<20} {:>5} {COLUMNS}", "operation", "conns");
    for (case, rounds) in cases.iter().zip(rounds) {
        println!("{:<20} {:>5} {}", case.operation, case.connections, line(rounds));
    }
    println!();
}

/// One line per size of the store.
pub(crate) fn growth(connections: usize, rows: &[(String, &[Round])]) {
    println!(
        "{:<26} {COLUMNS}",
        format!("uploads, {connections} conns; stored")
    );
    for (stored, rounds) in rows {
        println!("{stored:<26} {}", line(rounds));
    }
    println!();
}

fn line(rounds: &[Round]) -> String {
    let all = |value: fn(&Round) -> f64| Spread::of(&rounds.iter().map(value).collect::<Vec<_>>());
    let mut micros: Vec<_> = rounds
        .iter()
        .flat_map(|round| round.micros.iter().copied())
        .collect();
    micros.sort_unstable();
    let rate = all(|round| round.rate);
    format!(
        "{:>7.0} {:>7.0} {:>7.0}  {:>7.2} {:>7.2}  {:>6}  {:>12.1}  {:>10.0}  {:>12.2} {:>5.2}  {:>6.2}",
        rate.min,
        rate.median,
        rate.max,
        percentile(&micros, 0.5) / 1e3,
        percentile(&micros, 0.99) / 1e3,
        rounds.iter().map(|round| round.errors).sum::<u64>(),
        all(|round| round.batches_per_sync).median,
        all(|round| round.usage.service * 1e6 / round.rate).median,
        all(|round| round.usage.service).median,
        all(|round| round.usage.load).median,
        all(|round| round.usage.others).median,
    )
}
