//! The cost of the pure rules: launch and close on one beamline, a sample list, the record of a
//! dataset, and a connection that a host reports.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a benchmark that can't go on may panic"
)]

use beamlive_actors::access::history::{observe, Entry, Observed};
use beamlive_actors::beamline::state::{newest, Launch, Launched, Missing, State};
use beamlive_actors::facility::catalog::Catalog;
use beamlive_actors::inventory::listing::{list, SamplesByProject};
use beamlive_actors::inventory::ReadyList;
use beamlive_actors::session::dataset::DatasetUpload;
use beamlive_actors::session::frames::Frames;
use beamlive_actors::session::upload::{CommonFields, Context, Found, Place, Upload};
use beamlive_storage::ids::{BeamlineId, ContainerId, ContainerTypeId, GroupId, ProjectId, SessionId};
use beamlive_storage::records::{
    Automounter, ConnectionStatus, Container, ContainerStatus, ContainerType, Group, Sample, SecureKey,
    Session, Stretch,
};
use beamlive_storage::{Timestamp, Versioned};
use criterion::Criterion;
use std::hint::black_box;
use std::time::Duration;

const ALICE: ProjectId = ProjectId(1);
const BOB: ProjectId = ProjectId(2);
const BM: BeamlineId = BeamlineId(1);
/// Between two commands, in microseconds: longer than a stretch may be reopened.
const STEP: i64 = 10 * 60 * 1_000_000;
const PUCK: usize = 16;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    sessions(&mut criterion);
    samples(&mut criterion);
    datasets(&mut criterion);
    connections(&mut criterion);
    criterion.final_summary();
}

/// A beamline that knows a session of each of two projects.
struct Beamline {
    state: State,
    now: Timestamp,
    sessions: u64,
}

impl Beamline {
    fn new() -> Self {
        let mut beamline = Self {
            state: State::new(None),
            now: Timestamp(1_800_000_000_000_000),
            sessions: 0,
        };
        beamline.launch(ALICE);
        beamline.launch(BOB);
        beamline
    }

    /// Launches, and makes the session when it is new, as the actor does.
    fn launch(&mut self, project: ProjectId) -> Launched {
        self.now = self.now.plus_micros(STEP);
        let launched = match self.state.launch(project, "day-1", self.now) {
            Err(Missing::Name(project, name)) => {
                self.state.know_name(project, name, None);
                self.state.launch(project, "day-1", self.now).unwrap()
            }
            launched => launched.unwrap(),
        };
        if let Launch::Creates(start) = launched.launch {
            self.sessions += 1;
            let session = Session {
                project,
                beamline: BM,
                name: "day-1".to_owned(),
                survey: SecureKey([7; 20]),
                key: None,
                created: start,
                stretches: 1,
                latest: Stretch { start, end: None },
                ended_micros: 0,
            };
            let newest = newest(self.sessions, &session);
            self.state
                .created(SessionId(self.sessions), session, launched.ends.as_ref(), newest);
        }
        launched
    }

    fn close(&mut self, project: ProjectId) -> i64 {
        self.now = self.now.plus_micros(STEP);
        self.state
            .close(project, "day-1", self.now)
            .unwrap()
            .unwrap()
            .stretch_micros
    }
}

fn sessions(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("beamline");
    let mut beamline = Beamline::new();
    assert!(matches!(beamline.launch(ALICE).launch, Launch::Joins(_)));
    group.bench_function("launch again", |bencher| {
        bencher.iter(|| black_box(beamline.launch(ALICE)))
    });
    group.bench_function("launch, close", |bencher| {
        bencher.iter(|| {
            black_box(beamline.launch(BOB));
            black_box(beamline.close(BOB))
        });
    });
    group.bench_function("two launches that end each other's stretch", |bencher| {
        bencher.iter(|| {
            black_box(beamline.launch(ALICE));
            black_box(beamline.launch(BOB))
        });
    });
    group.finish();
}

fn versioned<R>(record: R) -> Versioned<R> {
    Versioned { revision: 1, record }
}

fn numbers(count: usize) -> Vec<String> {
    (1..=count).map(|number| number.to_string()).collect()
}

fn container(name: String, kind: u64, parent: Option<(u64, usize)>) -> Versioned<Container> {
    versioned(Container {
        project: ALICE,
        name,
        kind: ContainerTypeId(kind),
        status: ContainerStatus::OnSite,
        parent: parent.map(|(id, _)| ContainerId(id)),
        location: parent.map(|(_, place)| place.to_string()),
    })
}

