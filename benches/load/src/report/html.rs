//! The results as one page: without network access or scripts, light and dark, printable.

use super::text::{per_second, statuses, verdict_text};
use crate::about::About;
use crate::program::Operation;
use crate::results::{float, Part, Results, Row, Verdict};
use beamlive_page::figure::{Axis, Colour, Curve, Figure, Line, Mark, Scale, Series, Tick};
use beamlive_page::{document, facts, grouped, millis, tile};
use maud::{html, Markup};

/// The page.
pub(crate) fn page(results: &Results) -> String {
    let body = html! {
        (head(results))
        (tiles(results))
        @let warnings = results.warnings();
        @if !warnings.is_empty() {
            section.notice.warn {
                h2 { "Warnings" }
                ul { @for warning in &warnings { li { (warning) } } }
            }
        }
        section {
            h2 { "Operations" }
            (table(results))
            p.small {
                "Latencies in milliseconds, of requests that succeeded, counted from when a request was due: \
                 the time it waited for earlier answers is part of it."
            }
        }
        section {
            h2 { "Latency by percentile" }
            p.small {
                "How long the fastest 50, 90, 99, 99.9 of a hundred requests took at most. Low and flat is good."
            }
            (percentiles(results))
        }
        section {
            h2 { "Throughput over time" }
            (throughput(results))
        }
        section {
            h2 { "Slowest percent over time" }
            p.small { "The 99th percentile of the slowest operation, second by second." }
            (slowest(results))
        }
        @if results.series.iter().any(|part| part.failed > 0.0) {
            section {
                h2 { "Requests that did not succeed" }
                (failures(results))
            }
        }
        (audit(results))
        (about(results))
    };
    document(&format!("Load on {}", results.about.url), body).into_string()
}

