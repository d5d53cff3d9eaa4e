//! Checks after a restart: acknowledged records are there, none is there twice, and the rules hold.

use super::ledger::{Keyed, Ledger, Upload};
use super::load::BEAMLINES;
use super::place::Place;
use crate::support::{eventually, no_stretches_overlap, Visit};
use serde_json::{json, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Checks all records and their keys. The Data Proxy must work.
pub async fn check(place: &Place, ledger: &mut Ledger) {
    check_reads(place, ledger).await;
    check_keys(place, ledger).await;
}

/// Checks the records, but not the keys of the Data Proxy.
pub async fn check_reads(place: &Place, ledger: &mut Ledger) {
    let sessions = place.all_by_id("sessions").await;
    let visits: Vec<_> = sessions.iter().map(Visit::of).collect();
    check_sessions(&visits, ledger);
    let owners = visits.iter().map(|visit| (visit.id, visit)).collect();
    let datasets = place.all_by_id("data").await;
    check_uploads(&datasets, &ledger.datasets);
    check_attribution(&datasets, &owners);
    let reports = place.all_by_id("reports").await;
    check_uploads(&reports, &ledger.reports);
    check_connections(place, ledger).await;
    check_accounts(place, ledger).await;
}

fn check_sessions(visits: &[Visit], ledger: &mut Ledger) {
    no_stretches_overlap(visits);
    let mut names = BTreeSet::new();
    for visit in visits {
        let name = (visit.beamline.clone(), visit.project.clone(), visit.name.clone());
        assert!(names.insert(name), "{visit:?} is there twice");
    }
    let lost: Vec<_> = ledger.launched.difference(&names).collect();
    assert!(lost.is_empty(), "acknowledged, and not there: {lost:?}");
    for beamline in BEAMLINES {
        let open = visits.iter().filter(|visit| {
            visit.beamline == beamline && visit.stretches.iter().any(|(_, end)| end.is_none())
        });
        let open: Vec<_> = open
            .map(|visit| (visit.project.clone(), visit.name.clone()))
            .collect();
        assert!(open.len() <= 1, "{beamline}: {open:?}");
        let holder = open.into_iter().next();
        if let Some(possible) = ledger.holders.get_mut(beamline) {
            assert!(
                possible.contains(&holder),
                "{beamline}: {holder:?} is none of {possible:?}"
            );
            *possible = [holder].into();
        }
    }
}

fn check_uploads(rows: &[Value], uploads: &[Upload]) {
    let mut by_name: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for row in rows {
        by_name
            .entry(row["name"].as_str().unwrap())
            .or_default()
            .push(row);
    }
    for upload in uploads {
        let found = by_name.remove(upload.name.as_str()).unwrap_or_default();
        assert!(found.len() <= 1, "{upload:?} is there twice: {found:#?}");
        if let Some(id) = upload.id {
            assert_eq!(found.len(), 1, "acknowledged, and not there: {upload:?}");
            assert_eq!(found[0]["id"], id);
        }
        for row in found {
            assert_eq!(row["project"], upload.user.as_str());
            assert_eq!(row["uuid"].as_str(), upload.uuid.as_deref());
        }
    }
    assert!(by_name.is_empty(), "no client uploaded {by_name:?}");
}

/// A dataset in a session is of that session's project and beamline.
fn check_attribution(datasets: &[Value], sessions: &BTreeMap<u64, &Visit>) {
    for row in datasets {
        if let Some(session) = row["session"].as_u64() {
            let visit = sessions[&session];
            assert_eq!(
                (&row["project"], &row["beamline"]),
                (&json!(visit.project), &json!(visit.beamline)),
                "{row:#}"
            );
        }
    }
}

async fn check_connections(place: &Place, ledger: &Ledger) {
    let place_of = |row: &Value| {
        let part = |name: &str| row[name].as_str().unwrap().to_owned();
        format!("{}/{}/{}", part("list"), part("project"), part("name"))
    };
    let rows = place.all("connections", place_of).await;
    let mut found = BTreeSet::new();
    for row in &rows {
        let name = row["name"].as_str().unwrap();
        assert!(ledger.connections.contains_key(name), "{row}");
        assert!(found.insert(name), "{row} is there twice");
        assert_eq!(row["history"].as_array().unwrap().len(), 1, "{row}");
    }
    for (name, acknowledged) in &ledger.connections {
        assert!(!acknowledged || found.contains(name.as_str()), "{name} is gone");
    }
}

/// Checks the accounts of the last runs. Older ones were checked after earlier restarts.
async fn check_accounts(place: &Place, ledger: &Ledger) {
    for account in ledger.accounts.iter().rev().take(40) {
        let client = place.at(&account.client);
        if account.declared {
            place.admin(&format!("projects/{}", client.user)).await;
        }
        if account.registered {
            let samples = client.samples("BM").await;
            assert_eq!(samples.status, 200, "{}: {}", client.user, samples.text());
        }
    }
}

/// Every record gets the key that the Data Proxy gave for its directory. Once a record has a key,
/// no other is requested.
async fn check_keys(place: &Place, ledger: &mut Ledger) {
    eventually("an empty outbox", || async {
        (place.admin("outbox?limit=1").await == json!([])).then_some(())
    })
    .await;
    let mut given: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (directory, key) in place.proxy.given() {
        given.entry(directory).or_default().push(key);
    }
    let mut check = |list, row: &Value, directory: &str| {
        let id = row["id"].as_u64().unwrap();
        let key = row["url"].as_str().unwrap_or_else(|| panic!("no key: {row:#}"));
        let keys = given
            .get(directory)
            .unwrap_or_else(|| panic!("never requested: {row:#}"));
        assert!(
            keys.iter().any(|given| given == key),
            "{key} is none of {keys:?}: {row:#}"
        );
        let keyed = Keyed {
            key: key.to_owned(),
            calls: keys.len(),
        };
        if let Some(before) = ledger.keyed.insert((list, id), keyed.clone()) {
            assert_eq!(before, keyed, "another key was requested: {row:#}");
        }
    };
    for row in place.all_by_id("sessions").await {
        let (project, name) = (row["project"].as_str().unwrap(), row["name"].as_str().unwrap());
        check("sessions", &row, &format!("{project}/{name}"));
    }
    for (list, uploads) in [("data", &ledger.datasets), ("reports", &ledger.reports)] {
        let directories: BTreeMap<_, _> = uploads
            .iter()
            .map(|upload| (upload.name.as_str(), upload.directory.as_str()))
            .collect();
        for row in place.all_by_id(list).await {
            check(list, &row, directories[row["name"].as_str().unwrap()]);
        }
    }
}