/// Pucks of 16 in one automounter, with `count` samples of one project, in eight groups.
fn facility(count: usize) -> Catalog {
    let mut catalog = Catalog::default();
    for (id, name, places) in [(1, "Uni-Puck", PUCK), (2, "Automounter", 400)] {
        let kind = ContainerType {
            name: name.to_owned(),
            locations: numbers(places),
            drawing: None,
        };
        catalog.container_types.put(id, versioned(kind));
    }
    catalog.containers.put(1, container("AM".to_owned(), 2, None));
    let automounter = Automounter {
        beamline: BM,
        container: ContainerId(1),
        active: true,
    };
    catalog.automounters.put(1, versioned(automounter));
    for group in 1..=8 {
        let record = Group {
            project: ALICE,
            name: format!("group-{group}"),
            priority: Some(i64::try_from(group).unwrap()),
        };
        catalog.groups.put(group, versioned(record));
    }
    for (id, number) in (0..count)
        .enumerate()
        .map(|(number, _)| (number as u64 + 1, number))
    {
        let puck = number / PUCK;
        let puck_id = puck as u64 + 2;
        if number % PUCK == 0 {
            let record = container(format!("CLS-{puck:04}"), 1, Some((1, puck + 1)));
            catalog.containers.put(puck_id, record);
        }
        let record = Sample {
            project: ALICE,
            container: ContainerId(puck_id),
            location: (number % PUCK + 1).to_string(),
            name: format!("sample-{number}"),
            barcode: format!("BC{number:06}"),
            comments: String::new(),
            group: Some(GroupId(id % 8 + 1)),
            priority: i64::try_from(number).ok(),
        };
        catalog.samples.put(id, versioned(record));
    }
    catalog
}

fn samples(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("samples");
    for count in [400, 5_000] {
        let catalog = facility(count);
        let by_project = SamplesByProject::of(&catalog.samples);
        assert_eq!(list(&catalog, &by_project, ALICE, BM).len(), count);
        group.bench_function(format!("list of {count}"), |bencher| {
            bencher.iter(|| list(black_box(&catalog), &by_project, ALICE, BM).len());
        });
        group.bench_function(
            format!("list of {count}, as JSON, compressed, tagged"),
            |bencher| {
                bencher.iter(|| {
                    let samples = list(black_box(&catalog), &by_project, ALICE, BM);
                    ReadyList::of(serde_json::to_vec(&samples).unwrap())
                });
            },
        );
    }
    group.finish();
}

fn datasets(criterion: &mut Criterion) {
    let catalog = facility(PUCK);
    let upload = DatasetUpload {
        common: CommonFields {
            directory: "/users/alpha/CMCF-20261123/native/CLS-0042/A1".to_owned(),
            kind: "DATA".to_owned(),
            name: "A1-s2_xtal".to_owned(),
            id: None,
            notes: Vec::new(),
        },
        filename: Some("A1-s2_xtal_{:05d}.cbf".to_owned()),
        frames: Frames::parse("1-1800").unwrap(),
        energy: 12.6581,
        exposure: Some(0.2),
        attenuation: Some(0.0),
        beam_size: Some(50.0),
        sample_id: Some(1),
        start_time: None,
        end_time: None,
        uuid: Some("6d2f1c7e-3f5b-4a86-9d0e-8f1f6a2b3c4d".to_owned()),
        meta_data: vec![0x5a; 300],
    };
    let context = Context {
        place: Place {
            project: ALICE,
            beamline: BM,
            session: Some(SessionId(1)),
        },
        catalog: &catalog,
        address: None,
        key: None,
        now: Timestamp(1_800_000_000_000_000),
    };
    let found = Found::default();
    assert!(upload.to_record(&context, &found).0.sample.is_some());
    criterion.bench_function("dataset/to a record", |bencher| {
        bencher.iter(|| black_box(&upload).to_record(&context, &found));
    });
}

fn connections(criterion: &mut Criterion) {
    let date = Timestamp(1_800_000_000_000_000);
    let entry = |status, date| Entry {
        account: ALICE.into(),
        name: "nx-1".to_owned(),
        status,
        dates: [date; 2],
        began: None,
        ended: None,
    };
    let connected = entry(ConnectionStatus::Connected, date);
    let Observed::Changed(known) = observe(None, &connected) else {
        panic!("a first entry is a change");
    };
    let mut group = criterion.benchmark_group("connection");
    group.bench_function("known entry", |bencher| {
        bencher.iter(|| observe(black_box(Some(&known)), &connected));
    });
    let finished = entry(ConnectionStatus::Finished, date.plus_micros(STEP));
    group.bench_function("change", |bencher| {
        bencher.iter(|| observe(black_box(Some(&known)), &finished));
    });
    group.finish();
}
