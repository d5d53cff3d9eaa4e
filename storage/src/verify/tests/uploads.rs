//! Damage to datasets, reports, their directories, and the log.

use super::sound::{by_identity, key, known, opened, ALICE, BM};
use super::{breaks, Table};
use crate::ids::{AccessListId, BeamlineId, DatasetId, ProjectId, SessionId};
use crate::keys::{self, identified, Key};
use crate::records::{
    Activity, AnsweredRequest, Connection, Dataset, PendingForward, Report, SecurePath, Subject,
};

#[test]
fn datasets_are_in_their_indexes() {
    breaks(
        |bench| {
            bench.write(|batch| {
                batch.clear(keys::dataset_by_project(BM, ALICE, known(1)));
                batch.clear(keys::index(Table::DatasetBySession, SessionId(1), known(1)));
                batch.clear(by_identity("uuid-1", 1));
            });
        },
        &[
            "Dataset 1: not in DatasetByProject of 1 at beamline 1",
            "Dataset 1: not in DatasetBySession of 1",
            "Dataset 1: its uuid, name and directory do not lead to it",
        ],
    );
}

#[test]
fn indexes_lead_to_datasets() {
    let theirs = "does not lead to the dataset of project 1 with this uuid, name and directory";
    breaks(
        |bench| {
            bench.write(|batch| {
                batch.mark(keys::dataset_by_project(BM, ProjectId(2), known(1)));
                batch.mark(keys::dataset_by_project(BeamlineId(2), ALICE, known(1)));
                batch.mark(keys::index(Table::DatasetBySession, SessionId(2), known(2)));
                batch.mark(Key::of(Table::DatasetByProject).id(BM).id(ALICE));
                batch.mark(Key::of(Table::DatasetByIdentity).id(BM));
            });
        },
        &[
            "DatasetByProject 290000000000000001…: not a key of this table",
            "DatasetByProject of 2 at beamline 1: dataset 1 does not belong to it, or is in another session",
            "DatasetByProject of 1 at beamline 2: dataset 1 does not belong to it, or is in another session",
            "DatasetBySession of 2: dataset 2 does not belong to it",
            "DatasetByIdentity 2c0000000000000001: not a key of this table",
        ],
    );
    // The value of another dataset, of a uuid that the dataset never had, and a value without an
    // id.
    for value in [
        identified(DatasetId(2), None),
        identified(DatasetId(1), None),
        identified(DatasetId(1), Some("another")),
        identified(DatasetId(9), Some("older")),
        vec![1],
    ] {
        breaks(
            |bench| bench.write(|batch| batch.set(by_identity("older", 1), &value)),
            &[&format!("DatasetByIdentity 2c0000000000000001…: {theirs}")],
        );
    }
}

#[test]
fn a_retry_has_the_same_name_and_directory() {
    breaks(
        |bench| {
            bench.change::<Dataset>(&keys::dataset(known(2)), |dataset| dataset.name = "lys-2".to_owned());
        },
        &[
            "Dataset 2: its uuid, name and directory do not lead to it",
            "DatasetByIdentity 2c0000000000000001…: does not lead to the dataset of project 1 with this uuid, name and directory",
        ],
    );
}

#[test]
fn the_index_of_a_project_has_the_sessions() {
    breaks(
        |bench| {
            bench.write(|batch| {
                batch.point(keys::dataset_by_project(BM, ALICE, known(1)), known(2));
                batch.set(keys::dataset_by_project(BM, ALICE, known(2)), &[0; 3]);
            });
        },
        &[
            "DatasetByProject of 1 at beamline 1: dataset 1 does not belong to it, or is in another session",
            "DatasetByProject of 1 at beamline 1: dataset 2 does not belong to it, or is in another session",
        ],
    );
}

#[test]
fn a_dataset_that_is_lost_is_named() {
    breaks(
        |bench| {
            bench.write(|batch| {
                batch.clear(keys::dataset(known(2)));
                batch.clear(keys::dataset_by_project(BM, ALICE, known(2)));
            });
        },
        &[
            "DatasetByIdentity 2c0000000000000001…: does not lead to the dataset of project 1 with this uuid, name and directory",
            "Report 1: dataset 2 does not exist, or is another project's",
            "SecurePath 3d0202020202020202…: there is no such record",
            "Dataset 2: given once, never removed, and not there",
        ],
    );
}

