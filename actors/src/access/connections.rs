//! The connections of one access list: those in memory, and what a post changes.

use super::history::{self, observe, Observed, RawEntry};
use crate::facility::catalog::Catalog;
use beamlive_storage::ids::{AccessListId, Account};
use beamlive_storage::keys;
use beamlive_storage::records::Connection;
use beamlive_storage::{Batch, Key, ReadError, Store, Versioned};
use chrono_tz::Tz;
use lru::LruCache;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;

/// Connections of one list that stay in memory: a host posts its last 1,000.
const KNOWN: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4095);
/// Entries of one post that are read.
const MAX_ENTRIES: usize = 10_000;
/// Skipped entries that a reply names.
const MAX_NAMED: usize = 20;

/// Identifies a connection within its list.
type Name = (Account, String);

/// The durable state of the connections of a list that were used last.
#[derive(Debug)]
pub(super) struct Known(LruCache<Name, Versioned<Connection>>);

impl Default for Known {
    fn default() -> Self {
        Self(LruCache::new(KNOWN))
    }
}

/// What a post changes.
#[derive(Debug, Default)]
pub(super) struct Plan {
    changed: BTreeMap<Name, Next>,
    /// A record that was read for this post. It may not be durable yet.
    read: Option<(Key, u64)>,
    /// The first entries that were skipped, and why.
    pub(super) skipped: Vec<String>,
    /// How many were skipped.
    pub(super) skipped_count: usize,
}

/// The next state of a connection, and the revision that it replaces; `None` for a new connection.
#[derive(Debug)]
struct Next {
    revision: Option<u64>,
    connection: Connection,
}

impl Known {
    /// Plans what `entries` change. The plan takes effect here with [`Self::learn`].
    ///
    /// # Errors
    /// [`ReadError`] when the store can't be read.
    pub(super) fn plan(
        &mut self,
        store: &Store,
        catalog: &Catalog,
        zone: Tz,
        list: AccessListId,
        entries: &[RawEntry],
    ) -> Result<Plan, ReadError> {
        let mut plan = Plan::default();
        let mut seen = Vec::with_capacity(entries.len().min(MAX_ENTRIES));
        for (index, entry) in entries.iter().enumerate().take(MAX_ENTRIES) {
            match history::parse_entry(entry, catalog, zone) {
                Ok(entry) => seen.push(entry),
                Err(error) => plan.skip(|| format!("entry {index}: {error}")),
            }
        }
        for _ in entries.iter().skip(MAX_ENTRIES) {
            plan.skip(|| format!("entries from {MAX_ENTRIES} on: a post holds no more"));
        }
        // Hosts list entries in any order; a new connection was created at the earliest of its
        // dates.
        history::sort(&mut seen);
        for entry in seen {
            let name = (entry.account, entry.name.clone());
            let (observed, revision) = match plan.changed.get(&name) {
                Some(next) => (observe(Some(&next.connection), &entry), next.revision),
                None => {
                    let known = self.find(store, list, &name, &mut plan)?;
                    let revision = known.map(|known| known.revision);
                    (observe(known.map(|known| &known.record), &entry), revision)
                }
            };
            match observed {
                Observed::Known => {}
                Observed::Changed(connection) => {
                    plan.changed.insert(name, Next { revision, connection });
                }
                Observed::Full => plan.skip(|| format!("connection {:?} has changed too often", name.1)),
            }
        }
        Ok(plan)
    }

    /// Takes over what `plan` changes, once that is durable.
    pub(super) fn learn(&mut self, plan: Plan) {
        for (name, next) in plan.changed {
            let known = Versioned {
                revision: next.revision.map_or(1, |revision| revision + 1),
                record: next.connection,
            };
            self.0.put(name, known);
        }
    }

    fn find(
        &mut self,
        store: &Store,
        list: AccessListId,
        name: &Name,
        plan: &mut Plan,
    ) -> Result<Option<&Versioned<Connection>>, ReadError> {
        if !self.0.contains(name) {
            let key = keys::connection(list, name.0, &name.1);
            let Some(stored) = store.get::<Connection>(&key)? else {
                return Ok(None);
            };
            plan.read = Some((key, stored.revision));
            self.0.put(name.clone(), stored);
        }
        Ok(self.0.get(name))
    }
}

impl Plan {
    /// How many connections change.
    pub(super) fn changed(&self) -> usize {
        self.changed.len()
    }

    /// The batch that must be durable before the post is acknowledged; `None` if nothing is
    /// missing.
    pub(super) fn batch(&self, list: AccessListId) -> Option<Batch> {
        let mut batch = Batch::new();
        for ((account, name), next) in &self.changed {
            let key = keys::connection(list, *account, name);
            match next.revision {
                None => batch.insert(key, &next.connection),
                Some(revision) => {
                    batch.replace(key, revision, &next.connection);
                }
            }
        }
        if batch.is_empty() {
            // A lost predecessor may have handed over a batch whose changes can be read already but
            // are not durable. A batch that writes nothing resolves after that one.
            let (key, revision) = self.read.clone()?;
            batch.require_revision(key, revision);
        }
        Some(batch)
    }

    fn skip(&mut self, reason: impl FnOnce() -> String) {
        self.skipped_count += 1;
        if self.skipped.len() < MAX_NAMED {
            self.skipped.push(reason());
        }
    }
}
