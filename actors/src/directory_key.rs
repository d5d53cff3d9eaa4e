//! How the directory of a new record comes to its secure key: pure, part of the record's own batch.

use crate::clock::KeySource;
use crate::secure_path;
use crate::services::Forwarding;
use beamlive_storage::ids::{IdRef, ProjectId};
use beamlive_storage::keys;
use beamlive_storage::records::{SecureKey, Subject};
use beamlive_storage::{Batch, Timestamp};

/// How a directory comes to its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// The external Data Proxy is asked for it.
    Outbox,
    /// The built-in one gives it this, and the record names it.
    New(SecureKey),
}

impl Opening {
    /// The way that `forwarding` asks for.
    pub fn choose(forwarding: &Forwarding, keys: &dyn KeySource) -> Self {
        match forwarding {
            Forwarding::External(_) => Self::Outbox,
            Forwarding::BuiltIn => Self::New(keys.secure_key()),
        }
    }

    /// The key that the record has to name.
    #[must_use]
    pub fn key(self) -> Option<SecureKey> {
        match self {
            Self::Outbox => None,
            Self::New(key) => Some(key),
        }
    }
}

/// Gives a record the key of its directory, now or through the outbox.
pub fn give(
    batch: &mut Batch,
    (subject, id): (Subject, IdRef),
    project: ProjectId,
    directory: &str,
    opening: Opening,
    now: Timestamp,
) {
    match opening {
        Opening::New(key) => secure_path::open_for(batch, (subject, id), project, directory, key, now),
        Opening::Outbox => batch.insert(
            keys::outbox(subject, id),
            &secure_path::pending(project, directory, now),
        ),
    }
}
