//! The report as text.

use super::report::{Latency, Report, Row, Sample};
use beamlive_page::millis;
use std::fmt::Write;

/// What differs, as statuses and places.
pub(super) fn sample(sample: &Sample) -> String {
    let difference = &sample.difference;
    let mut text = format!("{} × status {}", sample.count, difference.theirs);
    if difference.theirs != difference.ours {
        // Writing to a string does not fail.
        let _ = write!(text, " / {}", difference.ours);
    }
    for line in &difference.lines {
        let _ = write!(text, "; {line}");
    }
    text
}

/// What is said about the rehearsal as a whole, below its counts.
pub(super) fn remarks(report: &Report) -> Vec<String> {
    let mut remarks = report.notes.clone();
    if report.no_upstream > 0 {
        remarks.push(format!(
            "{} requests got no answer from the real server.",
            report.no_upstream
        ));
    }
    if report.unread > 0 {
        remarks.push(format!(
            "{} connections were passed on unwatched, from an upgrade or from bytes that are not HTTP/1 on.",
            report.unread
        ));
    }
    remarks
}

fn route(row: &Row) -> String {
    let mut text = format!("\n{} {}\n  {} requests", row.method, row.route, row.requests);
    if row.copied > 0 {
        let _ = write!(
            text,
            ", {} copied: {} same, {} explained, {} different",
            row.copied,
            row.same,
            row.explained.iter().map(|counted| counted.count).sum::<u64>(),
            row.different
        );
    }
    text.push('\n');
    let latency = |latency: Option<Latency>| {
        latency.map(|latency| {
            format!(
                "p50 {} ms, p99 {} ms",
                millis(latency.p50_ms),
                millis(latency.p99_ms)
            )
        })
    };
    if let Some(theirs) = latency(row.theirs) {
        let _ = write!(text, "  real server {theirs}");
        if let Some(ours) = latency(row.ours) {
            let _ = write!(text, "; beamlive {ours}");
        }
        text.push('\n');
    }
    for counted in &row.dropped {
        let _ = writeln!(text, "  dropped {} ×: {}", counted.count, counted.why);
    }
    for counted in &row.explained {
        let _ = writeln!(text, "  explained {} ×: {}", counted.count, counted.why);
    }
    for shown in &row.samples {
        let _ = writeln!(text, "  different {}", sample(shown));
        if let Some(hint) = shown.difference.hint {
            let _ = writeln!(text, "    {hint}");
        }
    }
    text
}

impl Report {
    /// One line with the counts.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = format!(
            "{} requests, {} copied, {} dropped: {} same, {} explained, {} different",
            self.requests, self.copied, self.dropped, self.same, self.explained, self.different
        );
        if self.waiting > 0 {
            let _ = write!(line, "; {} waiting", self.waiting);
        }
        if self.no_upstream > 0 {
            let _ = write!(
                line,
                "; {} without an answer of the real server",
                self.no_upstream
            );
        }
        line
    }

    /// The whole report as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!(
        "Rehearsal of {} before {}\nfrom {} to {}\n\n{}\n{} requests of other routes were passed on and not copied.\n",
        self.service,
        self.upstream,
        self.began,
        self.until,
        self.line(),
        self.not_copied
    );
        for remark in remarks(self) {
            let _ = writeln!(text, "Note: {remark}");
        }
        for row in &self.routes {
            text += &route(row);
        }
        text
    }
}
