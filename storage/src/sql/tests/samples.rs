//! Records of a small facility, as rows of a group.

use crate::group::Rows;
use crate::ids::{
    AccessListId, BeamlineId, ContainerId, ContainerTypeId, DatasetId, GroupId, ProjectId, RawId, SampleId,
    SessionId,
};
use crate::keys::{self, Key, Table};
use crate::records::{
    AccessList, Activity, Automounter, Beamline, Beamtime, Connection, ConnectionStatus, Container,
    ContainerStatus, ContainerType, DataType, Dataset, Group, Membership, Person, Project, Record, Report,
    Role, Sample, SecureKey, Session, SignIn, Staff, Stretch, Subject,
};
use crate::{chunks, codec, Timestamp};

/// 2025-10-09 08:53:20.123456
pub(super) const T1: Timestamp = Timestamp(1_760_000_000_123_456);
/// 59 minutes and 59.876544 seconds later.
pub(super) const T2: Timestamp = Timestamp(1_760_003_600_000_000);
/// Every secret in these records has one of these.
pub(super) const SECRETS: [&str; 3] = ["5a5a5a", "a5a5a5", "AAAA"];

fn text(text: &str) -> String {
    text.to_owned()
}

/// Adds a record as the writer does: above 16 KiB in pieces.
pub(super) fn set<R: Record>(rows: &mut Rows, key: Key, record: &R) {
    let value = codec::encode(1, record);
    let key = key.as_bytes().to_vec();
    match chunks::split(&key, &value) {
        Some(pieces) => {
            rows.extend(pieces.rows.into_iter().map(|(key, piece)| (key, Some(piece))));
            rows.insert(key, Some(pieces.head));
        }
        None => {
            rows.insert(key, Some(value));
        }
    }
}

pub(super) fn dataset() -> Dataset {
    Dataset {
        project: ProjectId(3),
        beamline: BeamlineId(1),
        session: Some(SessionId(8)),
        sample: Some(SampleId(500)),
        group: Some(text("lysozyme")),
        name: text("lyso-12-a"),
        kind: text("DATA"),
        filename: Some(text("lyso_{:04d}.cbf")),
        frames: text("1-4,8"),
        num_frames: 5,
        energy: 12.658,
        exposure: Some(0.1),
        attenuation: Some(50.0),
        beam_size: Some(25.0),
        start_time: T1,
        end_time: T2,
        uuid: Some(text("2f1c")),
        directory_digest: [0x5a; 16],
        key: Some(SecureKey([0x5a; 20])),
        address: Some("10.1.2.3".parse().unwrap()),
        // {"resolution": 1.5, "detector_type": "PILATUS 6M"}
        meta_data: b"\x82\xaaresolution\xcb\x3f\xf8\0\0\0\0\0\0\xaddetector_type\xaaPILATUS 6M".to_vec(),
        created: T1,
        modified: T2,
    }
}

pub(super) fn report() -> Report {
    Report {
        project: ProjectId(3),
        beamline: BeamlineId(1),
        name: text("lyso-12 processing"),
        kind: text("MX Native"),
        score: 0.85,
        datasets: vec![DatasetId(1), DatasetId(1 << 40)],
        sessions: vec![SessionId(8)],
        directory_digest: [0x5a; 16],
        key: Some(SecureKey([0x5a; 20])),
        address: Some("2001:db8::1".parse().unwrap()),
        // [{"title": "Quality"}]
        details: b"\x91\x81\xa5title\xa7Quality".to_vec(),
        created: T1,
        modified: T2,
    }
}

pub(super) fn connection() -> Connection {
    Connection {
        created: T1,
        end: Some(T2),
        history: vec![
            (ConnectionStatus::Connected, T1),
            (ConnectionStatus::Finished, T2),
        ],
    }
}

pub(super) fn key(table: Table, id: u64) -> Key {
    keys::record(table, DatasetId(id))
}

