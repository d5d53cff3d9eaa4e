//! What a run shows on standard error: a table that is redrawn every second on a terminal, and a
//! line now and then elsewhere.

use crate::measure::{Counts, Tally};
use crate::program::Operation;
use indicatif::{ProgressBar, ProgressStyle};
use std::fmt::Write as _;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// Seconds between two lines where there is no terminal, after the first one.
const LINE_SECONDS: u64 = 5;

/// The view of a run.
#[derive(Debug)]
pub(crate) struct Live {
    /// Hidden where there is no terminal.
    table: ProgressBar,
    duration: Duration,
    /// What was counted since the last line.
    newest: Tally,
    newest_from: Duration,
    seconds: u64,
}

impl Live {
    /// The view of a run that takes `duration`.
    pub(crate) fn new(duration: Duration) -> Self {
        let table = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            table.set_style(style);
        }
        Self {
            table,
            duration,
            newest: Tally::default(),
            newest_from: Duration::ZERO,
            seconds: 0,
        }
    }

    /// Shows what was counted in the second that ended at `at`, and in total.
    pub(crate) fn show(&mut self, second: &Tally, total: &Tally, at: Duration) {
        self.seconds += 1;
        self.newest.merge(second);
        let span = at.saturating_sub(self.newest_from);
        if !self.table.is_hidden() {
            self.table
                .set_message(table(&self.newest, total, at, span, self.duration));
        } else if self.seconds == 1 || self.seconds.is_multiple_of(LINE_SECONDS) {
            eprintln!("{}", line(&self.newest, at, span));
        } else {
            return;
        }
        self.newest = Tally::default();
        self.newest_from = at;
    }

    /// Prints a line above the table.
    pub(crate) fn print(&self, line: &str) {
        self.table.suspend(|| eprintln!("{line}"));
    }

    /// Leaves the table as it is.
    pub(crate) fn finish(&self) {
        self.table.abandon();
    }
}

fn per_second(count: u64, span: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a number to look at")]
    let count = count as f64;
    count / span.as_secs_f64().max(1e-3)
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

/// Rates and percentiles of the newest second, errors in total.
fn table(newest: &Tally, total: &Tally, at: Duration, span: Duration, duration: Duration) -> String {
    let mut text = format!(
        "{:>5.0} s of {:.0} s  {:>9} {:>9} {:>9} {:>9}  errors so far",
        at.as_secs_f64(),
        duration.as_secs_f64(),
        "now/s",
        "p50 ms",
        "p99 ms",
        "count"
    );
    for ((operation, newest), (_, total)) in newest.operations().zip(total.operations()) {
        if total.made() > 0 {
            // Writing into a string does not fail.
            let _ = write!(
                text,
                "\n  {:<14} {:>9.1} {:>9.2} {:>9.2} {:>9}  {}",
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

/// All operations in one line.
fn line(newest: &Tally, at: Duration, span: Duration) -> String {
    let mut text = format!("{:>5.0} s", at.as_secs_f64());
    for (operation, counts) in newest.operations().filter(|(_, counts)| counts.made() > 0) {
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
    text
}