fn head(results: &Results) -> Markup {
    let (class, word) = match &results.audit {
        Verdict::Right(_) => ("good", "Records right"),
        Verdict::Wrong(_) => ("bad", "Records wrong"),
        Verdict::Unchecked { .. } => ("quiet", "Records not checked"),
    };
    html! {
        header.head {
            div {
                p.kicker { "beamlive load · " (results.about.began.replace('T', " ").replace('Z', " UTC")) }
                h1 { "Load on " (results.about.url) }
                p.sub { (capital(&results.about.arrivals)) " · " (format!("{:.0} s", results.seconds)) }
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

fn tiles(results: &Results) -> Markup {
    let made: u64 = results.operations.iter().map(|row| row.count).sum();
    let failed = results.failed();
    let rate: f64 = results.operations.iter().map(|row| row.rate).sum();
    let busiest = results.operations.iter().max_by_key(|row| row.count);
    let share = 100.0 * float(made - failed) / float(made.max(1));
    html! {
        section.tiles {
            (tile(&grouped(made), "", "requests"))
            (tile(&per_second(rate), "/s", "answered, on average"))
            @if failed == 0 {
                (tile("100", "%", "succeeded"))
            } @else {
                // Never rounded up to all of them.
                (tile(&format!("{:.2}", share.min(99.99)), "%", "succeeded"))
            }
            @if let Some(row) = busiest {
                (tile(&millis(row.p50_ms), "ms", &format!("{}: half took at most", row.operation.name())))
                (tile(&millis(row.p99_ms), "ms", &format!("{}: 99 of 100 at most", row.operation.name())))
            }
        }
    }
}

fn colour(operation: Operation) -> usize {
    operation as usize
}

fn table(results: &Results) -> Markup {
    html! {
        div.table tabindex="0" { table {
            thead { tr {
                th { "operation" } th.n { "count" } th.n { "per second" } th.n { "p50" } th.n { "p90" } th.n { "p99" }
                th.n { "p99.9" } th.n { "max" } th { "answers" }
            } }
            tbody { @for row in &results.operations {
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

/// The place of a percentile on its axis, which gives each nine the same width.
fn nines(percentile: f64) -> f64 {
    -(1.0 - percentile / 100.0).max(1e-7).log10()
}

fn percentiles(results: &Results) -> Markup {
    // The last point of a curve is at 100, which has no place on the axis.
    let curve = |points: &[(f64, f64)]| -> Vec<(f64, f64)> {
        let shown = points.iter().filter(|(percentile, _)| *percentile < 100.0);
        shown
            .map(|(percentile, ms)| (nines(*percentile), ms.max(1e-3)))
            .collect()
    };
    let lines: Vec<_> = by_operation(results, |row| curve(&row.percentiles))
        .filter(|line| !line.points.is_empty())
        .collect();
    let points = || lines.iter().flat_map(|line| &line.points);
    let y = Axis::rounded("ms", Scale::Log, points().map(|(_, ms)| *ms), None, 6);
    let last = points().map(|(at, _)| *at).fold(2.0, f64::max);
    let ticks = ["0", "50", "90", "99", "99.9", "99.99", "99.999"];
    let x = Axis {
        title: "percentile".to_owned(),
        span: (0.0, last),
        ticks: ticks
            .into_iter()
            .map(|label| Tick {
                value: nines(label.parse().unwrap_or_default()),
                label: label.to_owned(),
            })
            .filter(|tick| tick.value <= last)
            .collect(),
        ..Axis::default()
    };
    figure(
        "Latency by percentile",
        "One line for each operation.",
        x,
        y,
        lines,
    )
}

fn figure(title: &str, summary: &str, x: Axis, y: Axis, lines: Vec<Line>) -> Markup {
    Figure {
        title: title.to_owned(),
        summary: summary.to_owned(),
        width: 1040.0,
        aspect: 3.25,
        x,
        y,
        y2: None,
        marks: lines.into_iter().map(Mark::Line).collect(),
        annotations: Vec::new(),
        legend: true,
    }
    .render()
}

/// A line for each operation.
fn by_operation<'a>(
    results: &'a Results,
    points: impl Fn(&Row) -> Vec<(f64, f64)> + 'a,
) -> impl Iterator<Item = Line> + 'a {
    results.operations.iter().map(move |row| {
        let name = row.operation.name();
        line(name, colour(row.operation), points(row), false)
    })
}

fn line(name: &str, colour: usize, points: Vec<(f64, f64)>, filled: bool) -> Line {
    Line {
        series: Series {
            name: name.to_owned(),
            colour: Colour::Series(colour),
        },
        points,
        curve: Curve::Linear,
        right: false,
        filled,
        dotted: false,
    }
}

/// A value of each part of the run.
fn points(results: &Results, value: impl Fn(&Part) -> f64) -> Vec<(f64, f64)> {
    let parts = results.series.iter();
    parts.map(|part| (part.at_s, value(part))).collect()
}

/// A chart over the time of the run. Its axis spans at least `least`.
fn over_time(results: &Results, title: &str, unit: &str, least: f64, lines: Vec<Line>) -> Markup {
    let values = lines
        .iter()
        .flat_map(|line| &line.points)
        .map(|(_, value)| *value);
    let most = values.fold(least, f64::max);
    let y = Axis::rounded(unit, Scale::Linear, [0.0, most], None, 5);
    let last = results.series.last().map_or(1.0, |part| part.at_s).max(1.0);
    let x = Axis::over("seconds", Scale::Linear, [0.0, last], None, 10);
    figure(title, "Over the time of the run.", x, y, lines)
}

fn throughput(results: &Results) -> Markup {
    let rates = |row: &Row| {
        let name = row.operation.name();
        points(results, |part| part.rates.get(name).copied().unwrap_or_default())
    };
    let lines = by_operation(results, rates).collect();
    over_time(
        results,
        "Requests that succeeded, a second",
        "requests a second",
        1.0,
        lines,
    )
}

fn slowest(results: &Results) -> Markup {
    let points = points(results, |part| part.p99_ms);
    let line = line("99th percentile", 1, points, true);
    over_time(results, "The highest 99th percentile", "ms", 0.1, vec![line])
}

fn failures(results: &Results) -> Markup {
    let points = points(results, |part| part.failed);
    let line = line("did not succeed", 8, points, true);
    let title = "Requests that did not succeed, a second";
    over_time(results, title, "a second", 1.0, vec![line])
}

fn audit(results: &Results) -> Markup {
    let named: &[String] = match &results.audit {
        Verdict::Wrong(findings) => &findings.named,
        _ => &[],
    };
    html! {
        section {
            h2 { "Audit" }
            p { (capital(&verdict_text(&results.audit))) "." }
            @if !named.is_empty() { ul { @for line in named { li { (line) } } } }
            p.small {
                "After the run, every launch, dataset and report that was acknowledged is looked up in what \
                 the service has stored, by name, id and uuid."
            }
        }
    }
}

fn about(results: &Results) -> Markup {
    let About {
        options,
        version,
        machine,
        ..
    } = &results.about;
    let mut all: Vec<(&str, String)> = options
        .iter()
        .map(|(name, value)| (*name, value.clone()))
        .collect();
    all.push(("load generator", format!("beamlive {version}")));
    all.push(("its machine", machine.clone()));
    let late = millis(results.generator_late_ms);
    all.push(("its own lateness", format!("{late} ms, 99th percentile")));
    html! {
        section {
            h2 { "How it was measured" }
            (facts(&all))
            @for note in &results.notes { p.small { (capital(note)) } }
        }
    }
}
