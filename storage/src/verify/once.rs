//! What was answered under an `Idempotency-Key`.

use super::parts::{self, Parts};
use super::Check;
use crate::ids::ProjectId;
use crate::keys;
use crate::records::{AnsweredRequest, Subject};
use crate::store::ReadError;

impl Check<'_> {
    pub(super) fn answered_request(
        &mut self,
        mut parts: Parts<'_>,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), ReadError> {
        let place = (parts.id(), parts.bytes::<16>(), parts.end());
        let (Some(project), Some(digest), Some(())) = place else {
            self.malformed(key);
            return Ok(());
        };
        let what = format!("AnsweredRequest of project {project}");
        let Some(answered) = self.decoded::<AnsweredRequest>(&what, key, value)? else {
            return Ok(());
        };
        let by_time = keys::answered_request_by_time(answered.received, ProjectId(project), &digest);
        if !self.exists(&by_time)? {
            self.problem(format!(
                "{what}: not in AnsweredRequestByTime, so it is never forgotten"
            ));
        }
        let record = answered.record.get().unwrap_or(0);
        let upload = matches!(answered.subject, Subject::Dataset | Subject::Report);
        let owner = self.owner(answered.subject, record)?.filter(|_| upload);
        if owner.map(|owner| owner.project) != Some(project) {
            self.problem(format!(
                "{what}: {:?} {record}, which it was answered with, is not the project's",
                answered.subject
            ));
        }
        Ok(())
    }

    pub(super) fn answered_request_by_time(&mut self, key: &[u8]) -> Result<(), ReadError> {
        let Some((time, request)) = keys::parse_answered_request_by_time(key) else {
            self.malformed(key);
            return Ok(());
        };
        let answered = self.found::<AnsweredRequest>(&request)?;
        if answered.map(|answered| answered.received.0.max(0)) != Some(time.0) {
            self.problem(format!(
                "{}: no request was answered then",
                parts::shown("AnsweredRequestByTime", key)
            ));
        }
        Ok(())
    }
}
