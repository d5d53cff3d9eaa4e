//! Feedback, connections, activities, paths.

use super::error::WriteError;
use super::stored::{Stored, Written};
use beamlive_actors::access::history::{observe, Entry, Observed};
use beamlive_storage::ids::{AccessListId, Account, IdRef, SessionId};
use beamlive_storage::keys::{self, Key, Table};
use beamlive_storage::records::{Activity, Connection, Feedback, FeedbackCount, SecureKey, SecurePath};
use beamlive_storage::{Batch, Order, ReadError, Store};
use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

/// What the store has, and what was added.
#[derive(Default)]
pub(super) struct Log {
    /// Digests of all activities of the store; read when the first is added.
    known: Option<HashSet<u64>>,
    /// Answers that were added to sessions.
    answers: BTreeMap<SessionId, u32>,
}

impl Log {
    /// Adds an answer to a survey, unless the session has the same one.
    pub(super) fn feedback(
        &mut self,
        store: &Store,
        batch: &mut Batch,
        session: SessionId,
        feedback: &Feedback,
    ) -> Result<Written, WriteError> {
        let (start, end) = keys::below(&keys::record(Table::Feedback, session), None);
        for row in store.scan::<Feedback>(&start, &end, Order::Ascending) {
            if row?.1.record == *feedback {
                return Ok(Written::Same);
            }
        }
        let id = batch.allocate(Table::Feedback);
        batch.insert(keys::feedback(session, id), feedback);
        *self.answers.entry(session).or_default() += 1;
        Ok(Written::New)
    }

    /// Adds an activity, unless the store has the same one.
    pub(super) fn activity(
        &mut self,
        store: &Store,
        batch: &mut Batch,
        activity: &Activity,
    ) -> Result<Written, WriteError> {
        let known = match &mut self.known {
            Some(known) => known,
            None => self.known.insert(activities(store)?),
        };
        if known.contains(&digest(activity)) {
            return Ok(Written::Same);
        }
        let id = batch.allocate(Table::Activity);
        let names = IdRef::Known(activity.record.get().unwrap_or(0));
        batch.insert_naming(keys::activity(id), activity, names);
        let record = activity.record.get().map(IdRef::Known);
        for (table, owner) in keys::activity_indexes(activity.subject, record, activity.project) {
            batch.mark(keys::index(table, owner, id));
        }
        Ok(Written::New)
    }

    pub(super) fn finish(self, store: &Store, batch: &mut Batch) -> Result<(), ReadError> {
        for (session, added) in self.answers {
            let key = keys::feedback_count(session);
            match Stored::<FeedbackCount>::read(store, &key)? {
                Stored::Nothing => batch.insert(key, &FeedbackCount { answers: added }),
                Stored::Record(old, revision) => {
                    let answers = old.answers.saturating_add(added);
                    batch.replace(key, revision, &FeedbackCount { answers });
                }
            }
        }
        Ok(())
    }
}

fn activities(store: &Store) -> Result<HashSet<u64>, ReadError> {
    let (start, end) = keys::below(&Key::of(Table::Activity), None);
    let rows = store.scan::<Activity>(&start, &end, Order::Ascending);
    rows.map(|row| Ok(digest(&row?.1.record))).collect()
}

fn digest(activity: &Activity) -> u64 {
    let Activity {
        record,
        subject,
        project,
        who,
        address,
        action,
        note,
        time,
    } = activity;
    let mut hasher = DefaultHasher::new();
    (record.get(), subject, project, who, address, action, note, time).hash(&mut hasher);
    hasher.finish()
}

/// Puts a connection. Its events are added to those that the store has.
pub(super) fn connection(
    store: &Store,
    batch: &mut Batch,
    (list, account, name): (AccessListId, Account, &str),
    connection: &Connection,
) -> Result<Written, WriteError> {
    let key = keys::connection(list, account, name);
    let (old, revision) = match Stored::<Connection>::read(store, &key)? {
        Stored::Nothing => {
            batch.insert(key, connection);
            return Ok(Written::New);
        }
        Stored::Record(old, revision) => (old, revision),
    };
    let mut merged = old.clone();
    for (status, date) in &connection.history {
        let entry = Entry {
            account,
            name: name.to_owned(),
            status: *status,
            dates: [*date; 2],
            began: None,
            ended: None,
        };
        if let Observed::Changed(changed) = observe(Some(&merged), &entry) {
            merged = changed;
        }
    }
    if merged == old {
        return Ok(Written::Same);
    }
    batch.replace(key, revision, &merged);
    Ok(Written::Changed)
}

/// Puts the directory that a key opens.
pub(super) fn path(
    store: &Store,
    batch: &mut Batch,
    key: &SecureKey,
    path: &SecurePath,
) -> Result<Written, WriteError> {
    let row = keys::secure_path(key);
    match Stored::<SecurePath>::read(store, &row)? {
        Stored::Nothing => {
            batch.insert(row, path);
            Ok(Written::New)
        }
        Stored::Record(old, _) if old == *path => Ok(Written::Same),
        Stored::Record(old, revision) if old.subject.is_none() && old.directory == path.directory => {
            batch.replace(row, revision, path);
            Ok(Written::Changed)
        }
        Stored::Record(..) => {
            let what = "directory for a secure key of the dump".to_owned();
            Err(WriteError::Taken { what })
        }
    }
}
