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
        for (project, beamline, session) in [
            (ALICE, BM, Some(1)),
            (BOB, BM, Some(2)),
            (ALICE, ID, Some(1)),
            (ALICE, BM, None),
        ] {
            add_dataset(batch, &dataset(project, beamline, session));
        }
    })
    .await;
    let catalog = catalog();
    let list = |project, beamline, session: Option<u64>| {
        let session = session.map(SessionId);
        let filter = data::Filter {
            project,
            beamline,
            session,
        };
        ids_of(&shown(data::list(&store, &catalog, filter, &page(None, 100))))
    };
    assert_eq!(list(None, None, None), [4, 3, 2, 1]);
    assert_eq!(list(Some(ALICE), None, None), [4, 3, 1]);
    assert_eq!(list(None, Some(BM), None), [4, 2, 1]);
    assert_eq!(list(None, None, Some(1)), [3, 1]);
    assert_eq!(list(Some(ALICE), Some(BM), None), [4, 1]);
    assert_eq!(list(Some(BOB), None, Some(1)), Vec::<u64>::new());
    assert_eq!(list(Some(ALICE), Some(ID), Some(1)), [3]);
}

#[tokio::test]
async fn a_dataset_is_shown_whole() {
    let mut record = dataset(ALICE, BM, Some(3));
    record.modified = NOW.plus_micros(1);
    let store = store(|batch| {
        add_dataset(batch, &record);
        batch.set(keys::secure_key(Subject::Dataset, DatasetId(1)), &[0xab; 20]);
    })
    .await;
    let row = serde_json::to_value(data::find(&store, &catalog(), 1).unwrap().unwrap()).unwrap();
    let expected = json!({
        "id": 1, "project": "alice", "beamline": "BM", "session": 3, "sample_id": null, "group": null, "name": "xtal",
        "type": "DATA", "filename": null, "frames": "1-4,8", "num_frames": 5, "energy": 12.658, "exposure": 0.5,
        "attenuation": null, "beam_size": null, "start_time": "2026-11-23T15:00:00Z",
        "end_time": "2026-11-23T15:00:02.500000Z", "uuid": null, "url": "ab".repeat(20), "meta_data": {"note": 1.0},
        "created": "2026-11-23T15:00:00Z", "modified": "2026-11-23T15:00:00.000001Z",
    });
    assert_eq!(row, expected);
    assert!(data::find(&store, &catalog(), 2).unwrap().is_none());
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
        "url": null, "details": [null], "created": "2026-11-23T15:00:00Z", "modified": "2026-11-23T15:00:00Z",
    });
    assert_eq!(rows[0], expected);
    assert_eq!(
        ids_of(&shown(reports::list(&store, &catalog, None, &page(Some(3), 1)))),
        [2]
    );
}
