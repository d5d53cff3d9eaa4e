//! Secure keys, the paths they open, and the outbox.

use super::look::Owner;
use super::parts::{self, Parts};
use super::Check;
use crate::ids::IdRef;
use crate::keys;
use crate::records::{PendingForward, SecureKey, SecurePath, Subject};
use crate::store::ReadError;
use sha2::{Digest, Sha256};

impl Check<'_> {
    /// A record with a directory names its key, has one from an external Data Proxy, or waits for one: one of the three.
    pub(super) fn has_directory(
        &mut self,
        subject: Subject,
        id: u64,
        own: Option<SecureKey>,
    ) -> Result<(), ReadError> {
        let given = self.exists(&keys::secure_key(subject, IdRef::Known(id)))?;
        let waits = self.exists(&keys::outbox(subject, IdRef::Known(id)))?;
        match (own.is_some() || given, waits) {
            (true, true) => self.problem(format!(
                "{subject:?} {id}: has a secure key and waits in the outbox for one"
            )),
            (false, false) => self.problem(format!(
                "{subject:?} {id}: has no secure key and does not wait for one"
            )),
            _ => {}
        }
        if own.is_some() && given {
            self.problem(format!("{subject:?} {id}: has two secure keys"));
        }
        // A key that has expired opens nothing, and its record names it still.
        let path = match &own {
            Some(key) => self.found::<SecurePath>(&keys::secure_path(key))?,
            None => None,
        };
        if path.is_some_and(|path| (path.subject, path.record.get()) != (Some(subject), Some(id))) {
            self.problem(format!(
                "{subject:?} {id}: its key opens another record's directory"
            ));
        }
        Ok(())
    }

    /// A key that the built-in proxy does not know is an external one's.
    pub(super) fn secure_key(&mut self, parts: Parts<'_>, key: &[u8], value: &[u8]) -> Result<(), ReadError> {
        let Some((subject, id)) = parts.place() else {
            self.malformed(key);
            return Ok(());
        };
        let what = format!("SecureKey of {subject:?} {id}");
        let Ok(secure_key) = value.try_into().map(SecureKey) else {
            self.problem(format!("{what}: {} bytes are no key", value.len()));
            return Ok(());
        };
        let Some(owner) = self.owner_of(&what, subject, id)? else {
            return Ok(());
        };
        let path = self.found::<SecurePath>(&keys::secure_path(&secure_key))?;
        if path.is_some_and(|path| !opens(owner, path.project.map(|project| project.0), &path.directory)) {
            self.problem(format!("{what}: it opens another directory"));
        }
        Ok(())
    }

    /// The key of a record opens the record's directory, and the record names it.
    pub(super) fn secure_path(
        &mut self,
        mut parts: Parts<'_>,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), ReadError> {
        let (Some(secure_key), Some(())) = (parts.bytes::<20>(), parts.end()) else {
            self.malformed(key);
            return Ok(());
        };
        let what = parts::shown("SecurePath", key);
        let Some(path) = self.decoded::<SecurePath>(&what, key, value)? else {
            return Ok(());
        };
        let Some(subject) = path.subject else {
            return Ok(());
        };
        let id = path.record.get().unwrap_or(0);
        let Some(owner) = self.owner_of(&what, subject, id)? else {
            return Ok(());
        };
        if owner.key != Some(SecureKey(secure_key)) {
            self.problem(format!("{what}: {subject:?} {id} does not name this key"));
        }
        if !opens(owner, path.project.map(|project| project.0), &path.directory) {
            self.problem(format!(
                "{what}: it opens another directory than that of {subject:?} {id}"
            ));
        }
        Ok(())
    }

    pub(super) fn outbox(&mut self, parts: Parts<'_>, key: &[u8], value: &[u8]) -> Result<(), ReadError> {
        let Some((subject, id)) = parts.place() else {
            self.malformed(key);
            return Ok(());
        };
        let what = format!("Outbox of {subject:?} {id}");
        let Some(pending) = self.decoded::<PendingForward>(&what, key, value)? else {
            return Ok(());
        };
        let Some(owner) = self.owner_of(&what, subject, id)? else {
            return Ok(());
        };
        if !opens(owner, Some(pending.project.0), &pending.directory) {
            self.problem(format!("{what}: another directory waits than the record's"));
        }
        Ok(())
    }

    fn owner_of(&mut self, what: &str, subject: Subject, id: u64) -> Result<Option<Owner>, ReadError> {
        let owner = self.owner(subject, id)?;
        if owner.is_none() {
            self.problem(format!("{what}: there is no such record"));
        }
        Ok(owner)
    }
}

fn opens(owner: Owner, project: Option<u64>, directory: &str) -> bool {
    project == Some(owner.project) && owner.digest.is_none_or(|half| half == digest(directory))
}

/// The first half of the SHA-256, as uploads keep it.
fn digest(directory: &str) -> [u8; 16] {
    let mut half = [0; 16];
    for (byte, value) in half.iter_mut().zip(Sha256::digest(directory.as_bytes())) {
        *byte = value;
    }
    half
}
