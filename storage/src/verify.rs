//! Checks a whole store, offline: every key, every record, every index both ways, every invariant.
//!
//! | file | what it holds |
//! |---|---|
//! | `findings.rs` | the result: problems, warnings, number of rows |
//! | `row.rs` | a row, whose key is parsed from the left |
//! | `ids.rs` | counters, and the ids that they allocated |
//! | `check.rs` | what all checks share: decoding, look-ups, reporting |
//! | `facility.rs` | what a facility file declares |
//! | `sessions.rs` | sessions, stretches, beamline states |
//! | `uploads.rs` | datasets, reports, answered requests |
//! | `directories.rs` | secure keys, their paths, the outbox |
//! | `log.rs` | feedback and the activity log |
//!
//! One pass reads all rows in the order of their keys; rows that they refer to are looked up.
//! Memory grows with the facility and with the number of sessions and stretches, not with the
//! number of datasets, reports or activities.

mod check;
mod directories;
mod facility;
mod findings;
mod ids;
mod log;
mod row;
mod sessions;
mod uploads;

pub use findings::{Findings, Lines, Rules};

use crate::chunks;
use crate::engine::Order;
use crate::ids::{ProjectId, SessionId};
use crate::keys::{successor, Table};
use crate::records::{
    Activity, BrowserSession, Dataset, FacilityRevision, Importing, OutboxLease, Report, Session, SpentToken,
    StoreFormat, Subject,
};
use crate::store::{ReadError, Store};
use crate::tally::Tally;
use check::Check;
use facility::Facility;
use log::Answers;
use row::{Checked, Row, Stop};
use sessions::Sessions;

/// Checks everything in `store`, which must not be written to meanwhile. `watch` is called now and
/// then with the number of rows checked and the current table.
///
/// # Errors
/// [`ReadError::Engine`] when the database cannot be read any further, which is damage too.
pub fn verify(store: &Store, rules: Rules, mut watch: impl FnMut(u64, Table)) -> Result<Findings, ReadError> {
    /// Rows between two calls of `watch`.
    const STRIDE: u64 = 1_000;
    let mut verifier = Verifier {
        check: Check::new(store, rules),
        stored: None,
        facility: Facility::default(),
        sessions: Sessions::default(),
        answers: Answers::default(),
    };
    let (mut found, mut rows) = (Tally::default(), 0_u64);
    let all = store
        .engine()
        .range(&[], &successor(&[u8::MAX]), Order::Ascending);
    for row in all {
        let (key, value) = row?;
        if key != Tally::key().as_bytes() {
            found.add(&key, &value);
        }
        let Some(table) = Table::of(&key) else {
            let key = row::shown("key", &key);
            verifier.check.problem(format!("{key}: no table has this number"));
            continue;
        };
        verifier.check.findings.count(table);
        verifier.row(Row::new(table, &key, &value))?;
        rows += 1;
        if rows.is_multiple_of(STRIDE) {
            watch(rows, table);
        }
    }
    verifier.finish(found);
    if let Some(trouble) = store.engine().disk().trouble {
        verifier.check.findings.warnings.add(trouble);
    }
    Ok(verifier.check.findings)
}

struct Verifier<'a> {
    check: Check<'a>,
    /// The tally in the store.
    stored: Option<Tally>,
    facility: Facility,
    sessions: Sessions,
    answers: Answers,
}

