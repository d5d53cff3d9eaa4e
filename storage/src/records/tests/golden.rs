//! Golden bytes: the bytes of every record on disk.
#![allow(clippy::unwrap_used, clippy::panic)]

use super::check::{golden, Check};
use super::*;
use crate::ids::{
    Account, BeamlineId, ContainerId, ContainerTypeId, DatasetId, GroupId, PersonId, ProjectId, RawId,
    SampleId, SessionId,
};
use crate::time::Timestamp;

const T1: Timestamp = Timestamp(1_760_000_000_123_456);
const T2: Timestamp = Timestamp(1_760_003_600_000_000);

fn text(text: &str) -> String {
    text.to_owned()
}

fn facility(check: &mut Check) {
    check.record(
        "v2",
        &StoreFormat {
            layout: 1,
            created_by: text("beamlive 0.1.0"),
            created: T1,
            written_by: text("beamlive 0.2.0"),
            records: vec![(text("dataset"), 1), (text("report"), 2)],
        },
    );
    check.record("-", &FacilityRevision { applied: T1 });
    check.record(
        "full",
        &Project {
            username: text("mx-user"),
            name: text("M\u{fc}ller"),
            key: Some(text("ssh-ed25519 AAAA")),
            ssh_keys: vec![text("ssh-rsa BBBB"), text("ssh-ed25519 CCCC")],
            sign_in: SignIn::default(),
            created: T1,
            modified: T2,
        },
    );
    check.record(
        "bare",
        &Project {
            username: text("mx-user"),
            name: String::new(),
            key: None,
            ssh_keys: Vec::new(),
            sign_in: SignIn::default(),
            created: Timestamp(-1),
            modified: Timestamp(0),
        },
    );
    check.record(
        "full",
        &Person {
            username: text("anna"),
            name: text("Anna"),
            email: text("anna@example.org"),
            ssh_keys: vec![text("ssh-rsa BBBB")],
            active: true,
            staff: Some(Staff::Operator),
            member_of: vec![Membership {
                project: ProjectId(3),
                role: Role::Leader,
            }],
            sign_in: SignIn {
                hash: Some(text("$argon2id$v=19$")),
                declared: Some(text("pbkdf2_sha256$1$a$b")),
                expired: true,
                token_epoch: 3,
                ended: vec![EndedFamily {
                    family: [7; 8],
                    until: T2,
                }],
            },
            created: T1,
            modified: T2,
        },
    );
    check.record(
        "-",
        &SpentToken {
            at: T1,
            access: [1; 16],
            refresh: [2; 16],
            issued_at: 1_760_000_000,
        },
    );
    check.record(
        "person",
        &BrowserSession {
            account: Some(Account::Person(PersonId(5))),
            token_epoch: 3,
            created: T1,
        },
    );
    check.record(
        "operator",
        &BrowserSession {
            account: None,
            token_epoch: 0,
            created: T1,
        },
    );
    check.record(
        "-",
        &Beamline {
            acronym: text("BL1"),
            name: text("Beamline 1"),
            active: true,
            simulated: true,
            energy: Some((4.0, 18.5)),
            contact: text("5 5555"),
        },
    );
    check.record(
        "-",
        &DataType {
            acronym: text("RASTER"),
            name: text("Raster scan"),
            aliases: vec![text("RASTER_SCAN")],
            metadata: vec![text("grid_points")],
        },
    );
    check.record(
        "-",
        &ContainerType {
            name: text("puck"),
            locations: vec![text("1"), text("2A")],
            drawing: Some(Drawing {
                layout: Layout::Circle,
                places: vec![(0.36, 3.5), (0.8, 0.0)],
                height: 1.0,
                radius: 8.0,
            }),
        },
    );
    for (detail, status) in [
        ("draft", ContainerStatus::Draft),
        ("sent", ContainerStatus::Sent),
        ("on-site", ContainerStatus::OnSite),
        ("returned", ContainerStatus::Returned),
        ("archived", ContainerStatus::Archived),
    ] {
        let nested = status == ContainerStatus::OnSite;
        check.record(
            detail,
            &Container {
                project: ProjectId(3),
                name: text("P-01"),
                kind: ContainerTypeId(2),
                status,
                parent: nested.then_some(ContainerId(300)),
                location: nested.then(|| text("L1")),
            },
        );
    }
    check.record(
        "-",
        &Automounter {
            beamline: BeamlineId(1),
            container: ContainerId(70_000),
            active: false,
        },
    );
}

fn inventory(check: &mut Check) {
    check.record(
        "full",
        &Group {
            project: ProjectId(3),
            name: text("lysozyme"),
            priority: Some(-2),
        },
    );
    check.record(
        "bare",
        &Group {
            project: ProjectId(3),
            name: text("lysozyme"),
            priority: None,
        },
    );
    check.record(
        "full",
        &Sample {
            project: ProjectId(3),
            container: ContainerId(9),
            location: text("12"),
            name: text("lyso-12"),
            barcode: text("HA00AB1234"),
            comments: text("twinned"),
            group: Some(GroupId(4)),
            priority: Some(1),
        },
    );
    check.record(
        "bare",
        &Sample {
            project: ProjectId(3),
            container: ContainerId(9),
            location: text("12"),
            name: text("lyso-12"),
            barcode: String::new(),
            comments: String::new(),
            group: None,
            priority: None,
        },
    );
    check.record(
        "-",
        &AccessList {
            name: text("remote"),
            address: text("10.1.0.0/16"),
            users: vec![ProjectId(3).into(), PersonId(4).into()],
            beamlines: vec![BeamlineId(1)],
            active: true,
        },
    );
    check.record(
        "-",
        &Beamtime {
            project: ProjectId(3),
            beamline: BeamlineId(1),
            start: T1,
            end: T2,
            remote: true,
            cancelled: false,
        },
    );
    for (detail, status) in [
        ("connected", ConnectionStatus::Connected),
        ("disconnected", ConnectionStatus::Disconnected),
        ("failed", ConnectionStatus::Failed),
        ("finished", ConnectionStatus::Finished),
    ] {
        check.record(
            detail,
            &Connection {
                created: T1,
                end: matches!(status, ConnectionStatus::Failed | ConnectionStatus::Finished).then_some(T2),
                history: vec![(ConnectionStatus::Connected, T1), (status, T2)],
            },
        );
    }
}

