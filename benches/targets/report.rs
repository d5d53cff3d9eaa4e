//! A report with a megabyte of details: its latency, and whether memory stays flat.

use super::super::cases;
use super::super::figures::percentile;
use super::super::load;
use super::super::site::Site;
use super::{Line, Target};
use std::path::Path;
use std::time::Duration;

/// Windows before the first that is measured.
const WARM_UP: u32 = 4;

/// Uploads reports to a service in its own process.
pub(crate) async fn run(directory: &Path, rounds: usize, window: Duration) -> Vec<Line> {
    let site = Site::apart(&directory.join("report")).await;
    let case = cases::find("report of 1 MB", 1);
    // Fills the caches, and the memory of the journal.
    load::measure(&site, &case, WARM_UP * window).await;
    let resident = || site.process().unwrap().resident_kib();
    let before = resident();
    let (mut p50, mut growth) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let mut round = load::measure(&site, &case, window).await;
        round.micros.sort_unstable();
        p50.push(percentile(&round.micros, 0.5) / 1e3);
        growth.push(resident() / before);
    }
    site.stop();
    let line = |against, bound, values| Line {
        operation: "report of 1 MB, 1 conn".to_owned(),
        against,
        target: Target::AtMost(bound),
        values,
    };
    vec![
        line("p50 ms until durable", 25.0, p50),
        line("resident / after the warm-up", 1.1, growth),
    ]
}
