//! What is to be seen while a run goes: redrawn every second on a terminal, a line now and then elsewhere.

use super::measure::{Counts, Tally};
use super::program::Operation;
use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::time::Duration;

/// How often a line comes where there is no terminal, after the first second.
const EVERY: u64 = 5;

/// The view of a run, on standard error.
#[derive(Debug)]
pub struct Live {
    is_terminal: bool,
    length: Duration,
    /// Lines that stand there from the last time.
    drawn: usize,
    /// What came since the last line.
    since: Tally,
    since_at: Duration,
    seconds: u64,
}

impl Live {
    /// Of a run that takes `length`.
    #[must_use]
    pub fn new(length: Duration) -> Self {
        Self {
            is_terminal: std::io::stderr().is_terminal(),
            length,
            drawn: 0,
            since: Tally::default(),
            since_at: Duration::ZERO,
            seconds: 0,
        }
    }

    /// Shows what was counted in the second that ended at `at`, and altogether.
    pub fn show(&mut self, second: &Tally, total: &Tally, at: Duration) {
        self.seconds += 1;
        self.since.merge(second);
        if self.is_terminal {
            let text = table(
                &self.since,
                total,
                at,
                at.saturating_sub(self.since_at),
                self.length,
            );
            let lines = text.lines().count();
            let up = match self.drawn {
                0 => String::new(),
                drawn => format!("\x1b[{drawn}A\x1b[J"),
            };
            self.drawn = lines;
            self.say(&format!("{up}{text}"));
        } else if self.seconds == 1 || self.seconds.is_multiple_of(EVERY) {
            self.say(&line(&self.since, at, at.saturating_sub(self.since_at)));
        } else {
            return;
        }
        self.since = Tally::default();
        self.since_at = at;
    }

    /// Says something of its own; what was drawn before stays above it.
    pub fn tell(&mut self, line: &str) {
        self.drawn = 0;
        self.say(&format!("{line}\n"));
    }

    fn say(&self, text: &str) {
        let mut out = std::io::stderr().lock();
        // Whoever closed standard error does not look.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

fn per_second(count: u64, length: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a number to look at")]
    let count = count as f64;
    count / length.as_secs_f64().max(1e-3)
}

#[expect(clippy::cast_precision_loss, reason = "a number to look at")]
fn ms(counts: &Counts, quantile: f64) -> f64 {
    counts.latency.value_at_quantile(quantile) as f64 / 1e3
}

fn errors(counts: &Counts) -> String {
    let errors: Vec<_> = counts
        .outcomes
        .iter()
        .filter(|(outcome, _)| !outcome.is_success())
        .map(|(outcome, count)| format!("{outcome} ×{count}"))
        .collect();
    errors.join(", ")
}

/// Rates and percentiles of the newest second, errors of all.
fn table(newest: &Tally, total: &Tally, at: Duration, span: Duration, length: Duration) -> String {
    let mut text = format!(
        "{:>5.0} s of {:.0} s  {:>9} {:>9} {:>9} {:>9}  errors so far\n",
        at.as_secs_f64(),
        length.as_secs_f64(),
        "now/s",
        "p50 ms",
        "p99 ms",
        "count"
    );
    for ((operation, newest), (_, total)) in newest.operations().zip(total.operations()) {
        if total.made() > 0 {
            // Writing into a string does not fail.
            let _ = writeln!(
                text,
                "  {:<14} {:>9.1} {:>9.2} {:>9.2} {:>9}  {}",
                operation.name(),
                per_second(newest.latency.len(), span),
                ms(newest, 0.5),
                ms(newest, 0.99),
                total.made(),
                errors(total)
            );
        }
    }
    text
}

/// All operations of some seconds in one line.
fn line(since: &Tally, at: Duration, span: Duration) -> String {
    let mut text = format!("{:>5.0} s", at.as_secs_f64());
    for (operation, counts) in since.operations().filter(|(_, counts)| counts.made() > 0) {
        let _ = write!(
            text,
            "  {}: {:.1}/s p50 {:.2} p99 {:.2} ms",
            Operation::name(operation),
            per_second(counts.latency.len(), span),
            ms(counts, 0.5),
            ms(counts, 0.99)
        );
        if counts.failed() > 0 {
            let _ = write!(text, " ({})", errors(counts));
        }
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::program::Outcome;

    #[test]
    fn a_view_has_rates_percentiles_and_errors_by_status() {
        let mut tally = Tally::default();
        for _ in 0..50 {
            tally.enter(Operation::Dataset, Outcome::Status(200), Duration::from_millis(4));
        }
        tally.enter(Operation::Dataset, Outcome::Status(503), Duration::from_millis(1));
        tally.enter(Operation::Dataset, Outcome::TimedOut, Duration::from_millis(1));
        let (at, span, length) = (
            Duration::from_secs(7),
            Duration::from_secs(2),
            Duration::from_secs(60),
        );
        let table = table(&tally, &tally, at, span, length);
        let row = table.lines().nth(1).unwrap_or_default();
        let words: Vec<_> = row.split_whitespace().collect();
        assert_eq!(words.first().copied(), Some("dataset"), "{table}");
        assert_eq!(
            words.get(1..5),
            Some(&["25.0", "4.00", "4.00", "52"][..]),
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
}
