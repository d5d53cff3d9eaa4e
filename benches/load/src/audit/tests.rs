#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::*;
use crate::ledger::{Session, Upload};

const RUN: Run = Run { id: 9, secret: 8 };

/// Two acknowledged datasets and one of unknown outcome; the same of reports; a session that was
/// launched twice, with a third launch of unknown outcome.
fn ledger() -> Ledger {
    let upload = |id, about| Upload { id, about };
    Ledger {
        program: 3,
        username: "p".to_owned(),
        sessions: vec![Session {
            launches: 2,
            unknown_launches: 1,
            uploads: PerKind {
                dataset: 2,
                report: 2,
            },
        }],
        uploads: PerKind {
            dataset: vec![upload(11, 0), upload(12, 0), upload(0, 0)],
            report: vec![upload(21, 11), upload(22, 12), upload(0, 12)],
        },
        is_attributed: true,
    }
}

struct Rows {
    sessions: Vec<SessionRow>,
    datasets: Vec<UploadRow>,
    reports: Vec<UploadRow>,
}

fn rows() -> Rows {
    let dataset = |id, number| UploadRow {
        id,
        name: RUN.name(3, number),
        uuid: Some(RUN.uuid(3, number)),
        ..UploadRow::default()
    };
    let report = |id, number, about| UploadRow {
        id,
        name: format!("{} MX Native Analysis", RUN.name(3, number)),
        data_id: vec![about],
        ..UploadRow::default()
    };
    Rows {
        sessions: vec![SessionRow {
            id: 1,
            name: RUN.name(3, 0),
            stretches: vec![Stretch {}, Stretch {}],
            datasets: 2,
            reports: 2,
        }],
        datasets: vec![dataset(11, 0), dataset(12, 1)],
        reports: vec![report(21, 0, 11), report(22, 1, 12)],
    }
}

fn check(change: impl FnOnce(&mut Rows)) -> Findings {
    let mut rows = rows();
    change(&mut rows);
    let ledgers = [ledger()];
    let mut audit = Audit::new(RUN, &ledgers);
    rows.sessions.iter().for_each(|row| audit.session(row));
    for (kind, rows) in [(Kind::Dataset, &rows.datasets), (Kind::Report, &rows.reports)] {
        rows.iter().for_each(|row| audit.upload(kind, row));
    }
    audit.finish()
}

#[test]
fn nothing_is_reported_when_each_acknowledged_record_is_there_once() {
    let findings = check(|_| {});
    assert!(findings.are_right(), "{findings:?}");
    assert_eq!(
        (findings.launches, findings.datasets, findings.reports),
        (2, 2, 2)
    );
    assert_eq!((findings.unknown_kept, findings.unknown_lost), (0, 3));
}

#[test]
fn a_record_of_unknown_outcome_may_be_there_but_not_twice() {
    let unknown = |id| UploadRow {
        id,
        name: RUN.name(3, 2),
        uuid: Some(RUN.uuid(3, 2)),
        ..UploadRow::default()
    };
    let findings = check(|rows| {
        rows.datasets.push(unknown(13));
        rows.sessions[0].stretches.push(Stretch {});
        rows.sessions[0].datasets += 1;
    });
    assert!(findings.are_right(), "{findings:?}");
    assert_eq!((findings.unknown_kept, findings.unknown_lost), (2, 1));
    let findings = check(|rows| rows.datasets.extend([unknown(13), unknown(14)]));
    assert_eq!((findings.missing, findings.twice, findings.wrong), (0, 1, 0));
}

#[test]
fn missing_records_are_named() {
    let findings = check(|rows| {
        rows.datasets.remove(0);
        rows.reports.remove(1);
        rows.sessions.clear();
    });
    assert_eq!(
        (findings.missing, findings.twice, findings.wrong),
        (4, 0, 0),
        "two of them launches"
    );
    let named = findings.named.join("\n");
    for part in [
        format!("dataset {} (11) is missing", RUN.name(3, 0)),
        format!("report {} (22) is missing", RUN.name(3, 1)),
        "session".to_owned(),
    ] {
        assert!(named.contains(&part), "{named}");
    }
}

#[test]
fn duplicates_are_named_even_without_their_uuid() {
    let findings = check(|rows| {
        rows.datasets.push(UploadRow {
            id: 99,
            name: RUN.name(3, 1),
            ..UploadRow::default()
        });
        let again = rows.reports[0].clone();
        rows.reports.push(again);
        let again = rows.sessions[0].clone();
        rows.sessions.push(again);
    });
    assert_eq!((findings.missing, findings.twice), (0, 3));
    assert!(
        findings.named.iter().any(|line| line.contains("99")),
        "{findings:?}"
    );
}

#[test]
fn there_is_one_stretch_for_each_launch() {
    let findings = check(|rows| {
        rows.sessions[0].stretches.pop();
    });
    assert_eq!((findings.missing, findings.twice), (1, 0));
    let findings = check(|rows| rows.sessions[0].stretches.extend([Stretch {}, Stretch {}]));
    assert_eq!(
        (findings.missing, findings.twice),
        (0, 1),
        "one of two may be the unknown launch"
    );
}

#[test]
fn records_that_differ_from_the_requests_are_wrong() {
    let changes: [fn(&mut Rows); 5] = [
        |rows| rows.datasets[0].id = 77,
        |rows| rows.datasets[0].uuid = None,
        |rows| rows.reports[0].data_id.clear(),
        |rows| rows.sessions[0].datasets = 1,
        |rows| rows.sessions[0].reports = 9,
    ];
    for (place, change) in changes.into_iter().enumerate() {
        let findings = check(change);
        assert_eq!(
            (findings.missing, findings.twice, findings.wrong),
            (0, 0, 1),
            "{place}"
        );
    }
}

#[test]
fn rows_of_other_runs_are_ignored_and_only_some_findings_are_named() {
    let findings = check(|rows| {
        rows.datasets.push(UploadRow {
            id: 5,
            name: "A1".to_owned(),
            ..UploadRow::default()
        });
        rows.sessions.push(SessionRow {
            name: "day-1".to_owned(),
            ..rows.sessions[0].clone()
        });
    });
    assert!(findings.are_right(), "{findings:?}");
    let uploads = (1..=500).map(|id| Upload { id, about: 0 }).collect();
    let ledgers = [Ledger {
        uploads: PerKind {
            dataset: uploads,
            ..ledger().uploads
        },
        ..ledger()
    }];
    let findings = Audit::new(RUN, &ledgers).finish();
    assert_eq!((findings.missing, findings.named.len()), (504, MAX_NAMED));
}
