//! The parsed keys of the accounts.

use super::entries::Entries;
use crate::key::PublicKey;
use beamlive_storage::ids::ProjectId;
use beamlive_storage::records::Project;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// The key of every account that has one. Each is parsed when it is first asked for.
#[derive(Debug, Clone)]
pub struct SigningKeys(HashMap<ProjectId, Stored>);

#[derive(Debug, Clone)]
struct Stored {
    line: String,
    parsed: OnceLock<Option<Arc<PublicKey>>>,
}

impl From<&Entries<Project>> for SigningKeys {
    fn from(projects: &Entries<Project>) -> Self {
        let keys = projects.iter().filter_map(|(id, entry)| {
            let line = entry.record.key.clone()?;
            let parsed = OnceLock::new();
            Some((ProjectId(id), Stored { line, parsed }))
        });
        Self(keys.collect())
    }
}

impl SigningKeys {
    /// The key of an account.
    #[must_use]
    pub fn get(&self, id: ProjectId) -> Option<&Arc<PublicKey>> {
        let Stored { line, parsed } = self.0.get(&id)?;
        let parse = || {
            // Keys are checked before they are stored, so this one was written by another build.
            let key = PublicKey::parse(line).inspect_err(
                |error| tracing::error!(project = id.0, %error, "a stored key can't be used; its owner can't sign in"),
            );
            key.ok().map(Arc::new)
        };
        parsed.get_or_init(parse).as_ref()
    }
}
