//! The results as text, for a terminal.

use crate::results::{Results, Row, Verdict};
use beamlive_page::millis;
use std::fmt::Write;

/// Requests a second, with as many digits as matter.
pub(super) fn per_second(rate: f64) -> String {
    match rate {
        rate if rate < 9.95 => format!("{rate:.2}"),
        rate if rate < 99.5 => format!("{rate:.1}"),
        rate => format!("{rate:.0}"),
    }
}

/// `200 ×118, timed out ×2`
pub(super) fn statuses(row: &Row) -> String {
    let all: Vec<_> = row
        .statuses
        .iter()
        .map(|(status, count)| format!("{status} ×{count}"))
        .collect();
    all.join(", ")
}

/// The result of the audit in a line.
pub(super) fn verdict_text(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Right(found) => format!(
            "right: {} launches, {} datasets and {} reports were acknowledged, and each is there exactly once{}",
            found.launches,
            found.datasets,
            found.reports,
            match (found.unknown_kept, found.unknown_lost) {
                (0, 0) => String::new(),
                (kept, lost) => format!("; of {} that were not, {kept} are there and {lost} are not", kept + lost),
            }
        ),
        Verdict::Wrong(found) => format!(
            "WRONG: of {} launches, {} datasets and {} reports that were acknowledged, {} are missing, {} are there \
             twice, {} are not as they were sent",
            found.launches, found.datasets, found.reports, found.missing, found.twice, found.wrong
        ),
        Verdict::Unchecked { reason } => format!("not checked: {reason}"),
    }
}

/// The table, warnings and notes, and the audit.
pub(crate) fn table(results: &Results) -> String {
    let mut out = String::new();
    // Writing into a string does not fail.
    let _ = write(&mut out, results);
    out
}

fn write(out: &mut String, results: &Results) -> std::fmt::Result {
    writeln!(
        out,
        "{:<12} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}  statuses",
        "operation", "count", "rate/s", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms"
    )?;
    for row in &results.operations {
        writeln!(
            out,
            "{:<12} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}  {}",
            row.operation.name(),
            row.count,
            per_second(row.rate),
            millis(row.p50_ms),
            millis(row.p90_ms),
            millis(row.p99_ms),
            millis(row.p999_ms),
            millis(row.max_ms),
            statuses(row)
        )?;
    }
    writeln!(
        out,
        "\n{:.1} s, {}; latencies are of requests that succeeded, from when they were due",
        results.seconds, results.about.arrivals
    )?;
    for warning in results.warnings() {
        writeln!(out, "note: {warning}")?;
    }
    for note in &results.notes {
        writeln!(out, "{note}")?;
    }
    writeln!(out, "audit: {}", verdict_text(&results.audit))?;
    if let Verdict::Wrong(found) = &results.audit {
        for line in &found.named {
            writeln!(out, "  {line}")?;
        }
        let more = (found.missing + found.twice + found.wrong)
            .saturating_sub(u64::try_from(found.named.len()).unwrap_or(u64::MAX));
        if more > 0 {
            writeln!(out, "  and {more} more")?;
        }
    }
    Ok(())
}
