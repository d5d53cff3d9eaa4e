//! Feedback, connections, and the activity log.

use super::check::Check;
use super::facility::declared_account;
use super::row::{Checked, Row, Stop};
use crate::ids::IdRef;
use crate::keys::{self, Table};
use crate::records::{Activity, Connection, Feedback, FeedbackCount, Subject};
use std::collections::BTreeMap;

/// Number of answers found for each session whose count was not checked yet.
#[derive(Debug, Default)]
pub(super) struct Answers(BTreeMap<u64, u32>);

impl Answers {
    pub(super) fn feedback(&mut self, check: &mut Check<'_>, row: Row<'_>) -> Checked {
        let [session, id] = row.ids()?;
        let what = format!("Feedback {id} of session {session}");
        check.found_id(Table::Feedback, id);
        *self.0.entry(session).or_default() += 1;
        if !check.exists(&keys::session(IdRef::Known(session)))? {
            check.problem(format!("{what}: there is no such session"));
        }
        check.decode::<Feedback>(&what, row).map(drop)
    }

    /// Checks the number of a session's answers, whose rows come first.
    pub(super) fn count(&mut self, check: &mut Check<'_>, row: Row<'_>) -> Checked {
        let [session] = row.ids()?;
        let what = format!("FeedbackCount of session {session}");
        let count: FeedbackCount = check.decode(&what, row)?;
        let answers = self.0.remove(&session).unwrap_or(0);
        if count.answers != answers {
            check.problem(format!(
                "{what}: it says {}, and {answers} answers are there",
                count.answers
            ));
        }
        Ok(())
    }

    /// Reports the sessions whose answers were not counted.
    pub(super) fn finish(&self, check: &mut Check<'_>) {
        for session in self.0.keys() {
            check.problem(format!("Feedback of session {session}: it has no FeedbackCount"));
        }
    }
}

pub(super) fn connection(check: &mut Check<'_>, row: Row<'_>) -> Checked {
    let (list, account, name) = keys::parse_connection(row.key).ok_or(Stop::Malformed)?;
    let (table, id) = declared_account(account);
    let what = format!("Connection {name} of {table:?} {id}");
    check.require_declared(&what, Table::AccessList, list.0);
    check.require_declared(&what, table, id);
    if check.decode::<Connection>(&what, row)?.history.is_empty() {
        check.problem(format!("{what}: it has no history"));
    }
    Ok(())
}

pub(super) fn activity(check: &mut Check<'_>, row: Row<'_>) -> Checked {
    let (id, what, activity): (_, _, Activity) = check.decode_with_id(row)?;
    let record = activity.record.get().map(IdRef::Known);
    for (table, owner) in keys::activity_indexes(activity.subject, record, activity.project) {
        if let IdRef::Known(owner) = owner {
            check.require_indexed(&what, table, owner, id)?;
        }
    }
    let table = match activity.subject {
        Subject::Session => Table::Session,
        Subject::Dataset => Table::Dataset,
        Subject::Report => Table::Report,
        // A facility file may have removed the record since.
        Subject::Project
        | Subject::Person
        | Subject::Facility
        | Subject::AccessList
        | Subject::Outbox
        | Subject::Container
        | Subject::Feedback => return Ok(()),
    };
    if let Some(record) = activity.record.get() {
        if !check.exists(&keys::record(table, IdRef::Known(record)))? {
            check.problem(format!(
                "{what}: it is about {table:?} {record}, which does not exist"
            ));
        }
    }
    Ok(())
}
