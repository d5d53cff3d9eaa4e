//! `/metrics`: every metric is documented, their number is limited, and the examples in `examples/`
//! use only metrics that exist.

#[path = "metrics/examples.rs"]
mod examples;
#[path = "metrics/gate.rs"]
mod gate;

use crate::support::exposition::{families, label_names, Family};
use crate::support::{eventually, Reply, Site};
use futures_util::future::join_all;
use gate::Gate;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

const DOCUMENT: &str = include_str!("../docs/METRICS.md");
/// How many beamlines have their own series.
const LABELLED: usize = 500;

/// Families by name: their type, and the labels of their samples.
type Known = BTreeMap<String, (String, BTreeSet<String>)>;

/// The metrics of a service that has answered, refused and written something.
async fn exposed() -> Known {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    alice.launch("BM", "day").await;
    let dataset = json!({"name": "xtal", "type": "DATA", "directory": "/users/alice/a", "energy": 12.658, "exposure": 0.1});
    assert_eq!(alice.data("BM", &dataset).await.status, 200);
    site.stranger("alice").samples("BM").await;
    let text = site.get("/metrics").await.text();
    let known = |(name, (kind, samples)): (&str, Family<'_>)| {
        assert!(!samples.is_empty(), "{name} has no sample");
        let labels = samples.iter().flat_map(|(labels, _)| label_names(labels));
        let labels = labels.filter(|label| *label != "le").map(str::to_owned);
        (name.to_owned(), (kind.to_owned(), labels.collect()))
    };
    families(&text).into_iter().map(known).collect()
}

/// The rows of the document's tables.
fn documented() -> Known {
    let mut known = Known::new();
    for line in DOCUMENT.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, kind, labels, _unit, meaning] = cells[..] else {
            panic!("{line} has other columns");
        };
        assert!(!meaning.is_empty(), "{line} does not say what it means");
        let labels = labels.split(['`', ' ']).filter(|label| !label.is_empty());
        let row = (kind.to_owned(), labels.map(str::to_owned).collect());
        assert!(
            known.insert(name.trim_matches('`').to_owned(), row).is_none(),
            "{name} is documented twice"
        );
    }
    known
}

#[actix_web::test]
async fn exposed_metrics_and_documented_metrics_are_the_same() {
    let (documented, exposed) = (documented(), exposed().await);
    assert!(exposed.len() > 30, "{exposed:?}");
    for (name, metric) in &exposed {
        assert_eq!(documented.get(name), Some(metric), "{name} in docs/METRICS.md");
    }
    for name in documented.keys() {
        assert!(
            exposed.contains_key(name),
            "{name} is documented, but not exposed"
        );
    }
}

#[actix_web::test]
async fn ten_thousand_beamlines_make_few_series_with_correct_sums() {
    const BEAMLINES: usize = 10_000;
    let mut facility = "[[project]]\nusername = \"alice\"\n".to_owned();
    for number in 0..BEAMLINES {
        writeln!(facility, "[[beamline]]\nacronym = \"B{number:05}\"").unwrap();
    }
    let site = Site::with_facility(&facility, |_| {}).await;
    let alice = site.client("alice").await;
    for beamline in ["B00001", "B00499", "B00500", "B09999"] {
        assert_eq!(alice.launch(beamline, "day").await.status, 200);
    }
    let text = site.get("/metrics").await.text();
    let families = families(&text);
    let one = |name: &str| families[name].1[0].1;
    assert_eq!(
        (one("beamlive_beamlines"), one("beamlive_beamlines_in_use")),
        (10_000.0, 4.0)
    );
    let open = &families["beamlive_open_sessions"].1;
    assert_eq!(open.len(), LABELLED);
    let in_use: Vec<_> = open.iter().filter(|(_, open)| *open == 1.0).collect();
    assert_eq!(
        in_use,
        [&("beamline=\"B00001\"", 1.0), &("beamline=\"B00499\"", 1.0)]
    );
    let actors = &families["beamlive_actors"].1;
    assert!(actors.contains(&("actor=\"beamline\"", 4.0)), "{actors:?}");
    assert!(text.len() < 100_000, "{} bytes", text.len());
}

#[actix_web::test]
async fn scrapes_that_wait_for_the_store_do_not_delay_requests() {
    // More than the threads that answer requests.
    let scrapes = 4 * std::thread::available_parallelism().unwrap().get();
    let gate = Arc::new(Gate::default());
    let site = Site::on(gate.clone(), |_| {}).await;
    gate.close();
    let waiting: Vec<_> = (0..scrapes)
        .map(|_| {
            let scrape = reqwest::Client::new().get(format!("{}/metrics", site.url()));
            actix_web::rt::spawn(Reply::of(scrape))
        })
        .collect();
    eventually("all scrapes wait for the store", || async {
        (gate.waiting() == scrapes).then_some(())
    })
    .await;
    for _ in 0..scrapes {
        let live = reqwest::Client::new().get(format!("{}/health/live", site.url()));
        assert_eq!(Reply::of(live).await.status, 200);
    }
    gate.open();
    for scraped in join_all(waiting).await {
        assert_eq!(scraped.unwrap().status, 200);
    }
}
