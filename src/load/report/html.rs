//! As a page of its own: no network, no script, light and dark, fit to print.

use super::chart::{self, Axis, Line};
use super::text::{books, millis, per_second, statuses};
use super::{float, Report, Verdict};
use crate::load::program::Operation;
use maud::{html, Markup, PreEscaped, DOCTYPE};

const STYLE: &str = include_str!("style.css");

/// The page.
#[must_use]
pub fn page(report: &Report) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Load on " (report.about.url) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (head(report))
                (tiles(report))
                @let warnings = report.warnings();
                @if !warnings.is_empty() {
                    section.warnings {
                        h2 { "Before you read on" }
                        ul { @for warning in &warnings { li { (warning) } } }
                    }
                }
                section {
                    h2 { "Operations" }
                    (table(report))
                    p.small {
                        "Latencies in milliseconds, of requests that succeeded, counted from when a request was due: time spent \
                         waiting for earlier answers is part of it."
                    }
                }
                section {
                    h2 { "Latency by percentile" }
                    p.small { "How long the quickest 50, 90, 99, 99.9 of a hundred requests took at most. Low and flat is good." }
                    (percentiles(report))
                }
                section {
                    h2 { "Throughput over time" }
                    (throughput(report))
                }
                section {
                    h2 { "Slowest percent over time" }
                    p.small { "The 99th percentile of the slowest operation, second by second." }
                    (slowest(report))
                }
                @if report.course.iter().any(|part| part.failed > 0.0) {
                    section {
                        h2 { "Requests that did not succeed" }
                        (failures(report))
                    }
                }
                (ledger(report))
                (about(report))
            }
        }
    }
    .into_string()
}

fn head(report: &Report) -> Markup {
    let (class, word) = match &report.books {
        Verdict::Right(_) => ("good", "Books right"),
        Verdict::Wrong(_) => ("bad", "Books wrong"),
        Verdict::Unchecked { .. } => ("open", "Books not checked"),
    };
    html! {
        header {
            div {
                p.kicker { "beamlive load · " (report.about.began.replace('T', " ").replace('Z', " UTC")) }
                h1 { "Load on " (report.about.url) }
                p.sub { (capital(&report.about.arrivals)) " · " (format!("{:.0} s", report.seconds)) }
            }
            p class=(format!("badge {class}")) { (word) }
        }
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().collect::<String>() + letters.as_str())
        .unwrap_or_default()
}

fn tiles(report: &Report) -> Markup {
    let made: u64 = report.operations.iter().map(|row| row.count).sum();
    let failed: u64 = report.operations.iter().map(|row| row.failed).sum();
    let rate: f64 = report.operations.iter().map(|row| row.rate).sum();
    let busiest = report.operations.iter().max_by_key(|row| row.count);
    let share = 100.0 * float(made - failed) / float(made.max(1));
    let tile = |value: String, unit: &str, name: &str| {
        html! { div.tile { p.value { (value) span.unit { (unit) } } p.name { (name) } } }
    };
    html! {
        section.tiles {
            (tile(grouped(made), "", "requests"))
            (tile(per_second(rate), "/s", "answered, on average"))
            @if failed == 0 {
                (tile("100".to_owned(), "%", "succeeded"))
            } @else {
                // Never rounded up to all of them.
                (tile(format!("{:.2}", share.min(99.99)), "%", "succeeded"))
            }
            @if let Some(row) = busiest {
                (tile(millis(row.p50_ms), "ms", &format!("{}: half took at most", row.operation.name())))
                (tile(millis(row.p99_ms), "ms", &format!("{}: 99 of 100 at most", row.operation.name())))
            }
        }
    }
}

/// `12 345 678`, with thin spaces.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{2009}');
        }
        text.push(digit);
    }
    text
}

fn colour(operation: Operation) -> usize {
    Operation::ALL
        .iter()
        .position(|other| *other == operation)
        .unwrap_or_default()
}

fn table(report: &Report) -> Markup {
    html! {
        div.wide { table {
            thead { tr {
                th { "operation" } th.n { "count" } th.n { "per second" } th.n { "p50" } th.n { "p90" } th.n { "p99" }
                th.n { "p99.9" } th.n { "max" } th { "answers" }
            } }
            tbody { @for row in &report.operations {
                tr {
                    th scope="row" { span class=(format!("key c{}", colour(row.operation))) {} " " (row.operation.name()) }
                    td.n { (grouped(row.count)) } td.n { (per_second(row.rate)) }
                    @for ms in [row.p50_ms, row.p90_ms, row.p99_ms, row.p999_ms, row.max_ms] { td.n { (millis(ms)) } }
                    td.answers { (statuses(row)) }
                }
            } }
        } }
    }
}

/// Where a percentile stands: each nine has the same room.
fn nines(percentile: f64) -> f64 {
    -(1.0 - percentile / 100.0).max(1e-7).log10()
}