impl Verifier<'_> {
    fn row(&mut self, row: Row<'_>) -> Result<(), ReadError> {
        match self.check_row(row) {
            Ok(()) | Err(Stop::Reported) => {}
            Err(Stop::Malformed) => self
                .check
                .problem(format!("{}: not a key of this table", row.shown())),
            Err(Stop::Read(error)) => return Err(error),
        }
        Ok(())
    }

    /// The table of all checks. A new table does not compile until its rows are checked here.
    fn check_row(&mut self, row: Row<'_>) -> Checked {
        let check = &mut self.check;
        match row.table {
            Table::Meta => {
                row.end()?;
                check.decode::<StoreFormat>("store format", row).map(drop)
            }
            Table::Counter => check.ids.counter(row, &mut check.findings.problems),
            Table::RemovedIds => check.ids.removed(row, &mut check.findings.problems),
            Table::SkippedIds => check.ids.skipped(row, &mut check.findings.problems),
            Table::Tally => {
                row.end()?;
                self.stored = Tally::decode(row.value);
                if self.stored.is_none() {
                    check.problem(format!("tally: {} bytes instead of 32", row.value.len()));
                }
                Ok(())
            }
            Table::Project
            | Table::Beamline
            | Table::DataType
            | Table::ContainerType
            | Table::Container
            | Table::Automounter
            | Table::Group
            | Table::Sample
            | Table::AccessList
            | Table::Beamtime
            | Table::Person => self.facility.record(check, row),
            Table::FacilityRevision => {
                row.end()?;
                check
                    .decode::<FacilityRevision>("facility revision", row)
                    .map(drop)
            }
            Table::BeamlineState => sessions::beamline_state(check, row),
            Table::Session => self.sessions.session(check, row),
            Table::Stretch => sessions::stretch(check, row),
            Table::SessionByName => self.sessions.by_name(check, row),
            Table::SessionByProject => {
                check.owned(row, Table::Session, |it: &Session, id| it.project.0 == id)
            }
            Table::SessionByBeamline => {
                check.owned(row, Table::Session, |it: &Session, id| it.beamline.0 == id)
            }
            Table::SessionBySurvey => sessions::by_survey(check, row),
            Table::Feedback => self.answers.feedback(check, row),
            Table::FeedbackCount => self.answers.count(check, row),
            Table::Dataset => uploads::dataset(check, row),
            Table::DatasetByProject => uploads::dataset_by_project(check, row),
            Table::DatasetBySession => check.owned(row, Table::Dataset, |it: &Dataset, id| {
                it.session == Some(SessionId(id))
            }),
            Table::DatasetByIdentity => uploads::dataset_by_identity(check, row),
            Table::AnsweredRequest => uploads::answered_request(check, row),
            Table::AnsweredRequestByTime => uploads::answered_request_by_time(check, row),
            Table::Report => uploads::report(check, row),
            Table::ReportByProject => check.owned(row, Table::Report, |it: &Report, id| it.project.0 == id),
            Table::ReportBySession => check.owned(row, Table::Report, |it: &Report, id| {
                it.sessions.contains(&SessionId(id))
            }),
            Table::SecureKey => directories::secure_key(check, row),
            Table::SecurePath => directories::secure_path(check, row),
            Table::Outbox => directories::outbox(check, row),
            Table::OutboxLease => {
                row.end()?;
                check.decode::<OutboxLease>("outbox lease", row).map(drop)
            }
            Table::SpentToken => {
                let [_end, _, _] = row.ids()?;
                check.decode::<SpentToken>("spent token", row).map(drop)
            }
            Table::BrowserSession => {
                let [_end, _, _] = row.ids()?;
                check.decode::<BrowserSession>("browser session", row).map(drop)
            }
            Table::Importing => {
                row.end()?;
                check.decode::<Importing>("import", row).map(drop)
            }
            Table::Connection => log::connection(check, row),
            Table::Activity => log::activity(check, row),
            Table::ActivityByProject => check.owned(row, Table::Activity, |it: &Activity, id| {
                it.project == Some(ProjectId(id))
            }),
            Table::ActivityByContainer => check.owned(row, Table::Activity, |it: &Activity, id| {
                it.subject == Subject::Container && it.record.get() == Some(id)
            }),
            Table::Chunk => {
                let record = chunks::record_of(row.key).ok_or(Stop::Malformed)?;
                let head = check.store.engine().get(record).map_err(ReadError::from)?;
                let mut pieces = head.iter().flat_map(|head| chunks::piece_keys(record, head));
                if !pieces.any(|piece| piece == row.key) {
                    check.problem(format!(
                        "{}: an orphan, for no record names this piece",
                        row.shown()
                    ));
                }
                Ok(())
            }
        }
    }

    /// The checks that need all rows.
    fn finish(&mut self, found: Tally) {
        let check = &mut self.check;
        if check.findings.rows(Table::Meta) == 0 {
            check.problem("store format: there is none, so this is no store of beamlive".to_owned());
        }
        check.ids.finish(&mut check.findings.problems);
        self.answers.finish(check);
        self.facility.finish(check);
        self.sessions.finish(check);
        // Whether the rows are those that were written: none lost, none altered, no old ones.
        match self.stored {
            None => check.problem("tally: there is none, so nothing says which rows there should be".to_owned()),
            Some(stored) if stored.rows != found.rows => check.problem(format!(
                "tally: {} rows were written and not removed, and {} are there: the database has lost some, or brought some back",
                stored.rows, found.rows
            )),
            Some(stored) if stored.sum != found.sum => check.problem(
                "tally: the sum of the rows is not that of what was written: the database has altered some, or brought old ones back"
                    .to_owned(),
            ),
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
