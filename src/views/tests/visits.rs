use super::*;
use beamlive_storage::records::Feedback;

#[tokio::test]
async fn a_session_is_shown_with_its_stretches_and_counts() {
    let store = store(|batch| {
        add_session(batch, BOB, ID, &[(0, Some(5))]);
        add_session(batch, ALICE, BM, &[(-60, Some(-30)), (-10, None)]);
        for session in [2, 2, 1] {
            add_dataset(batch, &dataset(ALICE, BM, Some(session)));
        }
        batch.mark(keys::index(Table::ReportBySession, SessionId(2), IdRef::Known(1)));
    })
    .await;
    let row = serde_json::to_value(
        find::<sessions::SessionRow>(&store, &catalog(), 2)
            .unwrap()
            .unwrap(),
    )
    .unwrap();
    let expected = json!({
        "id": 2, "name": "visit", "project": "alice", "beamline": "BM", "created": "2026-11-23T14:00:00Z", "url": null,
        "stretches": [
            {"start": "2026-11-23T14:00:00Z", "end": "2026-11-23T14:30:00Z"},
            {"start": "2026-11-23T14:50:00Z", "end": null},
        ],
        "datasets": 2, "reports": 1,
    });
    assert_eq!(row, expected);
    assert!(sessions::exists(&store, SessionId(2)).unwrap());
    assert!(!sessions::exists(&store, SessionId(3)).unwrap());
}

#[tokio::test]
async fn sessions_are_filtered_and_the_open_ones_come_from_the_beamlines() {
    let store = store(|batch| {
        add_session(batch, ALICE, BM, &[(0, Some(5))]);
        add_session(batch, ALICE, BM, &[(6, None)]);
        add_session(batch, BOB, ID, &[(0, None)]);
        hold(batch, BM, 2, ALICE, None);
        hold(batch, ID, 3, BOB, None);
    })
    .await;
    let catalog = catalog();
    let list = |project, beamline, active, before| {
        let filter = sessions::Filter {
            project,
            beamline,
            active,
        };
        ids_of(&shown(sessions::list(
            &store,
            &catalog,
            filter,
            &page(before, 100),
        )))
    };
    assert_eq!(list(None, None, None, None), [3, 2, 1]);
    assert_eq!(list(None, None, None, Some(3)), [2, 1]);
    assert_eq!(list(Some(ALICE), None, None, None), [2, 1]);
    assert_eq!(list(None, Some(ID), None, None), [3]);
    assert_eq!(list(None, None, Some(true), None), [3, 2]);
    assert_eq!(list(None, None, Some(true), Some(3)), [2]);
    assert_eq!(list(Some(ALICE), None, Some(true), None), [2]);
    assert_eq!(list(None, Some(ID), Some(true), None), [3]);
    assert_eq!(list(None, None, Some(false), None), [1]);
    assert_eq!(list(Some(BOB), None, Some(false), None), Vec::<u64>::new());
    assert_eq!(
        sessions::open(&store).unwrap(),
        [(BM, SessionId(2)), (ID, SessionId(3))]
    );
}

#[tokio::test]
async fn a_beamline_whose_newest_stretch_has_ended_is_not_open() {
    let store = store(|batch| {
        add_session(batch, ALICE, BM, &[(0, Some(5))]);
        hold(batch, BM, 1, ALICE, Some(minutes(5)));
    })
    .await;
    assert_eq!(sessions::open(&store).unwrap(), []);
}

#[tokio::test]
async fn feedback_is_listed_by_session_and_over_all() {
    let store = store(|batch| {
        for session in [5, 9, 5] {
            let id = batch.allocate(Table::Feedback);
            let answer = Feedback {
                created: NOW,
                areas: vec![("Beam".to_owned(), Some(4), "steady".to_owned())],
                comments: "thanks".to_owned(),
            };
            batch.insert(keys::feedback(SessionId(session), id), &answer);
        }
    })
    .await;
    let list = |session: Option<u64>, before| {
        let rows = feedback::list(&store, session.map(SessionId), &page(before, 2)).unwrap();
        rows.map(|row| serde_json::to_value(row).unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids_of(&list(None, None)), [3, 2]);
    assert_eq!(ids_of(&list(None, Some(2))), [1]);
    assert_eq!(ids_of(&list(Some(5), None)), [3, 1]);
    let expected = json!({
        "id": 2, "session": 9, "created": "2026-11-23T15:00:00Z", "comments": "thanks",
        "areas": [{"name": "Beam", "rating": 4, "comment": "steady"}],
    });
    assert_eq!(list(Some(9), None), [expected]);
}
