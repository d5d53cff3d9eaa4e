//! Whether a full store is slower than an empty one: two services of their own, measured in turn.

use super::super::cases::{find, DATA};
use super::super::facility;
use super::super::figures::percentile;
use super::super::load;
use super::super::site::{settings, Site, BEAMLINES};
use super::{Line, Target};
use beamlive::load::random::Random;
use beamlive::server::{Parts, Running};
use beamlive::wire::dataset;
use beamlive_actors::activity::Origin;
use beamlive_actors::session::dataset::DatasetUpload;
use futures_util::future::join_all;
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Connections that upload and launch.
const CONNECTIONS: usize = 32;
/// Uploads at once while a store is filled: as many as the writer takes into one group.
const FILLING: usize = 512;

/// Compares a store of `stored` datasets with an empty one.
pub(crate) async fn run(directory: &Path, stored: u64, rounds: usize, window: Duration) -> Vec<Line> {
    let (empty, full) = (directory.join("empty"), directory.join("full"));
    fill(&empty, 0);
    fill(&full, stored);
    let sites = [Site::apart(&empty).await, Site::apart(&full).await];
    let start_up = sites[1].process().unwrap().start_up.as_secs_f64();
    let (mut uploads, mut launches, mut resident) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        for (operation, values) in [("upload", &mut uploads), ("launch, close", &mut launches)] {
            let mut p50 = Vec::new();
            for site in &sites {
                site.open_sessions().await;
                let mut round = load::measure(site, &find(operation, CONNECTIONS), window).await;
                round.micros.sort_unstable();
                p50.push(percentile(&round.micros, 0.5));
            }
            values.push(p50[1] / p50[0]);
        }
        resident.push(sites[1].process().unwrap().resident_kib() / 1024.0);
    }
    for site in sites {
        site.stop();
    }
    let line = |against, bound, values| Line {
        operation: format!("growth: {stored} datasets"),
        against,
        target: Target::AtMost(bound),
        values,
    };
    vec![
        line("upload, p50 / empty store's", 1.3, uploads),
        line("launch, p50 / empty store's", 1.3, launches),
        line("start-up, s", 3.0, vec![start_up]),
        line("resident, MiB", 400.0, resident),
    ]
}

/// Makes a store with `count` datasets, through the service's own actors: without HTTP and signatures, but row by row
/// what uploads write.
fn fill(directory: &Path, count: u64) {
    let began = Instant::now();
    let settings = settings(directory, &facility::toml());
    let thread = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let running = Running::start(settings, Parts::default()).await.unwrap();
            let first = example(&running);
            let writers = u64::try_from(FILLING).unwrap();
            join_all((0..writers).map(|writer| {
                let share = count / writers + u64::from(writer < count % writers);
                upload(&running, &first, writer, share)
            }))
            .await;
            running.stop().await.unwrap();
        });
    });
    thread.join().unwrap();
    if count > 0 {
        println!(
            "{count} datasets stored in {:.0} s",
            began.elapsed().as_secs_f64()
        );
    }
}

/// The DATA payload of the tests, as the service reads it.
fn example(running: &Running) -> DatasetUpload {
    let example = serde_json::from_str::<Value>(DATA).unwrap()["example"].take();
    let catalog = running.app().directory.services().catalog.load_full();
    let bytes = rmp_serde::to_vec(&example).unwrap();
    dataset::parse(&bytes, &catalog, chrono_tz::UTC).unwrap()
}

async fn upload(running: &Running, first: &DatasetUpload, writer: u64, count: u64) {
    let place = usize::try_from(writer).unwrap() % BEAMLINES;
    let directory = &running.app().directory;
    let catalog = directory.services().catalog.load_full();
    let (project, _) = catalog.project(&Site::username(place)).unwrap();
    let (beamline, _) = catalog.beamline(&format!("B{place:02}")).unwrap();
    let origin = Origin {
        who: Site::username(place),
        address: None,
    };
    let mut random = Random::new(writer + 1);
    for _ in 0..count {
        let upload = DatasetUpload {
            uuid: Some(random.uuid()),
            directory: format!("/users/alpha/CMCF-20261123/native/{:016x}", random.draw()),
            ..first.clone()
        };
        let stored = directory.add_dataset(beamline, project, Arc::new(upload), origin.clone());
        stored.await.unwrap();
    }
}
