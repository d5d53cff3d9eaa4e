//! The views over a store in memory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
mod operations;
mod uploads;
mod visits;

use super::*;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::{BeamlineId, DatasetId, ProjectId, RawId, SessionId};
use beamlive_storage::records::{
    AccessList, Beamline, BeamlineState, Dataset, Project, SecureKey, Session, SignIn, Stretch,
};
use beamlive_storage::{Batch, Timestamp, Versioned};
use serde_json::{json, Value};

const ALICE: ProjectId = ProjectId(1);
const BOB: ProjectId = ProjectId(2);
const BM: BeamlineId = BeamlineId(1);
const ID: BeamlineId = BeamlineId(2);
/// 2026-11-23T15:00:00Z
const NOW: Timestamp = Timestamp(1_795_446_000_000_000);
/// `{"note": 1.0}`
const META: [u8; 15] = [
    0x81, 0xa4, b'n', b'o', b't', b'e', 0xcb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0,
];

fn minutes(minutes: i64) -> Timestamp {
    NOW.plus_micros(minutes * 60_000_000)
}

fn first<R>(record: R) -> Versioned<R> {
    Versioned { revision: 1, record }
}

fn catalog() -> Catalog {
    let mut catalog = Catalog::default();
    for (id, username) in [(ALICE, "alice"), (BOB, "bob")] {
        let project = Project {
            username: username.to_owned(),
            name: format!("{username}'s group"),
            key: None,
            ssh_keys: vec!["ssh-ed25519 AAAA".to_owned()],
            sign_in: SignIn::default(),
            created: NOW,
            modified: NOW,
        };
        catalog.projects.put(id.0, first(project));
    }
    for (id, acronym) in [(BM, "BM"), (ID, "ID")] {
        let beamline = Beamline {
            acronym: acronym.to_owned(),
            name: acronym.to_owned(),
            active: true,
            simulated: false,
            energy: None,
            contact: String::new(),
        };
        catalog.beamlines.put(id.0, first(beamline));
    }
    for (id, name) in [(1, "nx/local"), (2, "nx-id")] {
        let list = AccessList {
            name: name.to_owned(),
            address: "10.45.0.0/24".to_owned(),
            users: vec![ALICE.into()],
            beamlines: vec![BM],
            active: true,
        };
        catalog.access_lists.put(id, first(list));
    }
    catalog
}

fn dataset(project: ProjectId, beamline: BeamlineId, session: Option<u64>) -> Dataset {
    Dataset {
        project,
        beamline,
        session: session.map(SessionId),
        sample: None,
        group: None,
        name: "xtal".to_owned(),
        kind: "DATA".to_owned(),
        filename: None,
        frames: "1-4,8".to_owned(),
        num_frames: 5,
        energy: 12.658,
        exposure: Some(0.5),
        attenuation: None,
        beam_size: None,
        start_time: NOW,
        end_time: NOW.plus_micros(2_500_000),
        uuid: None,
        directory_digest: [0; 16],
        key: None,
        address: Some("10.45.0.7".parse().unwrap()),
        meta_data: META.to_vec(),
        created: NOW,
        modified: NOW,
    }
}

fn add_dataset(batch: &mut Batch, record: &Dataset) {
    let id = batch.allocate(Table::Dataset);
    batch.insert(keys::dataset(id), record);
    batch.mark(keys::dataset_by_project(record.beamline, record.project, id));
    if let Some(session) = record.session {
        batch.mark(keys::index(Table::DatasetBySession, session, id));
    }
}

fn add_session(
    batch: &mut Batch,
    project: ProjectId,
    beamline: BeamlineId,
    stretches: &[(i64, Option<i64>)],
) {
    let id = batch.allocate(Table::Session);
    let stretches: Vec<_> = stretches
        .iter()
        .map(|(start, end)| Stretch {
            start: minutes(*start),
            end: end.map(minutes),
        })
        .collect();
    let session = Session {
        project,
        beamline,
        name: "visit".to_owned(),
        survey: SecureKey([9; 20]),
        key: None,
        created: stretches[0].start,
        stretches: u32::try_from(stretches.len()).unwrap(),
        latest: *stretches.last().unwrap(),
        ended_micros: 0,
    };
    batch.insert(keys::session(id), &session);
    for (number, stretch) in (1..).zip(&stretches) {
        batch.put_guarded(keys::stretch(id, number), stretch);
    }
    batch.mark(keys::index(Table::SessionByProject, project, id));
    batch.mark(keys::index(Table::SessionByBeamline, beamline, id));
}

fn hold(batch: &mut Batch, beamline: BeamlineId, session: u64, project: ProjectId, end: Option<Timestamp>) {
    let state = BeamlineState {
        session: RawId::NONE,
        project,
        name: "visit".to_owned(),
        number: 1,
        start: NOW,
        end,
    };
    batch.insert_naming(keys::beamline_state(beamline), &state, SessionId(session));
}

async fn store(fill: impl FnOnce(&mut Batch)) -> Store {
    let store = Store::in_memory();
    let mut batch = Batch::new();
    fill(&mut batch);
    store.reserve().unwrap().commit(batch).await.unwrap();
    store
}

fn page<Id>(before: Option<Id>, limit: usize) -> Page<Id> {
    Page { before, limit }
}

fn shown<Row: Serialize>(rows: impl Iterator<Item = Result<Row, ReadError>>) -> Vec<Value> {
    rows.map(|row| serde_json::to_value(row.unwrap()).unwrap())
        .collect()
}

fn ids_of(rows: &[Value]) -> Vec<u64> {
    rows.iter().map(|row| row["id"].as_u64().unwrap()).collect()
}
