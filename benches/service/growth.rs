//! Whether uploads slow down as datasets pile up: services with stores of different sizes, measured
//! in turn.

use super::cases;
use super::load::{self, Round};
use super::site::Site;
use super::table;
use std::path::Path;
use std::time::{Duration, Instant};

/// Connections that upload while measuring, and while filling.
const CONNECTIONS: usize = 32;
const FILLING: usize = 128;

/// Fills stores to these sizes below `directory`, and measures them in turn.
pub(crate) async fn run(directory: &Path, sizes: &[u64], rounds: usize, window: Duration) {
    let mut sites = Vec::new();
    for size in sizes {
        let site = Site::start(&directory.join(format!("growth-{size}"))).await;
        fill(&site, *size).await;
        sites.push((site, Vec::<Round>::new()));
    }
    let starts: Vec<_> = sites.iter().map(|(site, _)| site.stored()).collect();
    let case = cases::find("upload", CONNECTIONS);
    for _ in 0..rounds {
        for (site, rounds) in &mut sites {
            rounds.push(load::measure(site, &case, window).await);
        }
    }
    let rows: Vec<_> = sites
        .iter()
        .zip(starts)
        .map(|((site, rounds), start)| (format!("{start} to {}", site.stored()), rounds.as_slice()))
        .collect();
    table::print(&format!("uploads, {CONNECTIONS} conns; stored"), &rows);
    for (site, _) in sites {
        site.stop();
    }
}

/// Uploads until at least `size` datasets are stored.
async fn fill(site: &Site, size: u64) {
    let began = Instant::now();
    let case = cases::find("upload", FILLING);
    while site.stored() < size {
        load::measure(site, &case, Duration::from_millis(250)).await;
    }
    if size > 0 {
        println!(
            "{} datasets uploaded in {:.0} s",
            site.stored(),
            began.elapsed().as_secs_f64()
        );
    }
}