fn percentiles(report: &Report) -> Markup {
    // The last point of a curve is at 100, which has no place; it stands at the end of its own last step.
    let curve = |points: &[(f64, f64)]| -> Vec<(f64, f64)> {
        points
            .iter()
            .filter(|(percentile, _)| *percentile < 100.0)
            .map(|(percentile, ms)| (nines(*percentile), ms.max(1e-3).log10()))
            .collect()
    };
    let lines: Vec<_> = report
        .operations
        .iter()
        .map(|row| Line {
            name: row.operation.name(),
            colour: colour(row.operation),
            points: curve(&row.percentiles),
            filled: false,
        })
        .filter(|line| !line.points.is_empty())
        .collect();
    let values = report
        .operations
        .iter()
        .flat_map(|row| &row.percentiles)
        .map(|(_, ms)| *ms);
    let y = Axis::logarithmic("ms", values);
    let farthest = lines
        .iter()
        .flat_map(|line| &line.points)
        .map(|(at, _)| *at)
        .fold(2.0, f64::max);
    let ticks = [
        (0.0, "0"),
        (50.0, "50"),
        (90.0, "90"),
        (99.0, "99"),
        (99.9, "99.9"),
        (99.99, "99.99"),
        (99.999, "99.999"),
    ];
    let x = Axis {
        title: "percentile",
        span: (0.0, farthest),
        ticks: ticks
            .into_iter()
            .map(|(percentile, label)| (nines(percentile), label.to_owned()))
            .filter(|(place, _)| *place <= farthest)
            .collect(),
    };
    chart::lines(
        &x,
        &y,
        &lines,
        "latency by percentile, one line for each operation",
    )
}

fn seconds(report: &Report) -> Axis {
    let last = report.course.last().map_or(1.0, |part| part.at_s).max(1.0);
    let mut axis = Axis::linear("seconds", last, |value| format!("{value}"));
    axis.span.1 = last;
    axis.ticks.retain(|(value, _)| *value <= last);
    axis
}

fn over_time(report: &Report, y: &Axis, lines: &[Line], summary: &str) -> Markup {
    chart::lines(&seconds(report), y, lines, summary)
}

fn throughput(report: &Report) -> Markup {
    let lines: Vec<_> = report
        .operations
        .iter()
        .map(|row| Line {
            name: row.operation.name(),
            colour: colour(row.operation),
            points: report
                .course
                .iter()
                .map(|part| {
                    (
                        part.at_s,
                        part.rates.get(row.operation.name()).copied().unwrap_or_default(),
                    )
                })
                .collect(),
            filled: false,
        })
        .collect();
    let most = lines
        .iter()
        .flat_map(|line| &line.points)
        .map(|(_, rate)| *rate)
        .fold(1.0, f64::max);
    let y = Axis::linear("requests a second", most, |value| format!("{value}"));
    over_time(report, &y, &lines, "requests that succeeded, a second, over time")
}

fn slowest(report: &Report) -> Markup {
    let points: Vec<_> = report
        .course
        .iter()
        .map(|part| (part.at_s, part.p99_ms))
        .collect();
    let most = points.iter().map(|(_, ms)| *ms).fold(0.1, f64::max);
    let y = Axis::linear("ms", most, |value| format!("{}", (value * 1e3).round() / 1e3));
    let line = Line {
        name: "99th percentile",
        colour: 3,
        points,
        filled: true,
    };
    over_time(report, &y, &[line], "the highest 99th percentile over time")
}

fn failures(report: &Report) -> Markup {
    let points: Vec<_> = report
        .course
        .iter()
        .map(|part| (part.at_s, part.failed))
        .collect();
    let most = points.iter().map(|(_, failed)| *failed).fold(1.0, f64::max);
    let y = Axis::linear("a second", most, |value| format!("{value}"));
    let line = Line {
        name: "did not succeed",
        colour: 8,
        points,
        filled: true,
    };
    over_time(
        report,
        &y,
        &[line],
        "requests that did not succeed, a second, over time",
    )
}

fn ledger(report: &Report) -> Markup {
    let named: &[String] = match &report.books {
        Verdict::Wrong(findings) => &findings.named,
        _ => &[],
    };
    html! {
        section {
            h2 { "Books" }
            p { (capital(&books(&report.books))) "." }
            @if !named.is_empty() { ul { @for line in named { li { (line) } } } }
            p.small {
                "After the run, every launch, dataset and report that was acknowledged is looked up in what the service has \
                 stored, by name, id and uuid."
            }
        }
    }
}

fn about(report: &Report) -> Markup {
    html! {
        section.about {
            h2 { "How it was measured" }
            dl {
                @for (name, value) in &report.about.options { div { dt { (name) } dd { (value) } } }
                div { dt { "load generator" } dd { "beamlive " (report.about.version) } }
                div { dt { "its machine" } dd { (report.about.machine) } }
                div { dt { "its own lateness" } dd { (millis(report.generator_late_ms)) " ms, 99th percentile" } }
            }
            @for note in &report.notes { p.small { (capital(note)) } }
        }
    }
}
