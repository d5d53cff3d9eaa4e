use super::*;
use beamlive_storage::records::Report;

#[tokio::test]
async fn datasets_are_paged_from_new_to_old() {
    let store = store(|batch| (0..7).for_each(|_| add_dataset(batch, &dataset(ALICE, BM, None)))).await;
    let catalog = catalog();
    let all = data::Filter::default();
    let mut before = None;
    let mut pages = Vec::new();
    loop {
        let rows = shown(data::list(&store, &catalog, all, &page(before, 3)));
        let Some(last) = ids_of(&rows).last().copied() else {
            break;
        };
        before = Some(last);
        pages.push(ids_of(&rows));
    }
    assert_eq!(pages, [vec![7, 6, 5], vec![4, 3, 2], vec![1]]);
}

#[tokio::test]
async fn datasets_are_filtered_by_each_and_by_all() {
    let store = store(|batch| {
        add_session(batch, ALICE, BM, &[(0, None)]);
        add_session(batch, BOB, BM, &[(0, None)]);
        add_session(batch, ALICE, ID, &[(0, None)]);
        for (project, beamline, session) in [
            (ALICE, BM, Some(1)),
            (BOB, BM, Some(2)),
            (ALICE, ID, Some(3)),
            (ALICE, BM, None),
            (BOB, ID, None),
            (ALICE, BM, Some(1)),
        ] {
            add_dataset(batch, &dataset(project, beamline, session));
        }
    })
    .await;
    let catalog = catalog();
    let listed = |project, beamline, session: Option<u64>, page: Page| {
        let session = session.map(SessionId);
        let filter = data::Filter {
            project,
            beamline,
            session,
        };
        ids_of(&shown(data::list(&store, &catalog, filter, &page)))
    };
    for (project, beamline, session, expected) in [
        (None, None, None, vec![6, 5, 4, 3, 2, 1]),
        (Some(ALICE), None, None, vec![6, 4, 3, 1]),
        (Some(BOB), None, None, vec![5, 2]),
        (None, Some(BM), None, vec![6, 4, 2, 1]),
        (None, Some(ID), None, vec![5, 3]),
        (None, None, Some(1), vec![6, 1]),
        (Some(ALICE), Some(BM), None, vec![6, 4, 1]),
        (Some(BOB), None, Some(1), vec![]),
        (Some(ALICE), Some(ID), Some(1), vec![]),
        (Some(ALICE), Some(ID), Some(3), vec![3]),
        (None, None, Some(9), vec![]),
    ] {
        let all = listed(project, beamline, session, page(None, 100));
        assert_eq!(all, expected);
        // The same list in pages of one row.
        let mut one_by_one: Vec<u64> = Vec::new();
        while let [id] = listed(project, beamline, session, page(one_by_one.last().copied(), 1))[..] {
            one_by_one.push(id);
        }
        assert_eq!(one_by_one, expected);
    }
}

/// A list of a beamline or a project with one dataset, which is older than all others. Reading any
/// other dataset fails.
#[tokio::test]
async fn a_filter_reads_no_dataset_that_it_leaves_out() {
    let store = store(|batch| {
        add_session(batch, BOB, ID, &[(0, None)]);
        add_dataset(batch, &dataset(BOB, ID, Some(1)));
        for id in 2..1_000 {
            let id = IdRef::Known(id);
            batch.mark(keys::dataset_by_project(BM, ALICE, id));
            batch.mark(keys::index(Table::DatasetBySession, SessionId(2), id));
            batch.set(keys::dataset(id), b"unreadable");
        }
    })
    .await;
    let catalog = catalog();
    let (bob, id, session) = (Some(BOB), Some(ID), Some(SessionId(1)));
    for (project, beamline, session) in [
        (bob, None, None),
        (None, id, None),
        (bob, id, None),
        (None, None, session),
        (bob, id, session),
    ] {
        let filter = data::Filter {
            project,
            beamline,
            session,
        };
        let rows = shown(data::list(&store, &catalog, filter, &page(None, 100)));
        assert_eq!(ids_of(&rows), [1], "{filter:?}");
    }
}

#[tokio::test]
async fn all_fields_of_a_dataset_are_shown() {
    let mut record = dataset(ALICE, BM, Some(3));
    record.modified = NOW.plus_micros(1);
    let store = store(|batch| {
        add_dataset(batch, &record);
        batch.set(keys::secure_key(Subject::Dataset, DatasetId(1)), &[0xab; 20]);
    })
    .await;
    let row =
        serde_json::to_value(find::<data::DatasetRow>(&store, &catalog(), 1).unwrap().unwrap()).unwrap();
    let expected = json!({
        "id": 1, "project": "alice", "beamline": "BM", "session": 3, "sample_id": null, "group": null, "name": "xtal",
        "type": "DATA", "filename": null, "frames": "1-4,8", "num_frames": 5, "energy": 12.658, "exposure": 0.5,
        "attenuation": null, "beam_size": null, "start_time": "2026-11-23T15:00:00Z",
        "end_time": "2026-11-23T15:00:02.500000Z", "uuid": null, "url": "ab".repeat(20), "meta_data": {"note": 1.0},
        "created": "2026-11-23T15:00:00Z", "modified": "2026-11-23T15:00:00.000001Z", "address": "10.45.0.7",
    });
    assert_eq!(row, expected);
    assert!(find::<data::DatasetRow>(&store, &catalog(), 2).unwrap().is_none());
}

#[tokio::test]
async fn reports_are_listed_by_project() {
    let report = |project| Report {
        project,
        beamline: BM,
        name: "xtal".to_owned(),
        kind: "MX".to_owned(),
        score: 0.87,
        datasets: vec![DatasetId(4), DatasetId(2)],
        sessions: Vec::new(),
        directory_digest: [0; 16],
        key: Some(SecureKey([0xcd; 20])),
        address: None,
        details: vec![0x91, 0xc0],
        created: NOW,
        modified: NOW,
    };
    let store = store(|batch| {
        for project in [ALICE, BOB, ALICE] {
            let id = batch.allocate(Table::Report);
            batch.insert(keys::report(id), &report(project));
            batch.mark(keys::index(Table::ReportByProject, project, id));
        }
    })
    .await;
    let catalog = catalog();
    let rows = shown(reports::list(&store, &catalog, Some(ALICE), &page(None, 100)));
    assert_eq!(ids_of(&rows), [3, 1]);
    let expected = json!({
        "id": 3, "project": "alice", "beamline": "BM", "name": "xtal", "kind": "MX", "score": 0.87, "data_id": [4, 2],
        "url": "cd".repeat(20), "details": [null], "created": "2026-11-23T15:00:00Z", "modified": "2026-11-23T15:00:00Z",
        "address": null,
    });
    assert_eq!(rows[0], expected);
    assert_eq!(
        ids_of(&shown(reports::list(&store, &catalog, None, &page(Some(3), 1)))),
        [2]
    );
}
