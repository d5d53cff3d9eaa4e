//! What is shown of each record.

use super::samples::{connection, dataset, facility, key, report, set, SECRETS, T1};
use crate::codec::encode;
use crate::group::Rows;
use crate::ids::{AccessListId, ProjectId, SessionId};
use crate::keys::{self, Table};
use crate::records::{SecureKey, Subject};
use crate::sql::tables::shown;
use crate::sql::{project, rebuild_rows, TableChange, CLEAR, SCHEMA};
use serde_json::{json, Value};
use std::collections::BTreeSet;
use std::convert::Infallible;

/// The tables of the keyspace that are shown, with the names of their tables in SQL.
fn tables() -> impl Iterator<Item = (Table, &'static str)> {
    let tables = (0..=u8::MAX).filter_map(Table::from_repr);
    tables.filter_map(|table| Some((table, shown(table)?.statements.table)))
}

#[test]
fn every_record_is_shown_as_in_the_golden_file() {
    let changes = project(&facility());
    let mut lines = String::new();
    for change in &changes {
        assert_eq!(change.removed, None);
        let table = change.upsert.split_whitespace().nth(2).unwrap();
        for row in change.rows.iter().flat_map(|rows| rows.as_array().unwrap()) {
            lines.push_str(&format!("{table} {row}\n"));
        }
    }
    assert_eq!(changes.len(), tables().count(), "one record of each kind");
    assert!(
        lines == include_str!("rows.golden"),
        "not as in rows.golden:\n{lines}"
    );
}

#[test]
fn every_statement_names_the_columns_that_its_rows_have() {
    for change in project(&facility()) {
        let names = |row: &Value| row.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        let columns = (0..=u8::MAX)
            .filter_map(Table::from_repr)
            .filter_map(shown)
            .find(|shown| shown.statements.upsert == change.upsert)
            .map(|shown| shown.statements.columns)
            .unwrap();
        let columns: BTreeSet<_> = columns.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(names(&change.rows.unwrap()[0]), columns, "{}", change.upsert);
    }
}

#[test]
fn the_statements_of_a_table_with_a_long_key() {
    let statements = &shown(Table::Stretch).unwrap().statements;
    assert_eq!(
        statements.upsert,
        "INSERT INTO beamlive.stretch (session_id, number, start_time, end_time) \
         SELECT session_id, number, start_time, end_time \
         FROM jsonb_populate_recordset(NULL::beamlive.stretch, $1) \
         ON CONFLICT (session_id, number) \
         DO UPDATE SET start_time = excluded.start_time, end_time = excluded.end_time"
    );
    assert_eq!(
        statements.remove,
        "DELETE FROM beamlive.stretch old \
         USING jsonb_populate_recordset(NULL::beamlive.stretch, $1) gone \
         WHERE old.session_id = gone.session_id AND old.number = gone.number"
    );
}

#[test]
fn every_table_is_created_granted_and_emptied() {
    let [_, granted] = SCHEMA.split("GRANT SELECT ON").collect::<Vec<_>>()[..] else {
        panic!()
    };
    for (_, table) in tables() {
        assert!(
            SCHEMA.contains(&format!("CREATE TABLE IF NOT EXISTS beamlive.{table} (")),
            "{table}"
        );
        for list in [granted, CLEAR] {
            let names = list.split(|c: char| c.is_whitespace() || c == ',');
            let name = format!("beamlive.{table}");
            assert_eq!(names.filter(|found| *found == name).count(), 1, "{table}");
        }
    }
    assert_eq!(tables().count(), SCHEMA.matches("CREATE TABLE").count());
}

/// Databases that exist already must get what changed.
#[test]
fn a_changed_schema_is_noticed() {
    let sum = crc32fast::hash(SCHEMA.as_bytes());
    assert_eq!(
        sum, SUM,
        "raise the version in 4-access.sql and in IS_CURRENT, and the number of tables there; let the \
         schema add what older tables lack (ALTER TABLE … ADD COLUMN IF NOT EXISTS); then change this \
         number"
    );
}
const SUM: u32 = 1_055_296_696;

#[test]
fn no_secret_is_shown() {
    let mut rows = facility();
    let secret = SecureKey([0x5a; 20]);
    for key in [
        keys::secure_key(Subject::Dataset, SessionId(1)),
        keys::secure_path(&secret),
        keys::session_by_survey(&secret),
        keys::answered_request(ProjectId(3), &[0x5a; 16]),
        keys::dataset_by_identity(ProjectId(3), &[0x5a; 16]),
    ] {
        rows.insert(key.as_bytes().to_vec(), Some(secret.0.to_vec()));
    }
    let shown = format!("{:?}", project(&rows));
    for secret in SECRETS {
        assert!(!shown.contains(secret), "{secret}");
    }
    assert_eq!(project(&rows), project(&facility()));
}

#[test]
fn removed_rows_are_removed_by_key() {
    let mut rows = facility();
    for value in rows.values_mut() {
        *value = None;
    }
    let changes = project(&rows);
    assert_eq!(changes.len(), tables().count());
    assert!(changes.iter().all(|change| change.rows.is_none()));
    let of = |table: &str| {
        let change = changes
            .iter()
            .find(|change| change.remove.contains(table))
            .unwrap();
        change.removed.clone().unwrap()
    };
    assert_eq!(of(".dataset "), json!([{ "id": 1 }]));
    assert_eq!(
        of(".stretch "),
        json!([{ "session_id": 8, "number": 1 }, { "session_id": 8, "number": 2 }])
    );
    assert_eq!(
        of(".connection "),
        json!([{ "access_list_id": 1, "account": "project", "account_id": 3, "name": "tty1" }])
    );
}

