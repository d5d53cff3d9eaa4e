//! How the directory of a new record gets its secure key, in the batch of the record.

use crate::clock::KeySource;
use crate::secure_path;
use crate::services::Forwarding;
use beamlive_storage::ids::{IdRef, ProjectId};
use beamlive_storage::keys;
use beamlive_storage::records::{SecureKey, Subject};
use beamlive_storage::{Batch, Timestamp};

/// How a directory gets its secure key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DirectoryKey {
    /// The external Data Proxy gives it later; the outbox holds the request.
    Outbox,
    /// The built-in Data Proxy uses this new key, which the record names.
    New(SecureKey),
}

impl DirectoryKey {
    /// A new key for the built-in Data Proxy, or a request to the external one.
    pub fn choose(forwarding: &Forwarding, keys: &dyn KeySource) -> Self {
        match forwarding {
            Forwarding::External(_) => Self::Outbox,
            Forwarding::BuiltIn => Self::New(keys.secure_key()),
        }
    }

    /// The key that the record names.
    #[must_use]
    pub fn key(self) -> Option<SecureKey> {
        match self {
            Self::Outbox => None,
            Self::New(key) => Some(key),
        }
    }
}

/// Assigns a key to the directory of a record, now or through the outbox.
pub fn assign(
    batch: &mut Batch,
    (subject, id): (Subject, IdRef),
    project: ProjectId,
    directory: &str,
    key: DirectoryKey,
    now: Timestamp,
) {
    match key {
        DirectoryKey::New(key) => {
            secure_path::open_for(batch, Some((subject, id)), Some(project), directory, key, now);
        }
        DirectoryKey::Outbox => batch.insert(
            keys::outbox(subject, id),
            &secure_path::pending(project, directory, now),
        ),
    }
}
