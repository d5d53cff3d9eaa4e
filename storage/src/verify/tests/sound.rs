//! The sound store: two projects, two beamlines, nested containers, two sessions, uploads, and
//! their indexes.

use crate::batch::Batch;
use crate::format::LAYOUT;
use crate::ids::{
    AccessListId, BeamlineId, ContainerId, ContainerTypeId, DatasetId, GroupId, IdRef, ProjectId, SessionId,
};
use crate::keys::{self, Key, Table};
use crate::records::*;
use crate::time::Timestamp;
use sha2::{Digest, Sha256};

pub(super) const T: fn(i64) -> Timestamp = |seconds| Timestamp(1_700_000_000_000_000 + seconds * 1_000_000);
pub(super) const ALICE: ProjectId = ProjectId(1);
pub(super) const BM: BeamlineId = BeamlineId(1);

pub(super) fn known(id: u64) -> IdRef {
    IdRef::Known(id)
}

pub(super) fn digest(directory: &str) -> [u8; 16] {
    Sha256::digest(directory.as_bytes())[..16].try_into().unwrap()
}

pub(super) fn key(n: u8) -> SecureKey {
    SecureKey([n; 20])
}

pub(super) fn sound(batch: &mut Batch) {
    let format = StoreFormat {
        layout: LAYOUT,
        created_by: "test".to_owned(),
        created: T(0),
        written_by: "test".to_owned(),
        records: Vec::new(),
    };
    batch.insert(Key::of(Table::Meta), &format);
    declared(batch);
    visits(batch);
    uploads(batch);
    log(batch);
    let counters = [
        (Table::Project, 2),
        (Table::Beamline, 2),
        (Table::DataType, 1),
        (Table::ContainerType, 1),
        (Table::Container, 5),
        (Table::Automounter, 1),
        (Table::Group, 1),
        (Table::Sample, 2),
        (Table::AccessList, 1),
        (Table::Beamtime, 1),
        (Table::Session, 2),
        (Table::Feedback, 1),
        (Table::Dataset, 2),
        (Table::Report, 1),
        (Table::Activity, 2),
    ];
    for (table, last) in counters {
        batch.point(keys::counter(table), known(last));
    }
}

pub(super) fn container(name: &str, parent: Option<u64>) -> Container {
    Container {
        project: ALICE,
        name: name.to_owned(),
        kind: ContainerTypeId(1),
        status: ContainerStatus::OnSite,
        parent: parent.map(ContainerId),
        location: parent.map(|_| "1".to_owned()),
    }
}

pub(super) fn sample(location: &str) -> Sample {
    Sample {
        project: ALICE,
        container: ContainerId(4),
        location: location.to_owned(),
        name: "lys".to_owned(),
        barcode: String::new(),
        comments: String::new(),
        group: Some(GroupId(1)),
        priority: None,
    }
}

fn declared(batch: &mut Batch) {
    for (id, name) in [(1, "alice"), (2, "bob")] {
        let project = Project {
            username: name.to_owned(),
            name: name.to_owned(),
            key: None,
            ssh_keys: Vec::new(),
            sign_in: SignIn::default(),
            created: T(0),
            modified: T(0),
        };
        batch.insert(keys::record(Table::Project, known(id)), &project);
        let beamline = Beamline {
            acronym: format!("BM{id}"),
            name: String::new(),
            active: true,
            simulated: false,
            energy: None,
            contact: String::new(),
        };
        batch.insert(keys::record(Table::Beamline, known(id)), &beamline);
        batch.insert(keys::record(Table::Sample, known(id)), &sample(name));
    }
    let kind = DataType {
        acronym: "DATA".to_owned(),
        name: String::new(),
        aliases: Vec::new(),
        metadata: Vec::new(),
    };
    batch.insert(keys::record(Table::DataType, known(1)), &kind);
    let kind = ContainerType {
        name: "Uni-Puck".to_owned(),
        locations: vec!["1".to_owned()],
        drawing: None,
    };
    batch.insert(keys::record(Table::ContainerType, known(1)), &kind);
    for (id, parent) in [(1, None), (2, Some(1)), (3, Some(2)), (4, Some(3)), (5, None)] {
        batch.insert(
            keys::record(Table::Container, known(id)),
            &container(&format!("C{id}"), parent),
        );
    }
    let automounter = Automounter {
        beamline: BM,
        container: ContainerId(1),
        active: true,
    };
    batch.insert(keys::record(Table::Automounter, known(1)), &automounter);
    let group = Group {
        project: ALICE,
        name: "native".to_owned(),
        priority: None,
    };
    batch.insert(keys::record(Table::Group, known(1)), &group);
    let list = AccessList {
        name: "nx".to_owned(),
        address: "10.0.0.0/24".to_owned(),
        users: vec![ALICE.into()],
        beamlines: vec![BM],
        active: true,
    };
    batch.insert(keys::record(Table::AccessList, known(1)), &list);
    let time = Beamtime {
        project: ALICE,
        beamline: BM,
        start: T(0),
        end: T(9),
        remote: true,
        cancelled: false,
    };
    batch.insert(keys::record(Table::Beamtime, known(1)), &time);
}

