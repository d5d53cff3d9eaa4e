//! The report as one page: without network access or scripts, light and dark, printable.

use super::report::{Latency, Report, Row};
use super::text::{remarks, sample};
use beamlive_page::{document, grouped, millis, tile};
use maud::{html, Markup};

/// The page.
pub(super) fn page(report: &Report) -> String {
    let remarks = remarks(report);
    let body = html! {
        (head(report))
        section.tiles {
            (tile(&grouped(report.requests), "", "requests"))
            (tile(&grouped(report.copied), "", "copied"))
            (tile(&grouped(report.same), "", "same"))
            (tile(&grouped(report.explained), "", "explained"))
            (tile(&grouped(report.different), "", "different"))
            (tile(&grouped(report.dropped), "", "dropped"))
        }
        @if !remarks.is_empty() {
            section.notice {
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
    };
    document(&format!("Rehearsal of {}", report.service), body).into_string()
}

fn head(report: &Report) -> Markup {
    let (class, words) = match report.different {
        0 if report.copied == 0 => ("quiet", "Nothing compared"),
        0 => ("good", "Nothing to look at"),
        _ => ("bad", "Differences to look at"),
    };
    html! {
        header.head {
            div {
                p.kicker { "beamlive shadow " (report.version) " · " (report.began) " to " (report.until) }
                h1 { "Rehearsal of " (report.service) }
                p.sub { "before " (report.upstream) }
            }
            p class=(format!("badge {class}")) { (words) }
        }
    }
}

fn table(report: &Report) -> Markup {
    let time = |latency: Option<Latency>, of: fn(Latency) -> f64| {
        latency.map_or_else(String::new, |latency| millis(of(latency)))
    };
    html! {
        div.table tabindex="0" { table {
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
