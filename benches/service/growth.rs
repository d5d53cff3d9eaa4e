//! Whether uploads get slower as datasets pile up: services with stores of different sizes, measured in turn.

use super::cases;
use super::load::{self, Round};
use super::site::Site;
use super::table;
use super::Options;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Connections that upload while measuring, and while filling.
const CONNECTIONS: usize = 32;
const FILLING: usize = 128;

/// Fills the stores, and measures them in turn.
pub(crate) async fn run(options: &Options, directory: &TempDir) {
    let mut sizes = match options.quick {
        true => vec![0, 200],
        false => vec![0, 100_000],
    };
    if options.growth {
        sizes.push(1_000_000);
    }
    let mut sites = Vec::new();
    for size in sizes {
        let site = Site::start(&directory.path().join(format!("growth-{size}"))).await;
        fill(&site, size).await;
        sites.push((site, Vec::<Round>::new()));
    }
    let starts: Vec<_> = sites.iter().map(|(site, _)| stored(site)).collect();
    for _ in 0..options.rounds {
        for (site, rounds) in &mut sites {
            rounds.push(load::measure(site, &cases::uploads(CONNECTIONS), options.window()).await);
        }
    }
    let rows: Vec<_> = sites
        .iter()
        .zip(starts)
        .map(|((site, rounds), start)| (format!("{start} to {}", stored(site)), rounds.as_slice()))
        .collect();
    table::growth(CONNECTIONS, &rows);
    for (site, _) in sites {
        site.stop();
    }
}

/// Uploads until at least `size` datasets are stored.
async fn fill(site: &Site, size: u64) {
    let began = Instant::now();
    while stored(site) < size {
        load::measure(site, &cases::uploads(FILLING), Duration::from_millis(250)).await;
    }
    if size > 0 {
        println!(
            "{} datasets uploaded in {:.0} s",
            stored(site),
            began.elapsed().as_secs_f64()
        );
    }
}

fn stored(site: &Site) -> u64 {
    site.stored()
}
