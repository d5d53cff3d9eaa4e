//! Secure keys, the paths they open, and the outbox.

use super::check::Check;
use super::row::{Checked, Row, Stop};
use crate::ids::{IdRef, ProjectId};
use crate::keys::{self, Table};
use crate::records::{
    directory_digest, Dataset, PendingForward, Report, SecureKey, SecurePath, Session, Subject,
};

/// A record that has a directory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    pub(super) project: ProjectId,
    /// The digest of its directory, if the record has one.
    digest: Option<[u8; 16]>,
    /// The key that the built-in Data Proxy made for it.
    key: Option<SecureKey>,
}

impl Owner {
    pub(super) fn find(check: &Check<'_>, subject: Subject, id: u64) -> Checked<Option<Self>> {
        Ok(match subject {
            Subject::Session => check
                .find_id::<Session>(Table::Session, id)?
                .map(|session| Self::new(session.project, None, session.key)),
            Subject::Dataset => check
                .find_id::<Dataset>(Table::Dataset, id)?
                .map(|dataset| Self::new(dataset.project, Some(dataset.directory_digest), dataset.key)),
            Subject::Report => check
                .find_id::<Report>(Table::Report, id)?
                .map(|report| Self::new(report.project, Some(report.directory_digest), report.key)),
            Subject::Project
            | Subject::Facility
            | Subject::AccessList
            | Subject::Person
            | Subject::Container
            | Subject::Outbox
            | Subject::Feedback => None,
        })
    }

    fn new(project: ProjectId, digest: Option<[u8; 16]>, key: Option<SecureKey>) -> Self {
        Self { project, digest, key }
    }

    /// As [`Self::find`], and reports a record that does not exist.
    fn require(check: &mut Check<'_>, what: &str, subject: Subject, id: u64) -> Checked<Self> {
        match Self::find(check, subject, id)? {
            Some(owner) => Ok(owner),
            None => {
                check.problem(format!("{what}: there is no such record"));
                Err(Stop::Reported)
            }
        }
    }

    fn has(&self, project: Option<ProjectId>, directory: &str) -> bool {
        project == Some(self.project)
            && self
                .digest
                .is_none_or(|digest| digest == directory_digest(directory))
    }
}

/// Checks that a record with a directory either has one secure key, its own or from an external
/// Data Proxy, or waits for one.
pub(super) fn has_key(check: &mut Check<'_>, subject: Subject, id: u64, own: Option<SecureKey>) -> Checked {
    let what = format!("{subject:?} {id}");
    let external = check.exists(&keys::secure_key(subject, IdRef::Known(id)))?;
    let waits = check.exists(&keys::outbox(subject, IdRef::Known(id)))?;
    match (own.is_some() || external, waits) {
        (true, true) => check.problem(format!(
            "{what}: has a secure key and waits in the outbox for one"
        )),
        (false, false) => check.problem(format!("{what}: has no secure key and does not wait for one")),
        _ => {}
    }
    if own.is_some() && external {
        check.problem(format!("{what}: has two secure keys"));
    }
    // The record keeps an expired key, which has no path.
    let path = match &own {
        Some(key) => check.find::<SecurePath>(&keys::secure_path(key))?,
        None => None,
    };
    if path.is_some_and(|path| (path.subject, path.record.get()) != (Some(subject), Some(id))) {
        check.problem(format!("{what}: its key opens another record's directory"));
    }
    Ok(())
}

/// Checks a key of an external Data Proxy, which the built-in one may also know.
pub(super) fn secure_key(check: &mut Check<'_>, mut row: Row<'_>) -> Checked {
    let (subject, id) = (row.subject()?, row.id()?);
    row.end()?;
    let what = format!("SecureKey of {subject:?} {id}");
    let Ok(key) = row.value.try_into().map(SecureKey) else {
        check.problem(format!("{what}: {} bytes are no key", row.value.len()));
        return Ok(());
    };
    let owner = Owner::require(check, &what, subject, id)?;
    let path = check.find::<SecurePath>(&keys::secure_path(&key))?;
    if path.is_some_and(|path| !owner.has(path.project, &path.directory)) {
        check.problem(format!("{what}: it opens another directory"));
    }
    Ok(())
}

/// Checks that the key of a record opens the record's directory, and that the record names the key.
pub(super) fn secure_path(check: &mut Check<'_>, mut row: Row<'_>) -> Checked {
    let key = SecureKey(row.bytes()?);
    row.end()?;
    let what = row.shown();
    let path: SecurePath = check.decode(&what, row)?;
    let Some(subject) = path.subject else {
        return Ok(());
    };
    let id = path.record.get().unwrap_or(0);
    let owner = Owner::require(check, &what, subject, id)?;
    if owner.key != Some(key) {
        check.problem(format!("{what}: {subject:?} {id} does not name this key"));
    }
    if !owner.has(path.project, &path.directory) {
        check.problem(format!(
            "{what}: it opens another directory than that of {subject:?} {id}"
        ));
    }
    Ok(())
}

pub(super) fn outbox(check: &mut Check<'_>, mut row: Row<'_>) -> Checked {
    let (subject, id) = (row.subject()?, row.id()?);
    row.end()?;
    let what = format!("Outbox of {subject:?} {id}");
    let pending: PendingForward = check.decode(&what, row)?;
    let owner = Owner::require(check, &what, subject, id)?;
    if !owner.has(Some(pending.project), &pending.directory) {
        check.problem(format!("{what}: another directory waits than the record's"));
    }
    Ok(())
}
