//! The table of rates.

use super::figures::{percentile, Spread};
use super::load::Round;

/// Prints a row for each name, from its rounds.
pub(crate) fn print(title: &str, rows: &[(String, &[Round])]) {
    println!(
        "{title:<44} {:>8} {:>8} {:>8}  {:>7} {:>7}  {:>6}  {:>12}  {:>10}  {:>12} {:>5} {:>6}",
        "min /s",
        "median",
        "max",
        "p50 ms",
        "p99 ms",
        "errors",
        "batches/sync",
        "µs CPU/req",
        "CPU: service",
        "load",
        "others"
    );
    for (name, rounds) in rows {
        println!("{name:<44} {}", line(rounds));
    }
    println!();
}

fn line(rounds: &[Round]) -> String {
    let all = |value: fn(&Round) -> f64| Spread::of(&rounds.iter().map(value).collect::<Vec<_>>());
    let micros = rounds.iter().flat_map(|round| round.micros.iter().copied());
    let mut micros: Vec<_> = micros.collect();
    micros.sort_unstable();
    let Spread { min, median, max } = all(|round| round.rate);
    format!(
        "{min:>8.0} {median:>8.0} {max:>8.0}  {:>7.2} {:>7.2}  {:>6}  {:>12.1}  {:>10.0}  {:>12.2} {:>5.2} {:>6.2}",
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