/// One of each record.
pub(super) fn facility() -> Rows {
    let mut rows = Rows::new();
    let all = &mut rows;
    declared(all);
    let latest = Stretch { start: T1, end: None };
    let session = Session {
        project: ProjectId(3),
        beamline: BeamlineId(1),
        name: text("20251009"),
        survey: SecureKey([0xa5; 20]),
        key: Some(SecureKey([0x5a; 20])),
        created: T1,
        stretches: 2,
        latest,
        ended_micros: 3_600_500_000,
    };
    set(all, key(Table::Session, 8), &session);
    let ended = Stretch {
        start: T1,
        end: Some(T2),
    };
    set(all, keys::stretch(SessionId(8), 1), &ended);
    set(all, keys::stretch(SessionId(8), 2), &latest);
    set(all, key(Table::Dataset, 1), &dataset());
    set(all, key(Table::Report, 1), &report());
    let remote = keys::connection(AccessListId(1), ProjectId(3), "tty1");
    set(all, remote, &connection());
    let activity = Activity {
        record: RawId::from(8),
        subject: Subject::Session,
        project: Some(ProjectId(3)),
        who: text("mx-user"),
        address: Some("10.1.2.3".parse().unwrap()),
        action: text("session launched"),
        note: text("20251009"),
        time: T1,
    };
    set(all, key(Table::Activity, 1), &activity);
    rows
}

fn declared(rows: &mut Rows) {
    let project = Project {
        username: text("mx-user"),
        name: text("M\u{fc}ller"),
        key: Some(text("ssh-ed25519 AAAA")),
        ssh_keys: vec![text("ssh-rsa AAAA")],
        sign_in: SignIn::default(),
        created: T1,
        modified: T2,
    };
    set(rows, key(Table::Project, 3), &project);
    let person = Person {
        username: text("anna"),
        name: text("Anna"),
        email: text("anna@example.org"),
        ssh_keys: vec![text("ssh-rsa AAAA")],
        active: true,
        staff: Some(Staff::Operator),
        member_of: vec![Membership {
            project: ProjectId(3),
            role: Role::Member,
        }],
        sign_in: SignIn {
            hash: Some(text("a5a5a5")),
            ..SignIn::default()
        },
        created: T1,
        modified: T2,
    };
    set(rows, key(Table::Person, 4), &person);
    let beamline = Beamline {
        acronym: text("BL1"),
        name: text("Beamline 1"),
        active: true,
        simulated: false,
        energy: None,
        contact: String::new(),
    };
    set(rows, key(Table::Beamline, 1), &beamline);
    let data_type = DataType {
        acronym: text("DATA"),
        name: text("MX dataset"),
        aliases: vec![text("FULL"), text("NATIVE")],
        metadata: Vec::new(),
    };
    set(rows, key(Table::DataType, 1), &data_type);
    let puck = ContainerType {
        name: text("puck"),
        locations: vec![text("1"), text("2A")],
        drawing: None,
    };
    set(rows, key(Table::ContainerType, 2), &puck);
    let container = Container {
        project: ProjectId(3),
        name: text("P-01"),
        kind: ContainerTypeId(2),
        status: ContainerStatus::OnSite,
        parent: Some(ContainerId(300)),
        location: Some(text("L1")),
    };
    set(rows, key(Table::Container, 9), &container);
    let robot = Automounter {
        beamline: BeamlineId(1),
        container: ContainerId(300),
        active: true,
    };
    set(rows, key(Table::Automounter, 1), &robot);
    let group = Group {
        project: ProjectId(3),
        name: text("lysozyme"),
        priority: Some(-2),
    };
    set(rows, key(Table::Group, 4), &group);
    let sample = Sample {
        project: ProjectId(3),
        container: ContainerId(9),
        location: text("12"),
        name: text("lyso-12"),
        barcode: text("HA00AB1234"),
        comments: text("twinned"),
        group: Some(GroupId(4)),
        priority: None,
    };
    set(rows, key(Table::Sample, 500), &sample);
    let list = AccessList {
        name: text("remote"),
        address: text("10.1.0.0/16"),
        users: vec![ProjectId(3).into(), ProjectId(4).into()],
        beamlines: vec![BeamlineId(1)],
        active: true,
    };
    set(rows, key(Table::AccessList, 1), &list);
    let beamtime = Beamtime {
        project: ProjectId(3),
        beamline: BeamlineId(1),
        start: T1,
        end: T2,
        remote: true,
        cancelled: false,
    };
    set(rows, key(Table::Beamtime, 1), &beamtime);
}
