//! The state of the service: the store, the Data Proxy, the files and the requests.

use super::page::Page as Shown;
use super::refusal::PageError;
use super::show;
use super::visitor::Staff;
use crate::app::AppData;
use crate::blocking;
use actix_web::HttpResponse;
use beamlive_page::{facts, grouped, millis, tile};
use beamlive_storage::{StoreStatus, WriterMetrics};
use maud::{html, Markup};

const PATH: &str = "/state";

/// `GET /state`
///
/// # Errors
/// 503 when the store's disk does not answer.
pub async fn get(app: AppData, Staff(visitor): Staff) -> Result<HttpResponse, PageError> {
    let store = app.directory.services().store.clone();
    let reader = store.clone();
    let metrics = blocking::run("store", move || reader.metrics()).await?;
    let body = html! {
        h1 { "State" }
        div #now data-live=(PATH) data-pick="#now" {
            (status(&store.status(), &metrics))
            div.tiles {
                (tile(&grouped(metrics.batches), "", "changes written since the start"))
                (tile(&size(metrics.disk_bytes), "", "of the store's files"))
                @if let Some(disk) = &metrics.filesystem {
                    (tile(&size(disk.free), "", "free on its disk"))
                }
                (tile(&format!("{} of {}", metrics.queue_depth, metrics.queue_capacity), "", "changes wait"))
                (tile(&size(u64::try_from(app.bodies.used()).unwrap_or(u64::MAX)), "", "of bodies are being received"))
                (tile(&mean(&metrics), "ms", "until a change is durable, on average"))
            }
            (forwarding(&app))
            (files(&app))
            (requests(&app))
        }
    };
    let page = Shown {
        title: "State",
        part: PATH,
        above: Vec::new(),
        body,
    };
    Ok(page.answer(&visitor))
}

fn mean(metrics: &WriterMetrics) -> String {
    let latency = &metrics.commit_seconds;
    #[allow(clippy::cast_precision_loss)] // Counts are far below 2^52.
    let mean = latency.sum * 1000.0 / latency.count.max(1) as f64;
    show::number(mean, 2)
}

/// Bytes as people read them.
fn size(bytes: u64) -> String {
    #[allow(clippy::cast_precision_loss)] // Rounded for people.
    let mut value = bytes as f64;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if value < 1024.0 {
            return format!("{} {unit}", show::number(value, 1));
        }
        value /= 1024.0;
    }
    format!("{} TiB", show::number(value, 1))
}

fn status(status: &StoreStatus, metrics: &WriterMetrics) -> Markup {
    html! {
        @match status {
            StoreStatus::Writing => p.notice.good { "The store writes. This is version " (env!("CARGO_PKG_VERSION")) "." },
            StoreStatus::Away { reason, elapsed } => p.notice.warn role="alert" {
                "The database is away for " (elapsed.as_secs()) " s: " (reason) ". Requests wait for it: bring it back."
            },
            StoreStatus::WritesOff { reason } => p.notice.bad role="alert" {
                "Nothing is written: " (reason) ". Fix the cause, then restart beamlive."
            },
        }
        @if let Some(trouble) = &metrics.trouble { p.notice.warn role="alert" { (trouble) } }
    }
}

fn forwarding(app: &AppData) -> Markup {
    let state = app.directory.forwarder_health().status();
    let zone = app.settings.timezone;
    html! {
        h2 { "Data Proxy" }
        (facts(&[
            ("State", html! {
                @if state.up { span.badge.good { "working" } } @else { span.badge.bad { "not answering" } }
                @if let Some(since) = state.since { " since " (show::time(since, zone)) }
            }),
            ("Waiting", html! { a href="/outbox" { (grouped(state.waiting)) @if state.more { " or more" } } }),
            ("Delivered", html! { (grouped(state.delivered)) }),
            ("Failed", html! { (grouped(state.failed)) }),
            ("Sent by", html! {
                @match &state.elsewhere {
                    None => "this process",
                    Some(node) if node.is_empty() => "another process",
                    Some(node) => (node),
                }
            }),
        ]))
        @if let Some(error) = &state.last_error { p.notice.warn { (error) } }
    }
}

fn files(app: &AppData) -> Markup {
    html! {
        @if let Some(files) = &app.files {
            h2 { "Users' roots" }
            ul.plain { @for disk in files.disks() {
                @let state = disk.probe();
                li { code { (disk.path()) } " "
                    @if state.answers { span.badge.good { "answers" } } @else { span.badge.bad { "does not answer" } }
                    @if state.stuck > 0 { " " (state.stuck) " reads wait for it" } }
            } }
        }
    }
}

fn requests(app: &AppData) -> Markup {
    let routes = app.metrics.routes();
    html! {
        h2 { "Requests since the start" }
        div.table tabindex="0" role="region" aria-label="Requests" { table {
            thead { tr {
                th scope="col" { "Route" } th.number scope="col" { "Requests" } th.number scope="col" { "Refused" }
                th.number scope="col" { "Failed" } th.number scope="col" { "Median (ms)" } th.number scope="col" { "p99 (ms)" }
            } }
            tbody { @for route in routes { tr {
                td { code { (route.route) } }
                td.number { (grouped(route.requests)) }
                td.number { (grouped(route.refused)) }
                td.number { (grouped(route.failed)) }
                td.number { (millis(route.median * 1000.0)) }
                td.number { (millis(route.p99 * 1000.0)) }
            } } }
        } }
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_have_a_unit_that_fits() {
        assert_eq!(size(512), "512 B");
        assert_eq!(size(1536), "1.5 KiB");
        assert_eq!(size(5 * 1024 * 1024 * 1024 * 1024), "5 TiB");
    }
}
