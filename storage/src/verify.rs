//! Checks a whole store, offline: every key, every record, every index both ways, every invariant.
//!
//! | file | what it checks |
//! |---|---|
//! | `findings.rs` | what is told of a store: problems, warnings, rows |
//! | `parts.rs` | keys, taken apart |
//! | `look.rs` | the rows that a row leads to |
//! | `facility.rs` | what a facility file declares, which is kept in memory |
//! | `visits.rs` | sessions, stretches, who has a beamline |
//! | `uploads.rs` | datasets and reports |
//! | `once.rs` | what was answered under an `Idempotency-Key` |
//! | `directories.rs` | secure keys, their paths, the outbox |
//! | `log.rs` | connections, feedback, the activity log |
//! | `pieces.rs` | pieces of large values |
//!
//! One pass over all rows in the order of their keys; what a row leads to is looked up. Memory grows with what is
//! declared and with the number of sessions and stretches, not with that of datasets, reports or activities.

mod directories;
mod facility;
mod findings;
mod log;
mod look;
mod once;
mod parts;
mod pieces;
mod uploads;
mod visits;

pub use findings::{Findings, Lines};

use crate::engine::Order;
use crate::keys::{successor, Table};
use crate::records::StoreFormat;
use crate::store::{ReadError, Store};
use crate::tally::Tally;
use facility::Facility;
use parts::Parts;
use std::collections::{BTreeMap, HashMap};
use visits::Visits;

/// What the rules of the service promise, as far as the store's own shape does not say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// A session is joined by a launch of its name for so long after its last stretch, in microseconds.
    pub joinable_micros: i64,
    /// Containers in each other, at most.
    pub deepest: usize,
}

/// Checks everything in `store`, which nobody may write to meanwhile. `watch` is called now and then with the rows
/// seen so far and the table they are in.
///
/// # Errors
/// [`ReadError::Engine`] when the database can't be read any further: that is damage too.
pub fn verify(store: &Store, rules: Rules, mut watch: impl FnMut(u64, Table)) -> Result<Findings, ReadError> {
    /// Rows between two calls of `watch`.
    const STRIDE: u64 = 1_000;
    let mut check = Check {
        store,
        rules,
        findings: Findings::default(),
        counters: HashMap::new(),
        skipped: HashMap::new(),
        ids: BTreeMap::new(),
        found: Tally::default(),
        told: None,
        facility: Facility::default(),
        visits: Visits::default(),
        answers: BTreeMap::new(),
    };
    let mut rows = 0_u64;
    for row in store
        .engine()
        .range(&[], &successor(&[u8::MAX]), Order::Ascending)
    {
        let (key, value) = row?;
        if key != Tally::key().as_bytes() {
            check.found.add(&key, &value);
        }
        match key.first().copied().and_then(Table::from_byte) {
            Some(table) => {
                check.findings.count(table);
                check.row(table, &key, &value)?;
                rows += 1;
                if rows.is_multiple_of(STRIDE) {
                    watch(rows, table);
                }
            }
            None => check.problem(format!("{}: no table has this number", parts::shown("key", &key))),
        }
    }
    check.finish();
    check.compare_tally();
    if let Some(trouble) = store.engine().disk().trouble {
        check.findings.warnings.add(trouble);
    }
    Ok(check.findings)
}

/// A check that is under way.
struct Check<'a> {
    store: &'a Store,
    rules: Rules,
    findings: Findings,
    /// The last id given, by table.
    counters: HashMap<Table, u64>,
    /// Ids that nobody got, by table: the first and the last of each gap, in order.
    skipped: HashMap<Table, Vec<(u64, u64)>>,
    /// Of tables with ids: the greatest one met, and how many.
    ids: BTreeMap<Table, (u64, u64)>,
    /// What the rows come to, and what the store says of that.
    found: Tally,
    told: Option<Tally>,
    facility: Facility,
    visits: Visits,
    /// Answers to surveys that were met, by session, until their count is.
    answers: BTreeMap<u64, u32>,
}

