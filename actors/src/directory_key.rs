//! How the directory of a record comes to its secure key: pure, part of the record's own batch.

use crate::clock::KeySource;
use crate::secure_path;
use crate::services::Forwarding;
use beamlive_storage::ids::{IdRef, ProjectId};
use beamlive_storage::keys;
use beamlive_storage::records::{PendingForward, SecureKey, Subject};
use beamlive_storage::{Batch, Timestamp, Versioned};

/// How a directory comes to its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// The external Data Proxy is asked for it.
    Outbox,
    /// It has this one, which must still be live when the batch is committed.
    Live(SecureKey),
    /// It gets this one, unless it has got another meanwhile.
    New(SecureKey),
}

impl Opening {
    /// The way that `forwarding` asks for; `live` is the key that the directory has already.
    pub fn choose(forwarding: &Forwarding, live: Option<SecureKey>, keys: &dyn KeySource) -> Self {
        match (forwarding, live) {
            (Forwarding::External(_), _) => Self::Outbox,
            (Forwarding::BuiltIn, Some(key)) => Self::Live(key),
            (Forwarding::BuiltIn, None) => Self::New(keys.secure_key()),
        }
    }
}

/// Gives a record the key of its directory, now or through the outbox. `pending` is the record's row there.
pub fn give(
    batch: &mut Batch,
    (subject, id): (Subject, IdRef),
    project: ProjectId,
    directory: &str,
    pending: Option<&Versioned<PendingForward>>,
    opening: Opening,
    now: Timestamp,
) {
    if let (Some(old), Opening::Live(_) | Opening::New(_)) = (pending, opening) {
        // Left by an external Data Proxy that was configured before: its key would come too late.
        batch.remove(keys::outbox(subject, id), old.revision);
    }
    match opening {
        Opening::Live(key) => {
            batch.require_revision(keys::secure_path(&key), 1);
            secure_path::attach(batch, subject, id, key);
        }
        Opening::New(key) => {
            secure_path::open(batch, Some(project), directory, key, now);
            secure_path::attach(batch, subject, id, key);
        }
        Opening::Outbox => {
            let row = keys::outbox(subject, id);
            let waiting = secure_path::pending(project, directory, now);
            match pending {
                Some(old) => {
                    batch.replace(row, old.revision, &waiting);
                }
                None => batch.insert(row, &waiting),
            }
        }
    }
}
