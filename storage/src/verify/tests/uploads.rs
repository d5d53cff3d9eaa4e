//! Damage to datasets, reports, their directories, and the log.

use super::sound::{digest, key, known, opened, ALICE, BM};
use super::{breaks, Table};
use crate::ids::{AccessListId, BeamlineId, DatasetId, ProjectId, SessionId};
use crate::keys::{self, Key};
use crate::records::{
    Activity, AnsweredRequest, Connection, Dataset, PendingForward, Report, SecurePath, Subject,
};

#[test]
fn datasets_are_in_their_indexes() {
    breaks(
        |bench| {
            bench.write(|batch| {
                batch.clear(keys::index(Table::DatasetByProject, ALICE, known(1)));
                batch.clear(keys::index(Table::DatasetByBeamline, BM, known(1)));
                batch.clear(keys::index(Table::DatasetBySession, SessionId(1), known(1)));
                batch.clear(keys::dataset_by_uuid(ALICE, "uuid-1"));
            });
        },
        &[
            "Dataset 1: not in DatasetByProject of 1",
            "Dataset 1: not in DatasetByBeamline of 1",
            "Dataset 1: not in DatasetBySession of 1",
            "Dataset 1: its uuid does not lead to it",
            "Report 1: dataset 1 does not exist, or is another project's",
            "Report 1: its sessions are not those of its datasets",
        ],
    );
}

#[test]
fn indexes_lead_to_datasets() {
    breaks(
        |bench| {
            bench.write(|batch| {
                batch.mark(keys::index(Table::DatasetByProject, ProjectId(2), known(1)));
                batch.mark(keys::index(Table::DatasetByBeamline, BeamlineId(2), known(1)));
                batch.mark(keys::index(Table::DatasetBySession, SessionId(2), known(2)));
                batch.point(keys::dataset_by_uuid(ProjectId(2), "theirs"), known(1));
            });
        },
        &[
            "DatasetByProject of 2: dataset 1 is not its, or is of another session",
            "DatasetBySession of 2: dataset 2 is not its",
            "DatasetByBeamline of 2: dataset 1 is not its",
            "DatasetByUuid theirs of project 2: does not lead to a dataset of the project",
        ],
    );
}

#[test]
fn the_index_of_a_project_names_the_sessions() {
    breaks(
        |bench| {
            bench.write(|batch| {
                batch.point(keys::index(Table::DatasetByProject, ALICE, known(1)), known(2));
                batch.set(keys::index(Table::DatasetByProject, ALICE, known(2)), &[0; 3]);
            });
        },
        &[
            "DatasetByProject of 1: dataset 1 is not its, or is of another session",
            "DatasetByProject of 1: dataset 2 is not its, or is of another session",
            "Report 1: dataset 2 does not exist, or is another project's",
            "Report 1: its sessions are not those of its datasets",
        ],
    );
}

#[test]
fn a_dataset_that_is_lost_is_named() {
    breaks(
        |bench| {
            bench.write(|batch| {
                batch.clear(keys::dataset(known(2)));
                batch.clear(keys::index(Table::DatasetByProject, ALICE, known(2)));
            });
        },
        &[
            "DatasetByBeamline of 1: dataset 2 is not its",
            "DatasetByUuid uuid-2 of project 1: does not lead to a dataset of the project",
            "Report 1: dataset 2 does not exist, or is another project's",
            "SecureKey of Dataset 2: there is no such record",
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
            "Dataset 1: not in DatasetByProject of 2",
            "Dataset 1: session 1 does not exist, or is another project's or beamline's",
            "Dataset 1: its uuid does not lead to it",
            "DatasetByProject of 1: dataset 1 is not its, or is of another session",
            "DatasetByUuid older of project 1: does not lead to a dataset of the project",
            "DatasetByUuid uuid-1 of project 1: does not lead to a dataset of the project",
            "AnsweredRequest of project 1: Dataset 1, which it was answered with, is not the project's",
            "SecureKey of Dataset 1: it opens another directory",
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
fn pieces_belong_together() {
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
            "ReportByProject of 2: report 1 is not its",
            "ReportBySession of 1: report 1 is not its",
        ],
    );
}

#[test]
fn a_directory_has_a_key_or_waits_for_one() {
    breaks(
        |bench| {
            bench.write(|batch| {
                batch.clear(keys::secure_key(Subject::Dataset, known(1)));
                batch.set(keys::secure_key(Subject::Report, known(1)), &key(9).0);
                batch.set(keys::secure_key(Subject::Dataset, known(9)), &key(9).0);
                batch.set(keys::secure_key(Subject::Session, known(1)), b"short");
            });
        },
        &[
            "Dataset 1: has no secure key and does not wait for one",
            "Report 1: has a secure key and waits in the outbox for one",
            "SecureKey of Session 1: 5 bytes are no key",
            "SecureKey of Dataset 9: there is no such record",
        ],
    );
}

#[test]
fn keys_lead_to_paths_and_back() {
    breaks(
        |bench| {
            bench.write(|batch| {
                batch.clear(keys::secure_path(&key(1)));
                batch.clear(keys::secure_path_by_directory(None, &digest("/users")));
            });
        },
        &[
            "SecurePath 3d0303030303030303…: its directory does not lead to it",
            "SecurePathByDirectory 3e0000000000000001…: does not lead to the key of this directory",
        ],
    );
    breaks(
        |bench| {
            bench.change::<SecurePath>(&keys::secure_path(&key(1)), |path| {
                path.directory = "/users/bob".to_owned();
            });
        },
        &[
            "SecureKey of Dataset 1: it opens another directory",
            "SecurePath 3d0101010101010101…: its directory does not lead to it",
            "SecurePathByDirectory 3e0000000000000001…: does not lead to the key of this directory",
        ],
    );
}

#[test]
fn a_key_opens_its_records_directory() {
    breaks(
        |bench| {
            bench.write(|batch| {
                opened(batch, Some(ALICE), "/users/alice/else", key(8));
                batch.set(keys::secure_key(Subject::Dataset, known(1)), &key(8).0);
            });
        },
        &["SecureKey of Dataset 1: it opens another directory"],
    );
}

#[test]
fn what_waits_is_the_records_directory() {
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
            "ActivityByProject of 1: activity 2 is not about it",
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
            "Connection nx-1 of project 1: it has no history",
            "Connection nx-2 of project 8: AccessList 9 does not exist",
            "Connection nx-2 of project 8: Project 8 does not exist",
        ],
    );
}
