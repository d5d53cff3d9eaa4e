use super::*;
use beamlive_storage::ids::AccessListId;
use beamlive_storage::records::{Activity, Connection, ConnectionStatus, PendingForward};

#[tokio::test]
async fn activity_has_the_user_the_action_and_the_record() {
    let store = store(|batch| {
        for (project, record) in [(Some(ALICE), 7), (None, 0)] {
            let id = batch.allocate(Table::Activity);
            let entry = Activity {
                record: RawId::NONE,
                subject: Subject::Dataset,
                project,
                who: "alice".to_owned(),
                address: Some("10.45.0.7".parse().unwrap()),
                action: "dataset uploaded".to_owned(),
                note: "xtal".to_owned(),
                time: NOW,
            };
            batch.insert_naming(keys::activity(id), &entry, IdRef::Known(record));
            if let Some(project) = project {
                batch.mark(keys::index(Table::ActivityByProject, project, id));
            }
        }
    })
    .await;
    let catalog = catalog();
    let rows = shown(activity::list(&store, &catalog, None, &page(None, 100)));
    assert_eq!(ids_of(&rows), [2, 1]);
    assert_eq!(rows[0]["record"], json!({"subject": "dataset", "id": null}));
    let rows = shown(activity::list(&store, &catalog, Some(ALICE), &page(None, 100)));
    let expected = json!({
        "id": 1, "time": "2026-11-23T15:00:00Z", "who": "alice", "address": "10.45.0.7", "action": "dataset uploaded",
        "record": {"subject": "dataset", "id": 7}, "project": "alice", "note": "xtal",
    });
    assert_eq!(rows, [expected]);
}

