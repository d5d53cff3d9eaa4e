//! The report as one page: without network access or scripts, light and dark, printable.

use super::report::{Latency, Report, Row};
use super::text::{millis, remarks, sample};
use beamlive_load::PAGE_STYLE;
use maud::{html, Markup, PreEscaped, DOCTYPE};

/// The page.
pub(super) fn page(report: &Report) -> String {
    let remarks = remarks(report);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Rehearsal of " (report.service) }
                style { (PreEscaped(PAGE_STYLE)) }
            }
            body {
                (head(report))
                section.tiles {
                    (tile(report.requests, "requests"))
                    (tile(report.copied, "copied"))
                    (tile(report.same, "same"))
                    (tile(report.explained, "explained"))
                    (tile(report.different, "different"))
                    (tile(report.dropped, "dropped"))
                }
                @if !remarks.is_empty() {
                    section.warnings {
                        h2 { "Notes" }
                        ul { @for remark in &remarks { li { (remark) } } }
                    }
                }
                section {
                    h2 { "Routes" }
                    (table(report))
                    p.small {
                        (report.not_copied) " requests of other routes were passed on and not copied. Latencies in \
                         milliseconds, from the end of a request to the end of its answer: of the real server, then \
                         of beamlive."
                    }
                }
                @for row in &report.routes { (details(row)) }
            }
        }
    }
    .into_string()
}

fn head(report: &Report) -> Markup {
    let (class, words) = match report.different {
        0 if report.copied == 0 => ("open", "Nothing compared"),
        0 => ("good", "Nothing to look at"),
        _ => ("bad", "Differences to look at"),
    };
    html! {
        header {
            div {
                p.kicker { "beamlive shadow " (report.version) " · " (report.began) " to " (report.until) }
                h1 { "Rehearsal of " (report.service) }
                p.sub { "before " (report.upstream) }
            }
            p class=(format!("badge {class}")) { (words) }
        }
    }
}

fn tile(value: u64, name: &str) -> Markup {
    html! { div.tile { p.value { (value) } p.name { (name) } } }
}

fn table(report: &Report) -> Markup {
    let time = |latency: Option<Latency>, of: fn(Latency) -> f64| {
        latency.map_or_else(String::new, |latency| millis(of(latency)))
    };
    html! {
        div.wide { table {
            thead { tr {
                th { "route" } th.n { "requests" } th.n { "same" } th.n { "explained" } th.n { "different" }
                th.n { "dropped" } th.n { "p50" } th.n { "p99" } th.n { "p50" } th.n { "p99" }
            } }
            tbody { @for row in &report.routes { tr {
                th scope="row" { (row.method) " " (row.route) }
                td.n { (row.requests) } td.n { (row.same) }
                td.n { (row.explained.iter().map(|counted| counted.count).sum::<u64>()) }
                td.n { (row.different) }
                td.n { (row.dropped.iter().map(|counted| counted.count).sum::<u64>()) }
                @for latency in [row.theirs, row.ours] {
                    td.n { (time(latency, |latency| latency.p50_ms)) }
                    td.n { (time(latency, |latency| latency.p99_ms)) }
                }
            } } }
        } }
    }
}

fn details(row: &Row) -> Markup {
    if row.samples.is_empty() && row.explained.is_empty() && row.dropped.is_empty() {
        return html! {};
    }
    html! {
        section {
            h2 { (row.method) " " (row.route) }
            ul {
                @for shown in &row.samples {
                    li {
                        strong.bad { "different" } " " (sample(shown))
                        @if let Some(hint) = shown.difference.hint { p.small { (hint) } }
                    }
                }
                @for counted in &row.explained { li { "explained " (counted.count) " ×: " (counted.why) } }
                @for counted in &row.dropped { li { "dropped " (counted.count) " ×: " (counted.why) } }
            }
        }
    }
}
