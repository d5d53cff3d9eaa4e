//! What all checks share: decoding, look-ups, reporting.

use super::findings::{Findings, Rules};
use super::ids::Ids;
use super::row::{Checked, Row, Stop};
use crate::codec::decode;
use crate::ids::IdRef;
use crate::keys::{self, Key, Table};
use crate::records::Record;
use crate::store::{ReadError, Store};
use std::collections::HashSet;

/// A check in progress.
pub(super) struct Check<'a> {
    pub(super) store: &'a Store,
    pub(super) rules: Rules,
    pub(super) findings: Findings,
    pub(super) ids: Ids,
    /// The records of the facility that were found.
    pub(super) declared: HashSet<(Table, u64)>,
}

impl<'a> Check<'a> {
    pub(super) fn new(store: &'a Store, rules: Rules) -> Self {
        Self {
            store,
            rules,
            findings: Findings::default(),
            ids: Ids::default(),
            declared: HashSet::new(),
        }
    }

    pub(super) fn problem(&mut self, line: String) {
        self.findings.problems.add(line);
    }

    /// Decodes the record of a row. Reports one that does not decode.
    pub(super) fn decode<R: Record>(&mut self, what: &str, row: Row<'_>) -> Checked<R> {
        let problem = match self.store.whole(row.key, row.value.to_vec()) {
            Err(ReadError::Engine(error)) => return Err(Stop::Read(ReadError::Engine(error))),
            Ok(None) | Err(_) => "pieces of it are missing or not its own".to_owned(),
            Ok(Some(whole)) => match decode::<R>(&whole) {
                Ok(found) => return Ok(found.record),
                Err(error) => error.to_string(),
            },
        };
        self.problem(format!("{what}: {problem}"));
        Err(Stop::Reported)
    }

    /// Decodes the record of a table that allocates ids, and checks its id.
    pub(super) fn decode_with_id<R: Record>(&mut self, row: Row<'_>) -> Checked<(u64, String, R)> {
        let [id] = row.ids()?;
        self.found_id(row.table, id);
        let what = format!("{:?} {id}", row.table);
        let record = self.decode(&what, row)?;
        Ok((id, what, record))
    }

    pub(super) fn found_id(&mut self, table: Table, id: u64) {
        self.ids.found(table, id, &mut self.findings.problems);
    }

    /// The record of another row. `None` also if it does not decode, which the check of its own row
    /// reports.
    pub(super) fn find<R: Record>(&self, key: &Key) -> Checked<Option<R>> {
        match self.store.get::<R>(key) {
            Ok(found) => Ok(found.map(|found| found.record)),
            Err(ReadError::Engine(error)) => Err(Stop::Read(ReadError::Engine(error))),
            Err(_) => Ok(None),
        }
    }

    /// The record `id` of `table`, as [`Self::find`].
    pub(super) fn find_id<R: Record>(&self, table: Table, id: u64) -> Checked<Option<R>> {
        self.find(&keys::record(table, IdRef::Known(id)))
    }

    pub(super) fn exists(&self, key: &Key) -> Checked<bool> {
        Ok(self.store.get_bytes(key)?.is_some())
    }

    /// The id in an index entry. `None` also if its value is not an id.
    pub(super) fn index_entry(&self, key: &Key) -> Checked<Option<u64>> {
        let value = self.store.get_bytes(key)?;
        Ok(value
            .and_then(|value| value.try_into().ok())
            .map(u64::from_be_bytes))
    }

    /// Reports a reference to a record of the facility that does not exist.
    pub(super) fn require_declared(&mut self, what: &str, table: Table, id: u64) {
        if !self.declared.contains(&(table, id)) {
            self.problem(format!("{what}: {table:?} {id} does not exist"));
        }
    }

    /// Reports a record that is missing in the index `[table][owner][id]`.
    pub(super) fn require_indexed(&mut self, what: &str, table: Table, owner: u64, id: u64) -> Checked {
        if !self.exists(&keys::index(table, IdRef::Known(owner), IdRef::Known(id)))? {
            self.problem(format!("{what}: not in {table:?} of {owner}"));
        }
        Ok(())
    }

    /// Checks an entry of an index `[table][owner][id]`: the record `id` of the table `records`
    /// belongs to the owner.
    pub(super) fn owned<R: Record>(
        &mut self,
        row: Row<'_>,
        records: Table,
        belongs: impl FnOnce(&R, u64) -> bool,
    ) -> Checked {
        let [owner, id] = row.ids()?;
        let record = self.find_id::<R>(records, id)?;
        if !record.is_some_and(|record| belongs(&record, owner)) {
            let (index, record) = (row.table, R::NAME);
            self.problem(format!(
                "{index:?} of {owner}: {record} {id} does not belong to it"
            ));
        }
        Ok(())
    }
}
