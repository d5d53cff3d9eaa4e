//! Connections, feedback, and the activity log.

use super::parts::Parts;
use super::Check;
use crate::ids::IdRef;
use crate::keys::{self, Table};
use crate::records::{Activity, Connection, Feedback, FeedbackCount, Subject};
use crate::store::ReadError;

impl Check<'_> {
    pub(super) fn feedback(&mut self, parts: Parts<'_>, key: &[u8], value: &[u8]) -> Result<(), ReadError> {
        let Some((session, id)) = parts.pair() else {
            self.malformed(key);
            return Ok(());
        };
        let what = format!("Feedback {id} of session {session}");
        self.id(Table::Feedback, id);
        self.decoded::<Feedback>(&what, key, value)?;
        if !self.exists(&keys::session(IdRef::Known(session)))? {
            self.problem(format!("{what}: there is no such session"));
        }
        *self.answers.entry(session).or_default() += 1;
        Ok(())
    }

    /// A session's answers come before their count.
    pub(super) fn feedback_count(
        &mut self,
        parts: Parts<'_>,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), ReadError> {
        let Some(session) = parts.only_id() else {
            self.malformed(key);
            return Ok(());
        };
        let what = format!("FeedbackCount of session {session}");
        let Some(count) = self.decoded::<FeedbackCount>(&what, key, value)? else {
            return Ok(());
        };
        let answers = self.answers.remove(&session).unwrap_or(0);
        if count.answers != answers {
            self.problem(format!(
                "{what}: it says {}, and {answers} answers are there",
                count.answers
            ));
        }
        Ok(())
    }

    pub(super) fn connection(
        &mut self,
        mut parts: Parts<'_>,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), ReadError> {
        let place = (parts.id(), parts.id(), parts.name());
        let (Some(list), Some(project), Some(name)) = place else {
            self.malformed(key);
            return Ok(());
        };
        let what = format!("Connection {name} of project {project}");
        self.declared(&what, Table::AccessList, list);
        self.declared(&what, Table::Project, project);
        let connection = self.decoded::<Connection>(&what, key, value)?;
        if connection.is_some_and(|connection| connection.history.is_empty()) {
            self.problem(format!("{what}: it has no history"));
        }
        Ok(())
    }

    pub(super) fn activity(&mut self, parts: Parts<'_>, key: &[u8], value: &[u8]) -> Result<(), ReadError> {
        let Some(id) = parts.only_id() else {
            self.malformed(key);
            return Ok(());
        };
        self.id(Table::Activity, id);
        let what = format!("Activity {id}");
        let Some(activity) = self.decoded::<Activity>(&what, key, value)? else {
            return Ok(());
        };
        if let Some(project) = activity.project {
            self.indexed(&what, Table::ActivityByProject, project.0, id)?;
        }
        let Some(record) = activity.record.get() else {
            return Ok(());
        };
        // Of others, a facility file may have removed the record since.
        let table = match activity.subject {
            Subject::Session => Table::Session,
            Subject::Dataset => Table::Dataset,
            Subject::Report => Table::Report,
            Subject::Project
            | Subject::Facility
            | Subject::AccessList
            | Subject::Outbox
            | Subject::Feedback => return Ok(()),
        };
        if !self.exists(&keys::record(table, IdRef::Known(record)))? {
            self.problem(format!(
                "{what}: it is about {table:?} {record}, which does not exist"
            ));
        }
        Ok(())
    }

    pub(super) fn activity_by_project(&mut self, parts: Parts<'_>, key: &[u8]) -> Result<(), ReadError> {
        let Some((project, id)) = parts.pair() else {
            self.malformed(key);
            return Ok(());
        };
        let activity = self.found::<Activity>(&keys::activity(IdRef::Known(id)))?;
        if activity
            .and_then(|activity| activity.project)
            .map(|project| project.0)
            != Some(project)
        {
            self.problem(format!(
                "ActivityByProject of {project}: activity {id} is not about it"
            ));
        }
        Ok(())
    }
}