#[test]
fn a_dataset_belongs_to_a_session_of_its_project() {
    breaks(
        |bench| {
            bench.change::<Dataset>(&keys::dataset(known(1)), |dataset| dataset.project = ProjectId(2));
        },
        &[
            "Dataset 1: not in DatasetByProject of 2 at beamline 1",
            "Dataset 1: session 1 does not exist, or is another project's or beamline's",
            "Dataset 1: its uuid, name and directory do not lead to it",
            "DatasetByProject of 1 at beamline 1: dataset 1 does not belong to it, or is in another session",
            "DatasetByIdentity 2c0000000000000001…: does not lead to the dataset of project 1 with this uuid, name and directory",
            "DatasetByIdentity 2c0000000000000001…: does not lead to the dataset of project 1 with this uuid, name and directory",
            "AnsweredRequest of project 1: Dataset 1, which it was answered with, is not the project's",
            "Report 1: dataset 1 does not exist, or is another project's",
            "Report 1: its sessions are not those of its datasets",
            "SecurePath 3d0101010101010101…: it opens another directory than that of Dataset 1",
        ],
    );
}

#[test]
fn answers_are_of_the_projects_records_and_are_found_by_time() {
    breaks(
        |bench| {
            let row = keys::answered_request(ALICE, &[5; 16]);
            bench.change::<AnsweredRequest>(&row, |answered| {
                answered.received = super::sound::T(9);
                answered.record = 9.into();
            });
            bench.write(|batch| batch.mark(Key::of(Table::AnsweredRequestByTime).number(1)));
        },
        &[
            "AnsweredRequest of project 1: not in AnsweredRequestByTime, so it is never forgotten",
            "AnsweredRequest of project 1: Dataset 9, which it was answered with, is not the project's",
            "AnsweredRequestByTime 2f00000001: not a key of this table",
            "AnsweredRequestByTime 2f00060a24181e4000…: no request was answered then",
        ],
    );
}

#[test]
fn pieces_belong_to_their_record() {
    let piece = |record: u64, revision: u64, n: u32| {
        let record = keys::dataset(known(record));
        Key::of(Table::Chunk)
            .tail(record.as_bytes())
            .id(known(revision))
            .number(n)
    };
    breaks(
        |bench| {
            bench.write(|batch| {
                batch.set(piece(1, 1, 3), b"beyond the last");
                batch.set(piece(1, 7, 0), b"of another revision");
                batch.set(piece(2, 1, 0), b"of a record that is whole");
                batch.mark(Key::of(Table::Chunk).number(1));
            });
        },
        &[
            "Chunk ff00000001: not a key of this table",
            "Chunk ff2800000000000000…: an orphan, for no record names this piece",
            "Chunk ff2800000000000000…: an orphan, for no record names this piece",
            "Chunk ff2800000000000000…: an orphan, for no record names this piece",
        ],
    );
    let changed = super::Bench::new();
    changed.write(|batch| batch.set(piece(1, 1, 1), b"other bytes"));
    let problems = changed.problems();
    assert_eq!(problems[0], "Dataset 1: pieces of it are missing or not its own");
}

#[test]
fn reports_are_about_datasets_of_their_project() {
    breaks(
        |bench| {
            bench.change::<Report>(&keys::report(known(1)), |report| {
                report.datasets = vec![DatasetId(2), DatasetId(9)];
                report.sessions = vec![SessionId(2)];
            });
            bench.write(|batch| {
                batch.clear(keys::index(Table::ReportByProject, ALICE, known(1)));
                batch.mark(keys::index(Table::ReportByProject, ProjectId(2), known(1)));
            });
        },
        &[
            "Report 1: not in ReportByProject of 1",
            "Report 1: dataset 9 does not exist, or is another project's",
            "Report 1: its sessions are not those of its datasets",
            "Report 1: not in ReportBySession of 2",
            "ReportByProject of 2: report 1 does not belong to it",
            "ReportBySession of 1: report 1 does not belong to it",
        ],
    );
}

#[test]
fn a_directory_has_a_key_or_waits_for_one() {
    breaks(
        |bench| {
            bench.write(|batch| {
                batch.clear(keys::secure_key(Subject::Session, known(1)));
                batch.set(keys::secure_key(Subject::Report, known(1)), &key(9).0);
                batch.set(keys::secure_key(Subject::Dataset, known(2)), &key(9).0);
                batch.set(keys::secure_key(Subject::Dataset, known(9)), &key(9).0);
                batch.set(keys::secure_key(Subject::Session, known(2)), b"short");
            });
        },
        &[
            "Session 1: has no secure key and does not wait for one",
            "Session 2: has a secure key and waits in the outbox for one",
            "Dataset 2: has two secure keys",
            "Report 1: has a secure key and waits in the outbox for one",
            "SecureKey of Session 2: 5 bytes are no key",
            "SecureKey of Dataset 9: there is no such record",
        ],
    );
}