impl Check<'_> {
    /// Checks one row. A new table has to say here what its rows are.
    fn row(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), ReadError> {
        let parts = Parts::of(table, key);
        match table {
            Table::Meta => self.meta(parts, key, value),
            Table::Counter => {
                self.counter(parts, key, value);
                Ok(())
            }
            Table::Tally => {
                self.tally(parts, key, value);
                Ok(())
            }
            Table::SkippedIds => {
                self.skipped_ids(parts, key, value);
                Ok(())
            }
            Table::Project => self.project(parts, key, value),
            Table::Beamline => self.beamline(parts, key, value),
            Table::DataType => self.data_type(parts, key, value),
            Table::ContainerType => self.container_type(parts, key, value),
            Table::Container => self.container(parts, key, value),
            Table::Automounter => self.automounter(parts, key, value),
            Table::Group => self.group(parts, key, value),
            Table::Sample => self.sample(parts, key, value),
            Table::AccessList => self.access_list(parts, key, value),
            Table::Beamtime => self.beamtime(parts, key, value),
            Table::BeamlineState => self.beamline_state(parts, key, value),
            Table::Session => self.session(parts, key, value),
            Table::Stretch => self.stretch(parts, key, value),
            Table::SessionByName => self.session_by_name(parts, key, value),
            Table::SessionByProject => self.session_index(parts, key, |session| session.project.0),
            Table::SessionByBeamline => self.session_index(parts, key, |session| session.beamline.0),
            Table::SessionBySurvey => self.session_by_survey(parts, key, value),
            Table::Feedback => self.feedback(parts, key, value),
            Table::FeedbackCount => self.feedback_count(parts, key, value),
            Table::Dataset => self.dataset(parts, key, value),
            Table::DatasetByProject => self.dataset_by_project(parts, key, value),
            Table::DatasetBySession => self.dataset_by_session(parts, key),
            Table::DatasetByIdentity => self.dataset_by_identity(parts, key, value),
            Table::AnsweredRequest => self.answered_request(parts, key, value),
            Table::AnsweredRequestByTime => self.answered_request_by_time(key),
            Table::Report => self.report(parts, key, value),
            Table::ReportByProject => {
                self.report_index(parts, key, |report, owner| report.project.0 == owner)
            }
            Table::ReportBySession => self.report_index(parts, key, |report, owner| {
                report.sessions.iter().any(|session| session.0 == owner)
            }),
            Table::SecureKey => self.secure_key(parts, key, value),
            Table::SecurePath => self.secure_path(parts, key, value),
            Table::Outbox => self.outbox(parts, key, value),
            Table::Connection => self.connection(parts, key, value),
            Table::Activity => self.activity(parts, key, value),
            Table::ActivityByProject => self.activity_by_project(parts, key),
            Table::Chunk => self.piece(key),
        }
    }

    fn meta(&mut self, parts: Parts<'_>, key: &[u8], value: &[u8]) -> Result<(), ReadError> {
        if parts.end().is_none() {
            self.malformed(key);
            return Ok(());
        }
        self.decoded::<StoreFormat>("store format", key, value).map(drop)
    }

    fn counter(&mut self, mut parts: Parts<'_>, key: &[u8], value: &[u8]) {
        let table = parts.byte().and_then(Table::from_byte);
        match (table, parts.end(), <[u8; 8]>::try_from(value)) {
            (Some(table), Some(()), Ok(last)) => {
                self.counters.insert(table, u64::from_be_bytes(last));
            }
            (Some(table), Some(()), Err(_)) => {
                self.problem(format!(
                    "counter of {table:?}: {} bytes are no number",
                    value.len()
                ));
            }
            _ => self.malformed(key),
        }
    }

    fn tally(&mut self, parts: Parts<'_>, key: &[u8], value: &[u8]) {
        match (parts.end(), Tally::decode(value)) {
            (Some(()), Some(told)) => self.told = Some(told),
            (Some(()), None) => self.problem(format!("tally: {} bytes are none", value.len())),
            (None, _) => self.malformed(key),
        }
    }

    /// Whether the rows are those that were written: none lost, none come back, none altered.
    fn compare_tally(&mut self) {
        let found = self.found;
        match self.told {
            None => self.problem("tally: there is none, so nothing says which rows there should be".to_owned()),
            Some(told) if told.rows != found.rows => self.problem(format!(
                "tally: {} rows were written and not removed, and {} are there: the database has lost some, or brought some back",
                told.rows, found.rows
            )),
            Some(told) if told.sum != found.sum => self.problem(
                "tally: the sum of the rows is not that of what was written: the database has altered some, or brought old ones back"
                    .to_owned(),
            ),
            Some(_) => {}
        }
    }

    /// Skipped ids follow each other, and the counter stands at the last of them or beyond.
    fn skipped_ids(&mut self, mut parts: Parts<'_>, key: &[u8], value: &[u8]) {
        let place = (parts.byte().and_then(Table::from_byte), parts.id(), parts.end());
        let (Some(table), Some(first), Some(())) = place else {
            self.malformed(key);
            return;
        };
        let last = value.try_into().map(u64::from_be_bytes).unwrap_or(0);
        let counter = self.counters.get(&table).copied().unwrap_or(0);
        let skipped = self.skipped.entry(table).or_default();
        let follows = skipped.last().is_none_or(|(_, before)| *before < first);
        if first == 0 || last < first || last > counter || !follows {
            self.problem(format!(
                "SkippedIds of {table:?} from {first}: up to {last}, which no change of the counter left out"
            ));
        } else {
            skipped.push((first, last));
        }
    }

    /// Notes that `table` has this id: from a counter, and not used up.
    fn id(&mut self, table: Table, id: u64) {
        let counter = self.counters.get(&table).copied().unwrap_or(0);
        if id == 0 {
            self.problem(format!("{table:?} 0: ids start at 1"));
        } else if id > counter {
            self.problem(format!(
                "{table:?} {id}: the counter stands at {counter}, so this id will be given again"
            ));
        }
        let (greatest, count) = self.ids.entry(table).or_default();
        let missing = (*greatest + 1, id.saturating_sub(1));
        *greatest = id.max(*greatest);
        *count += 1;
        self.missing(table, missing);
        if self.is_skipped(table, id) {
            self.problem(format!(
                "{table:?} {id}: this id was skipped, so it was never given"
            ));
        }
    }

    fn is_skipped(&self, table: Table, id: u64) -> bool {
        let skipped = self.skipped.get(&table).map_or(&[][..], Vec::as_slice);
        skipped.iter().any(|(first, last)| (*first..=*last).contains(&id))
    }

    /// Of a table that keeps what it was given, these are not there: all but those that were skipped are missing.
    fn missing(&mut self, table: Table, (mut first, last): (u64, u64)) {
        if !is_complete(table) {
            return;
        }
        let skipped = self.skipped.get(&table).cloned().unwrap_or_default();
        for (from, to) in skipped {
            if from <= last && to >= first {
                self.not_there(table, (first, from.saturating_sub(1)));
                first = to.saturating_add(1);
            }
        }
        self.not_there(table, (first, last));
    }

    fn not_there(&mut self, table: Table, (first, last): (u64, u64)) {
        if first > last {
            return;
        }
        let which = if first == last {
            format!("{table:?} {first}")
        } else {
            format!("{table:?} {first} to {last}")
        };
        self.problem(format!("{which}: given once, never removed, and not there"));
    }

    /// What can be told only when all rows were seen.
    fn finish(&mut self) {
        if self.findings.rows(Table::Meta) == 0 {
            self.problem("store format: there is none, so this is no store of beamlive".to_owned());
        }
        let mut counters: Vec<_> = self
            .counters
            .iter()
            .map(|(table, last)| (*table, *last))
            .collect();
        counters.sort_unstable();
        for (table, last) in counters {
            let (greatest, count) = self.ids.get(&table).copied().unwrap_or_default();
            self.missing(table, (greatest + 1, last));
            if table == Table::Feedback && count < last {
                self.problem(format!(
                    "Feedback: {last} answers were given, and {count} are there"
                ));
            }
        }
        for session in std::mem::take(&mut self.answers).into_keys() {
            self.problem(format!("Feedback of session {session}: it has no FeedbackCount"));
        }
        self.whole_facility();
        self.whole_visits();
    }

    fn problem(&mut self, line: String) {
        self.findings.problems.add(line);
    }

    fn malformed(&mut self, key: &[u8]) {
        let table = key.first().copied().and_then(Table::from_byte);
        let table = table.map_or_else(|| "?".to_owned(), |table| format!("{table:?}"));
        self.problem(format!("{}: not a key of this table", parts::shown(&table, key)));
    }
}

/// Whether a table has every id that its counter gave and did not skip: nothing removes from it.
fn is_complete(table: Table) -> bool {
    matches!(
        table,
        Table::Session | Table::Dataset | Table::Report | Table::Activity
    )
}

#[cfg(test)]
mod tests;
