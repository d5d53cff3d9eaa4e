//! The records of a dump, field by field.

use crate::builder::{key, proxy, sound, text, SHAPES};
use crate::imported::import;
use beamlive_mxlive::Item;
use beamlive_storage::records::{directory_digest, ConnectionStatus, Dataset, Report};

fn dataset(items: &[Item]) -> Dataset {
    let found = items.iter().find_map(|item| match item {
        Item::Dataset { id: 100, record, .. } => Some((**record).clone()),
        _ => None,
    });
    found.unwrap()
}

fn report(items: &[Item]) -> Report {
    let found = items.iter().find_map(|item| match item {
        Item::Report { id: 200, record, .. } => Some((**record).clone()),
        _ => None,
    });
    found.unwrap()
}

#[test]
fn a_dataset_is_as_its_upload_would_have_made_it() {
    let imported = import(&text(&sound(SHAPES[0])), &text(&proxy()));
    let dataset = dataset(&imported.items);
    assert_eq!(
        dataset.start_time.to_utc().to_rfc3339(),
        "2026-01-01T08:01:00.250+00:00",
        "from the metadata"
    );
    assert_eq!(
        dataset.end_time.to_utc().to_rfc3339(),
        "2026-01-01T08:02:00+00:00"
    );
    assert_eq!((dataset.frames.as_str(), dataset.num_frames), ("1-4,8", 5));
    assert_eq!(
        (dataset.energy, dataset.exposure, dataset.beam_size),
        (12.658, Some(0.5), Some(50.0))
    );
    assert_eq!(
        (dataset.kind.as_str(), dataset.group.as_deref()),
        ("DATA", Some("native"))
    );
    assert_eq!(dataset.uuid.as_deref(), Some("u-1"));
    assert_eq!(
        dataset.directory_digest,
        directory_digest("/users/alice/day-1/lys-3-1")
    );
    let meta = rmpv::decode::read_value(&mut dataset.meta_data.as_slice()).unwrap();
    let names: Vec<_> = meta
        .as_map()
        .unwrap()
        .iter()
        .map(|(name, _)| name.as_str().unwrap())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(
        names.contains(&"two_theta") && names.contains(&"detector"),
        "{names:?}"
    );
    let (container, sample) = imported
        .catalog
        .samples
        .iter()
        .map(|(id, it)| (it.record.container, id))
        .next()
        .unwrap();
    assert_eq!(dataset.sample.unwrap().0, sample);
    assert!(imported.catalog.containers.get(container.0).is_some());
    assert_eq!(dataset.session.unwrap().0, 7);
}

#[test]
fn a_directory_that_is_not_known_has_a_digest_that_no_directory_has() {
    let imported = import(&text(&sound(SHAPES[0])), "[]");
    let digest = dataset(&imported.items).directory_digest;
    assert_eq!(digest, directory_digest("\0unknown directory of Dataset 100"));
    assert_ne!(digest, report(&imported.items).directory_digest);
}

#[test]
fn a_report_names_its_datasets_and_their_sessions() {
    let imported = import(&text(&sound(SHAPES[0])), &text(&proxy()));
    let report = report(&imported.items);
    assert_eq!((report.datasets[0].0, report.sessions[0].0), (100, 7));
    assert_eq!(
        (report.name.as_str(), report.kind.as_str(), report.score),
        ("MX", "MX Analysis", 0.8)
    );
    let details = rmpv::decode::read_value(&mut report.details.as_slice()).unwrap();
    assert_eq!(details[0]["content"][0]["z"].as_u64(), Some(1));
}

#[test]
fn the_paths_of_records_belong_to_their_projects() {
    let imported = import(&text(&sound(SHAPES[0])), &text(&proxy()));
    let (alice, _) = imported.catalog.project("alice").unwrap();
    let paths: Vec<_> = imported
        .items
        .iter()
        .filter_map(|item| match item {
            Item::Path { key, path } => Some((key.to_hex(), path.project, path.directory.clone())),
            _ => None,
        })
        .collect();
    assert_eq!(paths.len(), 4);
    assert_eq!(
        paths[1],
        (key('b'), Some(alice), "/users/alice/day-1/lys-3-1".to_owned())
    );
    assert_eq!(paths[3].1, None);
}

#[test]
fn a_connection_has_its_history_and_a_session_its_stretches() {
    let imported = import(&text(&sound(SHAPES[0])), "[]");
    let statuses = imported.items.iter().find_map(|item| match item {
        Item::Connection { connection, .. } => Some(
            connection
                .history
                .iter()
                .map(|(status, _)| *status)
                .collect::<Vec<_>>(),
        ),
        _ => None,
    });
    assert_eq!(
        statuses.unwrap(),
        [ConnectionStatus::Connected, ConnectionStatus::Finished]
    );
    let (session, state) = imported
        .items
        .iter()
        .fold((None, None), |found, item| match item {
            Item::Session { session, .. } => (Some(session), found.1),
            Item::BeamlineState { state, .. } => (found.0, Some(state)),
            _ => found,
        });
    let (session, state) = (session.unwrap(), state.unwrap());
    assert_eq!((session.stretches, session.ended_micros), (2, 7_200_000_000));
    assert_eq!(
        (session.latest.end, state.end, state.number, state.session.get()),
        (None, None, 2, Some(7))
    );
    let feedback = imported.items.iter().find_map(|item| match item {
        Item::Feedback { feedback, .. } => Some(feedback.areas.clone()),
        _ => None,
    });
    assert_eq!(feedback.unwrap(), [("Robot".to_owned(), Some(1), String::new())]);
}