fn sessions(check: &mut Check) {
    for (detail, end) in [("open", None), ("ended", Some(T2))] {
        let stretch = Stretch { start: T1, end };
        check.record(detail, &stretch);
        check.record(
            detail,
            &BeamlineState {
                session: RawId::from(0x0102_0304_0506_0708),
                project: ProjectId(3),
                name: text("20251009"),
                number: 2,
                start: T1,
                end,
            },
        );
        check.record(
            detail,
            &Session {
                project: ProjectId(3),
                beamline: BeamlineId(1),
                name: text("20251009"),
                survey: SecureKey([0xa5; 20]),
                key: end.map(|_| SecureKey([0x5a; 20])),
                created: T1,
                stretches: 2,
                latest: stretch,
                ended_micros: 3_600_000_000,
            },
        );
    }
    check.record(
        "-",
        &Feedback {
            created: T1,
            areas: vec![
                (text("robot"), Some(5), text("fast")),
                (text("optics"), None, String::new()),
            ],
            comments: text("fine"),
        },
    );
    check.record("-", &FeedbackCount { answers: 50 });
}

fn measured(check: &mut Check) {
    let full = Dataset {
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
        directory_digest: [0x11; 16],
        key: Some(SecureKey([0x5a; 20])),
        address: Some("10.1.2.3".parse().unwrap()),
        meta_data: vec![0x81, 0xa1, b'a', 0x01],
        created: T1,
        modified: T2,
    };
    check.record(
        "bare",
        &Dataset {
            session: None,
            sample: None,
            group: None,
            filename: None,
            exposure: None,
            attenuation: None,
            beam_size: None,
            uuid: None,
            key: None,
            address: None,
            meta_data: vec![0x80],
            ..full.clone()
        },
    );
    check.record("full", &full);
    check.record(
        "-",
        &Report {
            project: ProjectId(3),
            beamline: BeamlineId(1),
            name: text("lyso-12 processing"),
            kind: text("MX Native"),
            score: 0.85,
            datasets: vec![DatasetId(1), DatasetId(1 << 40)],
            sessions: vec![SessionId(8)],
            directory_digest: [0x22; 16],
            key: None,
            address: Some("2001:db8::1".parse().unwrap()),
            details: vec![0x91, 0xc0],
            created: T1,
            modified: T2,
        },
    );
    check.record(
        "-",
        &AnsweredRequest {
            record: RawId::from(9),
            subject: Subject::Report,
            request: [0x33; 16],
            received: T2,
        },
    );
}

fn directories_and_log(check: &mut Check) {
    for (detail, last_error) in [("new", None), ("tried", Some(text("timed out")))] {
        check.record(
            detail,
            &PendingForward {
                directory: text("/data/mx-user/a"),
                project: ProjectId(3),
                created: T1,
                attempts: if last_error.is_some() { 3 } else { 0 },
                last_error,
            },
        );
    }
    check.record(
        "-",
        &OutboxLease {
            node: text("node-a"),
            renewals: 7,
            retries: 1,
        },
    );
    check.record(
        "-",
        &Importing {
            id: *b"0123456789abcdef",
            node: text("node-a"),
            began: T1,
        },
    );
    for (detail, project) in [("of a project", Some(ProjectId(3))), ("of none", None)] {
        check.record(
            detail,
            &SecurePath {
                record: project.map_or(RawId::NONE, |_| RawId::from(9)),
                subject: project.map(|_| Subject::Dataset),
                project,
                directory: text("/data/mx-user/a"),
                created: T1,
            },
        );
    }
    for byte in 1..=8 {
        let subject = Subject::from_repr(byte).unwrap();
        check.record(
            &format!("{subject:?}"),
            &Activity {
                record: if byte == 5 { RawId::NONE } else { RawId::from(9) },
                subject,
                project: (byte != 5).then_some(ProjectId(3)),
                who: text("operator"),
                address: match byte {
                    1 => Some("10.1.2.3".parse().unwrap()),
                    2 => Some("2001:db8::1".parse().unwrap()),
                    _ => None,
                },
                action: text("changed"),
                note: text("by hand"),
                time: T1,
            },
        );
    }
}

#[test]
fn the_bytes_of_every_record_are_unchanged() {
    let mut check = Check::default();
    facility(&mut check);
    inventory(&mut check);
    sessions(&mut check);
    measured(&mut check);
    directories_and_log(&mut check);
    if !check.wrong.is_empty() {
        panic!(
            "not as in records.golden; a changed shape is a new version:\n{}",
            check.wrong
        );
    }
    check.names.sort();
    assert_eq!(check.names, golden().into_keys().collect::<Vec<_>>());
}
