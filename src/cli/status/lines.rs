//! What is going on, as lines for people. Pure.

use super::picture::{Beamline, Picture};
use crate::tls::day;
use std::time::Duration;

/// Most free beamlines that are named.
const FREE: usize = 40;

/// The lines.
pub(super) fn of(picture: &Picture, url: &str) -> Vec<String> {
    let Picture {
        status,
        version,
        requests,
        outbox,
        store,
        ..
    } = picture;
    let mut lines = vec![format!("{url}: {status}, beamlive {version}")];
    for trouble in &picture.trouble {
        lines.push(format!("  ! {trouble}"));
    }
    lines.push(String::new());
    lines.extend(beamlines(&picture.beamlines));
    lines.push(String::new());
    let time = |time: Option<f64>| match time {
        Some(time) if time.is_finite() => format!("{time} ms"),
        Some(_) => "longer than 16 s".to_owned(),
        None => "-".to_owned(),
    };
    lines.push(format!(
        "requests  {:.1}/s, {:.1}/s failed, {} in progress; half within {}, 99 % within {}",
        requests.per_second,
        requests.failed_per_second,
        requests.in_flight,
        time(requests.p50_ms),
        time(requests.p99_ms)
    ));
    lines.push(format!(
        "store     {}, {:.1} batches/s, {} waiting{}",
        if store.writes_off {
            "WRITES ARE OFF"
        } else {
            "writing"
        },
        store.batches_per_second,
        store.queued,
        size(", ", store.bytes)
    ));
    if let (Some(free), Some(all)) = (store.free_bytes, store.filesystem_bytes) {
        let percent = if all > 0.0 { 100.0 * free / all } else { 0.0 };
        lines.push(format!(
            "disk     {} free of{} ({percent:.0} %)",
            size(" ", Some(free)),
            size(" ", Some(all))
        ));
    }
    lines.push(format!(
        "outbox    {} directories wait{}{}",
        outbox.waiting,
        match outbox.waiting > 0.0 {
            true => format!(", the oldest for {}", span(outbox.oldest_seconds)),
            false => String::new(),
        },
        if outbox.up {
            ""
        } else {
            "; THE DATA PROXY DOES NOT ANSWER"
        }
    ));
    for root in &picture.roots_down {
        lines.push(format!("files     THE USERS' ROOT {root} DOES NOT ANSWER"));
    }
    if let Some(end) = picture.certificate_end {
        lines.push(format!("TLS       the certificate ends on {}", day(end)));
    }
    lines
}

fn beamlines(all: &[Beamline]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut free = Vec::new();
    for beamline in all {
        match &beamline.session {
            Some(session) => lines.push(format!(
                "{:<12} {:<20} {:<24} {:>10}  {} datasets, {} reports",
                beamline.acronym,
                session.project,
                session.name,
                span(session.seconds.max(0).unsigned_abs().min(u64::from(u32::MAX)) as f64),
                session.datasets,
                session.reports
            )),
            None => free.push(beamline.acronym.as_str()),
        }
    }
    if !free.is_empty() {
        let named: Vec<_> = free.iter().take(FREE).copied().collect();
        let more = match free.len().saturating_sub(FREE) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        lines.push(format!("free: {}{more}", named.join(", ")));
    }
    if lines.is_empty() {
        lines.push("no beamline is declared".to_owned());
    }
    lines
}

/// A time in two units, such as 2h 5m.
fn span(seconds: f64) -> String {
    let whole = Duration::try_from_secs_f64(seconds).unwrap_or_default().as_secs();
    let text = humantime::format_duration(Duration::from_secs(whole)).to_string();
    text.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

/// Bytes in the unit that fits, after `before`; nothing if unknown.
fn size(before: &str, bytes: Option<f64>) -> String {
    let Some(mut amount) = bytes else {
        return String::new();
    };
    let mut units = ["B", "KiB", "MiB", "GiB", "TiB"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    for next in units {
        if amount < 1024.0 {
            break;
        }
        amount /= 1024.0;
        unit = next;
    }
    format!("{before}{amount:.1} {unit}")
}