/// Session 1 had two stretches, session 2 has the beamline.
fn visits(batch: &mut Batch) {
    let stretch = |start, end: Option<i64>| Stretch {
        start: T(start),
        end: end.map(T),
    };
    let sessions = [
        (
            1,
            "day-1",
            vec![stretch(0, Some(10)), stretch(20, Some(30))],
            20_000_000,
        ),
        (2, "day-2", vec![stretch(30, None)], 0),
    ];
    for (id, name, stretches, ended_micros) in sessions {
        let survey = key(100 + u8::try_from(id).unwrap());
        let session = Session {
            project: ALICE,
            beamline: BM,
            name: name.to_owned(),
            survey,
            key: None,
            created: stretches[0].start,
            stretches: u32::try_from(stretches.len()).unwrap(),
            latest: *stretches.last().unwrap(),
            ended_micros,
        };
        batch.insert(keys::session(known(id)), &session);
        for (number, stretch) in (1..).zip(&stretches) {
            batch.put_guarded(keys::stretch(known(id), number), stretch);
        }
        batch.point(keys::session_by_name(BM, ALICE, name), known(id));
        batch.point(keys::session_by_survey(&survey), known(id));
        batch.mark(keys::index(Table::SessionByProject, ALICE, known(id)));
        batch.mark(keys::index(Table::SessionByBeamline, BM, known(id)));
    }
    let state = BeamlineState {
        session: 2.into(),
        project: ALICE,
        name: "day-2".to_owned(),
        number: 1,
        start: T(30),
        end: None,
    };
    batch.insert(keys::beamline_state(BM), &state);
    batch.insert(
        keys::feedback(SessionId(1), known(1)),
        &Feedback {
            created: T(1),
            areas: Vec::new(),
            comments: String::new(),
        },
    );
    batch.insert(keys::feedback_count(SessionId(1)), &FeedbackCount { answers: 1 });
}

