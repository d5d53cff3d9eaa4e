//! All that a store holds, as text, to compare two stores.

use beamlive_storage::keys::{self, Key, Table};
use beamlive_storage::records::{
    AccessList, Activity, Automounter, Beamline, BeamlineState, Beamtime, Connection, Container,
    ContainerType, DataType, Dataset, Feedback, FeedbackCount, Group, PendingForward, Person, Project,
    Record, Report, Sample, SecureKey, SecurePath, Session, Stretch, Subject,
};
use beamlive_storage::{Order, Store};

/// Every row but those that no dump holds: survey keys, answers to requests, spent tokens, and
/// whatever belongs to the process. Revisions are left out, and so are activities about imports.
pub(crate) fn contents(store: &Store) -> Vec<String> {
    let mut lines = Vec::new();
    records::<Project>(store, Table::Project, &mut lines);
    records::<Person>(store, Table::Person, &mut lines);
    records::<Beamline>(store, Table::Beamline, &mut lines);
    records::<DataType>(store, Table::DataType, &mut lines);
    records::<ContainerType>(store, Table::ContainerType, &mut lines);
    records::<Container>(store, Table::Container, &mut lines);
    records::<Automounter>(store, Table::Automounter, &mut lines);
    records::<Group>(store, Table::Group, &mut lines);
    records::<Sample>(store, Table::Sample, &mut lines);
    records::<AccessList>(store, Table::AccessList, &mut lines);
    records::<Beamtime>(store, Table::Beamtime, &mut lines);
    records::<BeamlineState>(store, Table::BeamlineState, &mut lines);
    records::<Stretch>(store, Table::Stretch, &mut lines);
    records::<Feedback>(store, Table::Feedback, &mut lines);
    records::<FeedbackCount>(store, Table::FeedbackCount, &mut lines);
    records::<Dataset>(store, Table::Dataset, &mut lines);
    records::<Report>(store, Table::Report, &mut lines);
    records::<SecurePath>(store, Table::SecurePath, &mut lines);
    records::<PendingForward>(store, Table::Outbox, &mut lines);
    records::<Connection>(store, Table::Connection, &mut lines);
    for (key, mut session) in scan::<Session>(store, Table::Session) {
        session.survey = SecureKey([0; 20]);
        lines.push(line(Table::Session, &key, &session));
    }
    let about_import = |it: &Activity| it.action == "import" && it.subject == Subject::Facility;
    let activities = scan::<Activity>(store, Table::Activity).into_iter();
    for (_, activity) in activities.filter(|(_, it)| !about_import(it)) {
        lines.push(line(Table::Activity, &[], &activity));
    }
    for table in [
        Table::Counter,
        Table::SkippedIds,
        Table::SessionByName,
        Table::SessionByProject,
        Table::SessionByBeamline,
        Table::DatasetByProject,
        Table::DatasetBySession,
        Table::DatasetByIdentity,
        Table::ReportByProject,
        Table::ReportBySession,
        Table::SecureKey,
    ] {
        let (start, end) = keys::below(&Key::of(table), None);
        for row in store.scan_bytes(&start, &end, Order::Ascending) {
            let (key, value) = row.unwrap();
            if key != keys::counter(Table::Activity).as_bytes() {
                lines.push(format!("{table:?} {key:?}: {value:?}"));
            }
        }
    }
    lines
}

fn records<R: Record>(store: &Store, table: Table, lines: &mut Vec<String>) {
    let all = scan::<R>(store, table);
    lines.extend(all.iter().map(|(key, record)| line(table, key, record)));
}

fn scan<R: Record>(store: &Store, table: Table) -> Vec<(Vec<u8>, R)> {
    let (start, end) = keys::below(&Key::of(table), None);
    let rows = store.scan::<R>(&start, &end, Order::Ascending);
    rows.map(|row| row.map(|(key, found)| (key, found.record)).unwrap())
        .collect()
}

fn line<R: Record>(table: Table, key: &[u8], record: &R) -> String {
    format!("{table:?} {key:?}: {}", serde_json::to_string(record).unwrap())
}

/// Asserts that two stores hold the same.
#[track_caller]
pub(crate) fn assert_same(one: &[String], other: &[String]) {
    let without = |lines: &[String], others: &[String]| -> Vec<String> {
        lines
            .iter()
            .filter(|line| !others.contains(line))
            .cloned()
            .collect()
    };
    let (missing, more) = (without(one, other), without(other, one));
    assert!(
        missing.is_empty() && more.is_empty(),
        "missing:\n{}\nmore:\n{}",
        missing.join("\n"),
        more.join("\n")
    );
    assert_eq!(one.len(), other.len());
}