#[tokio::test]
async fn the_outbox_is_shown_by_age_and_continues_after_a_record() {
    let store = store(|batch| {
        for (subject, id, created) in [
            (Subject::Session, 1, minutes(-3)),
            (Subject::Dataset, 1, minutes(-1)),
            (Subject::Dataset, 2, minutes(-3)),
            (Subject::Report, 1, minutes(-2)),
        ] {
            let pending = PendingForward {
                directory: "/users/alice/visit".to_owned(),
                project: ALICE,
                created,
                attempts: 2,
                last_error: Some("no answer".to_owned()),
            };
            batch.insert(keys::outbox(subject, IdRef::Known(id)), &pending);
        }
    })
    .await;
    let catalog = catalog();
    let list = |before: Option<&str>, limit| {
        let before = before.map(|text| outbox::OutboxRowName::parse(text).unwrap());
        let rows = outbox::list(&store, &catalog, &page(before, limit), NOW).unwrap();
        rows.map(|rows| {
            rows.map(|row| serde_json::to_value(row).unwrap())
                .collect::<Vec<_>>()
        })
    };
    let records = |rows: Option<Vec<Value>>| {
        let name = |row: &Value| {
            format!(
                "{}/{}",
                row["record"]["subject"].as_str().unwrap(),
                row["record"]["id"]
            )
        };
        rows.unwrap().iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(
        records(list(None, 100)),
        ["dataset/1", "report/1", "dataset/2", "session/1"]
    );
    assert_eq!(records(list(Some("report/1"), 1)), ["dataset/2"]);
    assert_eq!(records(list(Some("dataset/2"), 9)), ["session/1"]);
    assert_eq!(list(Some("dataset/3"), 9), None);
    let expected = json!({
        "record": {"subject": "dataset", "id": 1}, "project": "alice", "directory": "/users/alice/visit",
        "created": "2026-11-23T14:59:00Z", "age_seconds": 60, "attempts": 2, "last_error": "no answer",
    });
    assert_eq!(list(None, 1).unwrap(), [expected]);
    for text in ["", "dataset", "dataset/", "dataset/x", "sample/1", "dataset/1/2"] {
        assert_eq!(outbox::OutboxRowName::parse(text), None, "{text}");
    }
}

#[tokio::test]
async fn connections_are_shown_by_date_and_continue_after_a_name() {
    let store = store(|batch| {
        for (list, project, name, created) in [
            (1, ALICE, "a", 0),
            (1, BOB, "b/c", 5),
            (2, ALICE, "a", 5),
            (2, BOB, "d", -5),
        ] {
            let history = vec![
                (ConnectionStatus::Connected, minutes(created)),
                (ConnectionStatus::Connected, minutes(created + 10)),
                (ConnectionStatus::Finished, minutes(created + 30)),
            ];
            let connection = Connection {
                created: minutes(created),
                end: Some(minutes(created + 30)),
                history,
            };
            batch.insert(keys::connection(AccessListId(list), project, name), &connection);
        }
    })
    .await;
    let catalog = catalog();
    let name = |text: &str| connections::ConnectionName::parse(text, &catalog);
    let list = |list: Option<u64>, before: Option<&str>, limit| {
        let before = before.map(|text| name(text).unwrap());
        let rows = connections::list(&store, &catalog, list.map(AccessListId), &page(before, limit)).unwrap();
        rows.map(|rows| {
            rows.map(|row| serde_json::to_value(row).unwrap())
                .collect::<Vec<_>>()
        })
    };
    let names = |rows: Option<Vec<Value>>| {
        let name = |row: &Value| {
            let part = |name: &str| row[name].as_str().unwrap().to_owned();
            [part("list"), part("project"), part("name")].join("/")
        };
        rows.unwrap().iter().map(name).collect::<Vec<_>>()
    };
    let all = [
        "nx-id/alice/a",
        "nx/local/bob/b/c",
        "nx/local/alice/a",
        "nx-id/bob/d",
    ];
    assert_eq!(names(list(None, None, 100)), all);
    let mut one_by_one = names(list(None, None, 1));
    while one_by_one.len() < all.len() {
        let next = names(list(None, one_by_one.last().map(String::as_str), 1));
        one_by_one.extend(next);
    }
    assert_eq!(one_by_one, all);
    assert_eq!(
        names(list(Some(1), None, 100)),
        ["nx/local/bob/b/c", "nx/local/alice/a"]
    );
    assert_eq!(list(None, Some("nx-id/alice/zzz"), 1), None);
    let expected = json!({
        "list": "nx-id", "project": "bob", "name": "d", "status": "Finished", "created": "2026-11-23T14:55:00Z",
        "end": "2026-11-23T15:25:00Z", "history": [
            {"status": "Connected", "date": "2026-11-23T14:55:00Z"},
            {"status": "Finished", "date": "2026-11-23T15:25:00Z"},
        ],
    });
    assert_eq!(list(None, None, 100).unwrap()[3], expected);
    for text in [
        "",
        "nx-id",
        "nx-id/alice",
        "nowhere/alice/a",
        "nx-id/carol/a",
        "nx/alice/a",
    ] {
        assert_eq!(name(text), None, "{text}");
    }
}

#[test]
fn an_account_is_shown_without_secrets() {
    let mut catalog = catalog();
    let row = projects::find(&catalog, "alice").unwrap();
    assert_eq!(
        (row.has_key, row.key_type, row.fingerprint, row.ssh_keys),
        (false, None, None, 1)
    );
    let line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti someone";
    let mut alice = catalog.projects.get(ALICE.0).unwrap().record.clone();
    alice.key = Some(line.to_owned());
    catalog.projects.put(ALICE.0, first(alice));
    let row = serde_json::to_value(projects::find(&catalog, "alice").unwrap()).unwrap();
    let expected = json!({
        "id": 1, "username": "alice", "name": "alice's group", "has_key": true, "key_type": "ssh-ed25519",
        "fingerprint": "SHA256:UCUiLr7Pjs9wFFJMDByLgc3NrtdU344OgUM45wZPcIQ", "ssh_keys": 1,
        "has_password": false, "password_expired": false,
        "created": "2026-11-23T15:00:00Z", "modified": "2026-11-23T15:00:00Z",
    });
    assert_eq!(row, expected);
    assert_eq!(projects::find(&catalog, "carol"), None);
}