/// Dataset 1 is large and in session 1; dataset 2 is in no session. Session 2 and report 1 wait for
/// their keys.
fn uploads(batch: &mut Batch) {
    for id in [1, 2] {
        let session = (id == 1).then_some(SessionId(1));
        let uuid = format!("uuid-{id}");
        let directory = format!("/users/alice/{id}");
        let dataset = Dataset {
            project: ALICE,
            beamline: BM,
            session,
            sample: None,
            group: None,
            name: "lys".to_owned(),
            kind: "DATA".to_owned(),
            filename: None,
            frames: "1".to_owned(),
            num_frames: 1,
            energy: 12.0,
            exposure: None,
            attenuation: None,
            beam_size: None,
            start_time: T(0),
            end_time: T(1),
            uuid: Some(uuid.clone()),
            directory_digest: digest(&directory),
            key: Some(key(u8::try_from(id).unwrap())),
            address: None,
            meta_data: vec![0x80; if id == 1 { 40_000 } else { 1 }],
            created: T(1),
            modified: T(1),
        };
        batch.insert(keys::dataset(known(id)), &dataset);
        batch.point(
            keys::dataset_by_project(BM, ALICE, known(id)),
            known(session.map_or(0, |session| session.0)),
        );
        if let Some(session) = session {
            batch.mark(keys::index(Table::DatasetBySession, session, known(id)));
        }
        batch.point(by_identity(&uuid, id), known(id));
        opened(batch, Some(id), &directory, key(u8::try_from(id).unwrap()));
    }
    // An older uuid still leads to dataset 1. The key of an external proxy has no path.
    batch.set(
        by_identity("older", 1),
        &keys::identified(DatasetId(1), Some("older")),
    );
    batch.set(keys::secure_key(Subject::Session, known(1)), &key(77).0);
    opened(batch, None, "/users", key(3));
    let answered = AnsweredRequest {
        record: 1.into(),
        subject: Subject::Dataset,
        request: [6; 16],
        received: T(0),
    };
    batch.insert(keys::answered_request(ALICE, &[5; 16]), &answered);
    batch.mark(keys::answered_request_by_time(T(0), ALICE, &[5; 16]));
    let report = Report {
        project: ALICE,
        beamline: BM,
        name: "report".to_owned(),
        kind: "Data Analysis".to_owned(),
        score: 0.0,
        datasets: vec![DatasetId(1), DatasetId(2)],
        sessions: vec![SessionId(1)],
        directory_digest: digest("/users/alice/report"),
        key: None,
        address: None,
        details: vec![0x90],
        created: T(1),
        modified: T(1),
    };
    batch.insert(keys::report(known(1)), &report);
    batch.mark(keys::index(Table::ReportByProject, ALICE, known(1)));
    batch.mark(keys::index(Table::ReportBySession, SessionId(1), known(1)));
    for (subject, id, directory) in [
        (Subject::Session, 2, "alice/day-2"),
        (Subject::Report, 1, "/users/alice/report"),
    ] {
        let waiting = PendingForward {
            directory: directory.to_owned(),
            project: ALICE,
            created: T(1),
            attempts: 0,
            last_error: None,
        };
        batch.insert(keys::outbox(subject, known(id)), &waiting);
    }
}

/// The key under which a retry finds the dataset `id` by this uuid.
pub(super) fn by_identity(uuid: &str, id: u64) -> Key {
    let directory = digest(&format!("/users/alice/{id}"));
    keys::dataset_by_identity(ALICE, &identity(uuid, "lys", &directory))
}

/// Adds the path of a key, of a dataset or of no record.
pub(super) fn opened(batch: &mut Batch, dataset: Option<u64>, directory: &str, secure: SecureKey) {
    let path = SecurePath {
        record: dataset.unwrap_or(0).into(),
        subject: dataset.map(|_| Subject::Dataset),
        project: dataset.map(|_| ALICE),
        directory: directory.to_owned(),
        created: T(1),
    };
    batch.insert(keys::secure_path(&secure), &path);
}

fn log(batch: &mut Batch) {
    batch.insert(keys::facility_revision(), &FacilityRevision { applied: T(0) });
    let lease = OutboxLease {
        node: "node".to_owned(),
        renewals: 1,
        retries: 0,
    };
    batch.insert(keys::outbox_lease(), &lease);
    let connection = Connection {
        created: T(1),
        end: None,
        history: vec![(ConnectionStatus::Connected, T(1))],
    };
    batch.insert(keys::connection(AccessListId(1), ALICE, "nx-1"), &connection);
    for (id, project) in [(1, Some(ALICE)), (2, None)] {
        let entry = Activity {
            record: 1.into(),
            subject: Subject::Dataset,
            project,
            who: "alice".to_owned(),
            address: None,
            action: "dataset uploaded".to_owned(),
            note: String::new(),
            time: T(1),
        };
        batch.insert(keys::activity(known(id)), &entry);
    }
    batch.mark(keys::index(Table::ActivityByProject, ALICE, known(1)));
}