#[test]
fn records_lead_to_the_paths_of_their_keys_and_back() {
    // An expired key is not a problem.
    breaks(
        |bench| bench.write(|batch| batch.clear(keys::secure_path(&key(1)))),
        &[],
    );
    breaks(
        |bench| {
            bench.change::<SecurePath>(&keys::secure_path(&key(1)), |path| {
                path.directory = "/users/bob".to_owned();
            });
        },
        &["SecurePath 3d0101010101010101…: it opens another directory than that of Dataset 1"],
    );
    breaks(
        |bench| {
            bench.change::<SecurePath>(&keys::secure_path(&key(1)), |path| path.record = 9.into());
        },
        &[
            "Dataset 1: its key opens another record's directory",
            "SecurePath 3d0101010101010101…: there is no such record",
        ],
    );
    breaks(
        |bench| bench.write(|batch| opened(batch, Some(2), "/users/alice/2", key(8))),
        &["SecurePath 3d0808080808080808…: Dataset 2 does not name this key"],
    );
}

#[test]
fn an_external_key_that_is_known_here_opens_its_records_directory() {
    breaks(
        |bench| {
            bench.write(|batch| batch.set(keys::secure_key(Subject::Session, known(1)), &key(3).0));
        },
        &["SecureKey of Session 1: it opens another directory"],
    );
}

#[test]
fn the_outbox_has_the_directory_of_the_record() {
    breaks(
        |bench| {
            let row = keys::outbox(Subject::Report, known(1));
            bench.change::<PendingForward>(&row, |row| row.directory = "/users/bob".to_owned());
            let row = keys::outbox(Subject::Session, known(2));
            bench.change::<PendingForward>(&row, |row| row.project = ProjectId(2));
        },
        &[
            "Outbox of Session 2: another directory waits than the record's",
            "Outbox of Report 1: another directory waits than the record's",
        ],
    );
}

#[test]
fn the_log_is_complete() {
    breaks(
        |bench| {
            bench.write(|batch| {
                batch.clear(keys::index(Table::ActivityByProject, ALICE, known(1)));
                batch.mark(keys::index(Table::ActivityByProject, ALICE, known(2)));
            });
            bench.change::<Activity>(&keys::activity(known(2)), |entry| entry.record = 9.into());
        },
        &[
            "Activity 1: not in ActivityByProject of 1",
            "Activity 2: it is about Dataset 9, which does not exist",
            "ActivityByProject of 1: activity 2 does not belong to it",
        ],
    );
    breaks(
        |bench| {
            bench.write(|batch| batch.mark(keys::index(Table::ActivityByContainer, known(8), known(2))));
            bench.change::<Activity>(&keys::activity(known(1)), |entry| {
                entry.subject = Subject::Container;
                entry.record = 7.into();
            });
        },
        &[
            "Activity 1: not in ActivityByContainer of 7",
            "ActivityByContainer of 8: activity 2 does not belong to it",
        ],
    );
    breaks(
        |bench| bench.write(|batch| batch.point(keys::counter(Table::Activity), known(4))),
        &["Activity 3 to 4: given once, never removed, and not there"],
    );
}

#[test]
fn connections_are_those_of_a_list_and_a_project() {
    let row = keys::connection(AccessListId(9), ProjectId(8), "nx-2");
    breaks(
        |bench| {
            let own = keys::connection(AccessListId(1), ALICE, "nx-1");
            bench.change::<Connection>(&own, |connection| connection.history.clear());
            bench.write(|batch| {
                batch.insert(
                    row.clone(),
                    &Connection {
                        created: super::sound::T(1),
                        end: None,
                        history: vec![(crate::records::ConnectionStatus::Failed, super::sound::T(1))],
                    },
                )
            });
        },
        &[
            "Connection nx-1 of Project 1: it has no history",
            "Connection nx-2 of Project 8: AccessList 9 does not exist",
            "Connection nx-2 of Project 8: Project 8 does not exist",
        ],
    );
}
