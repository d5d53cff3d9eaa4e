//! Whether a full store is slower than an empty one: two services in their own processes, measured
//! in turn.

use super::super::cases::{find, DATA};
use super::super::figures::{percentile, Spread};
use super::super::load;
use super::super::site::{facility, settings, Site};
use super::{of_engine, Line, Target};
use beamlive::server::{Parts, Running};
use beamlive::wire::dataset;
use beamlive_actors::activity::Origin;
use beamlive_actors::session::commands::RecordUpload;
use beamlive_actors::session::dataset::DatasetUpload;
use beamlive_actors::session::upload::CommonFields;
use beamlive_load::http::Connection;
use beamlive_load::names::uuid;
use fastrand::Rng;
use futures_util::future::join_all;
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Connections that upload and launch.
const CONNECTIONS: usize = 32;
/// Uploads at once while a store is filled: as many as the writer takes into one group.
const FILLING: usize = 512;

/// How often each page of the admin API is read.
const PAGES: usize = 15;

/// Compares a store of `stored` datasets with an empty one.
pub(crate) async fn run(
    directory: &Path,
    stored: u64,
    settle: f64,
    rounds: usize,
    window: Duration,
) -> Vec<Line> {
    let (empty, full) = (directory.join("empty"), directory.join("full"));
    fill_apart(&empty, 0);
    fill_apart(&full, stored);
    let sites = [Site::apart(&empty).await, Site::apart(&full).await];
    let after_kill = sites[1].process().unwrap().start_up.as_secs_f64();
    actix_web::rt::time::sleep(Duration::from_secs_f64(settle)).await;
    let pages = pages(&full, &sites[1]).await;
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
    let again = Site::apart(&full).await;
    let start_up = again.process().unwrap().start_up.as_secs_f64();
    again.stop();
    let disk = gib_below(&full.join("data/store"));
    let line = |against, bound, values| Line {
        operation: format!("growth: {stored} datasets"),
        against,
        target: Target::AtMost(bound),
        values,
    };
    vec![
        line("upload, p50 / empty store's", 1.3, uploads),
        line("launch, p50 / empty store's", 1.3, launches),
        line("start-up after a kill, s", of_engine(15.0, 3.0), vec![after_kill]),
        line(
            "start-up after another kill, s",
            of_engine(15.0, 3.0),
            vec![start_up],
        ),
        line("resident, MiB", of_engine(1024.0, 400.0), resident),
        line("disk, GiB", of_engine(11.0, 4.0), vec![disk]),
        line("a page of the admin API, ms", 50.0, pages),
    ]
}

/// Fills a store in another process, which ends without closing it.
fn fill_apart(directory: &Path, count: u64) {
    let filled = Command::new(std::env::current_exe().unwrap())
        .arg("--fill")
        .arg(directory)
        .args(["--stored", &count.to_string()])
        .status()
        .unwrap();
    assert!(filled.success());
}

/// Makes a store with `count` datasets through the service's actors, without HTTP and signatures.
/// Its rows are those of uploads. Ends the process without closing the store.
pub(crate) fn fill(directory: &Path, count: u64) -> ! {
    let began = Instant::now();
    let settings = settings(directory, &facility());
    actix_web::rt::System::new().block_on(async move {
        let running = Running::start(settings, Parts::default()).await.unwrap();
        let first = example(&running);
        let writers = u64::try_from(FILLING).unwrap();
        join_all((0..writers).map(|writer| {
            let share = count / writers + u64::from(writer < count % writers);
            upload(&running, &first, writer, share)
        }))
        .await;
        if count > 0 {
            println!(
                "{count} datasets stored in {:.0} s",
                began.elapsed().as_secs_f64()
            );
        }
        std::process::exit(0)
    })
}

/// The median milliseconds of the first page of a list, for the slowest filter.
async fn pages(directory: &Path, site: &Site) -> Vec<f64> {
    let token = std::fs::read_to_string(directory.join("data/admin.token")).unwrap();
    let mut connection = Connection::open(site.address()).await.unwrap();
    let mut medians = Vec::new();
    for filter in [
        "data?limit=100",
        "data?limit=100&project=bench-p000",
        "data?limit=100&beamline=bench-b031",
        "data?limit=100&project=bench-p000&beamline=bench-b000",
        // A project that never measured there.
        "data?limit=100&project=bench-p000&beamline=bench-b005",
        "data?limit=100&session=1",
        "data?limit=100&project=bench-p000&before=1000",
        "reports?limit=100&project=bench-p000",
        "sessions?limit=100&project=bench-p000",
        "activity?limit=100&project=bench-p000",
    ] {
        let request = format!(
            "GET /api/admin/{filter} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {}\r\n\r\n",
            token.trim()
        );
        let mut millis = Vec::new();
        for _ in 0..PAGES {
            let began = Instant::now();
            let response = connection.exchange(request.as_bytes()).await.unwrap();
            assert_eq!(response.status, 200, "{filter}");
            millis.push(began.elapsed().as_secs_f64() * 1e3);
        }
        let spread = Spread::of(&millis);
        println!(
            "{filter:<44} {:>8.1} ms, {:.1} at most",
            spread.median, spread.max
        );
        medians.push(spread.median);
    }
    let slowest = medians.iter().copied().fold(0.0, f64::max);
    vec![slowest]
}

/// GiB that a directory takes on the disk.
fn gib_below(directory: &Path) -> f64 {
    let du = Command::new("du")
        .args(["--summarize", "--block-size=1"])
        .arg(directory)
        .output()
        .unwrap();
    let bytes = String::from_utf8(du.stdout).unwrap();
    let bytes: f64 = bytes.split_whitespace().next().unwrap().parse().unwrap();
    bytes / f64::from(1 << 30)
}

/// The DATA payload of the tests, as the service reads it.
fn example(running: &Running) -> DatasetUpload {
    let example = serde_json::from_str::<Value>(DATA).unwrap()["example"].take();
    let catalog = running.app().directory.services().catalog.last_known();
    let bytes = rmp_serde::to_vec(&example).unwrap();
    dataset::parse(&bytes, &catalog, chrono_tz::UTC).unwrap()
}

async fn upload(running: &Running, first: &DatasetUpload, writer: u64, count: u64) {
    let place = usize::try_from(writer).unwrap();
    let directory = &running.app().directory;
    let catalog = directory.services().catalog.last_known();
    let (project, _) = catalog.project(&Site::username(place)).unwrap();
    let (beamline, _) = catalog.beamline(&Site::beamline(place)).unwrap();
    let origin = Origin {
        who: Site::username(place),
        address: None,
    };
    let mut random = Rng::with_seed(writer + 1);
    for _ in 0..count {
        let upload = DatasetUpload {
            uuid: Some(uuid(&mut random)),
            common: CommonFields {
                directory: format!("/users/alpha/CMCF-20261123/native/{:016x}", random.u64(..)),
                ..first.common.clone()
            },
            ..first.clone()
        };
        let stored = directory.upload(
            beamline,
            RecordUpload::new(project, Arc::new(upload), None, origin.clone()),
        );
        stored.await.unwrap();
    }
}