#[test]
fn one_table_may_gain_and_lose_rows_in_a_group() {
    let mut rows = Rows::new();
    set(&mut rows, key(Table::Dataset, 1), &dataset());
    rows.insert(key(Table::Dataset, 2).as_bytes().to_vec(), None);
    let [TableChange { rows, removed, .. }] = &project(&rows)[..] else {
        panic!()
    };
    assert_eq!(rows.as_ref().unwrap()[0]["id"], 1);
    assert_eq!(*removed, Some(json!([{ "id": 2 }])));
}

/// A report whose details are `n` numbers, which take two bytes each.
fn long_report(n: u16) -> crate::records::Report {
    let mut details = vec![0xdc];
    details.extend(n.to_be_bytes());
    details.extend([0xcc, 200].repeat(n.into()));
    crate::records::Report { details, ..report() }
}

#[test]
fn a_record_in_pieces_is_shown_whole() {
    let mut rows = Rows::new();
    set(&mut rows, key(Table::Report, 1), &long_report(20_000));
    assert!(rows.len() > 2, "it is in pieces");
    let [change] = &project(&rows)[..] else { panic!() };
    let details = &change.rows.as_ref().unwrap()[0]["details"];
    assert_eq!(details.as_array().unwrap().len(), 20_000);

    // Without one of its pieces it does not decode, and an old row must not stay.
    rows.pop_last();
    let [change] = &project(&rows)[..] else { panic!() };
    assert_eq!(
        (&change.rows, &change.removed),
        (&None, &Some(json!([{ "id": 1 }])))
    );
}

#[test]
fn keys_of_another_shape_are_not_shown() {
    let mut rows = Rows::new();
    let value = encode(1, &dataset());
    for key in [
        &[40][..],
        &[40, 1],
        &[40, 0, 0, 0, 0, 0, 0, 0, 1, 0],
        &[99, 1],
        &[],
        &[32; 12],
    ] {
        rows.insert(key.to_vec(), Some(value.clone()));
    }
    assert_eq!(project(&rows), []);
}

#[test]
fn names_in_a_key_fit_into_an_index_and_stay_different() {
    let mut rows = Rows::new();
    let names = [
        "a",
        "a\0",
        "a\u{fffd}",
        &"é".repeat(5_000),
        &"é".repeat(5_001),
        &"\u{1f600}".repeat(251),
    ];
    for name in names {
        set(
            &mut rows,
            keys::connection(AccessListId(1), ProjectId(1), name),
            &connection(),
        );
    }
    let [change] = &project(&rows)[..] else { panic!() };
    let shown = change.rows.as_ref().unwrap().as_array().unwrap();
    let shown: BTreeSet<_> = shown.iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(shown.len(), names.len());
    assert!(shown
        .iter()
        .all(|name| name.len() <= 1_000 && !name.contains('\0')));
}

#[test]
fn a_rebuild_shows_what_the_groups_showed() {
    let mut all = facility();
    for id in 2..=1_200 {
        set(&mut all, key(Table::Dataset, id), &dataset());
    }
    for id in 2..=40 {
        set(&mut all, key(Table::Report, id), &long_report(60_000));
    }
    all.insert(
        keys::counter(Table::Dataset).as_bytes().to_vec(),
        Some(vec![0; 8]),
    );
    let get = |key: &[u8]| Ok::<_, Infallible>(all.get(key).cloned().flatten());
    let scan = all
        .iter()
        .map(|(key, value)| Ok((key.clone(), value.clone().unwrap())));
    let pieces: Vec<Rows> = rebuild_rows(scan, get).map(|piece| piece.unwrap()).collect();

    let bytes = |rows: &Rows| rows.values().flatten().map(Vec::len).sum::<usize>();
    assert!(pieces.len() > 4);
    assert!(
        pieces.iter().all(|piece| bytes(piece) < (1 << 20) + 200_000),
        "bounded"
    );
    let rows = |changes: Vec<TableChange>| {
        let of = |change: TableChange| {
            let rows = change.rows.unwrap().as_array().unwrap().clone();
            rows.into_iter().map(move |row| (change.upsert, row))
        };
        changes.into_iter().flat_map(of).collect::<Vec<_>>()
    };
    let rebuilt: Vec<_> = pieces.iter().flat_map(|piece| rows(project(piece))).collect();
    assert!(rebuilt == rows(project(&all)));
    assert!(rebuilt.len() > 1_200);
}

#[test]
fn a_rebuild_ends_at_the_first_failure() {
    let all = facility();
    let scan = all.iter().map(|(key, value)| match key[0] {
        40 => Err("away"),
        _ => Ok((key.clone(), value.clone().unwrap())),
    });
    let results: Vec<_> = rebuild_rows(scan, |_| Ok(None)).collect();
    assert_eq!(results, [Err("away")]);
}

#[test]
fn times_are_microseconds_in_utc() {
    let mut rows = Rows::new();
    set(&mut rows, key(Table::Dataset, 1), &dataset());
    let [change] = &project(&rows)[..] else { panic!() };
    assert_eq!(T1.0 % 1_000_000, 123_456);
    assert_eq!(
        change.rows.as_ref().unwrap()[0]["start_time"],
        "2025-10-09T08:53:20.123456Z"
    );
}
