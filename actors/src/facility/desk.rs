//! How the facility's actor makes a change: planned on the published snapshot, committed, then published.

use super::catalog::{Catalog, Declared};
use super::commands::{Applied, Apply, KeySetting, RegisterKey, Registration, SetKey};
use super::declaration::Declaration;
use super::place::{Mistake, Mistakes};
use super::plan::{Counters, InUse, Plan, Situation};
use super::{aside, read};
use crate::activity::{self, ActivityEntry, Origin};
use crate::ask::Unavailable;
use crate::clock::Clock;
use crate::key::PublicKey;
use arc_swap::ArcSwap;
use beamlive_storage::ids::ProjectId;
use beamlive_storage::records::{Project, Subject};
use beamlive_storage::{keys, Batch, CommitError, ReadError, Store, StoreStatus, Timestamp, Versioned};
use chrono_tz::Tz;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

/// Tries of one change; each but the first after another writer was faster.
const TRIES: usize = 8;

/// What the actor works with.
pub(super) struct Desk {
    store: Store,
    catalog: Arc<ArcSwap<Catalog>>,
    clock: Arc<dyn Clock>,
    zone: Tz,
    /// Whether the store may know more than the published snapshot.
    stale: AtomicBool,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk")
            .field("zone", &self.zone)
            .finish_non_exhaustive()
    }
}

impl Desk {
    pub(super) fn new(store: Store, catalog: Arc<ArcSwap<Catalog>>, clock: Arc<dyn Clock>, zone: Tz) -> Self {
        Self {
            store,
            catalog,
            clock,
            zone,
            stale: AtomicBool::new(true),
        }
    }

    /// The facility as it is. Reads and publishes it anew if the store may know more; not when writes are off, for
    /// then it may know what never became durable.
    pub(super) async fn current(&self) -> Result<Arc<Catalog>, Unavailable> {
        let published = self.catalog.load_full();
        if !self.stale.load(Ordering::Relaxed) || self.store.status() != StoreStatus::Writing {
            return Ok(published);
        }
        let store = self.store.clone();
        let mut catalog = read(move || Catalog::load(&store)).await?;
        catalog.generation = published.generation + 1;
        self.stale.store(false, Ordering::Relaxed);
        Ok(self.publish(catalog))
    }

    pub(super) async fn apply(&self, command: Apply) -> Result<Result<Applied, Vec<Mistake>>, Unavailable> {
        let mut command = command;
        for _ in 0..TRIES {
            let catalog = self.current().await?;
            let (store, zone, now) = (self.store.clone(), self.zone, self.clock.now());
            let (plan, back) = aside(move || (plan(&store, &catalog, &command, zone, now), command)).await?;
            command = back;
            let Plan {
                catalog,
                counts,
                changes,
                keys,
                mut batch,
            } = match plan? {
                Ok(plan) => plan,
                Err(mistakes) => return Ok(Err(mistakes)),
            };
            let applied = Applied { counts, changes };
            if command.dry_run || batch.is_empty() {
                return Ok(Ok(applied));
            }
            let note = format!(
                "{} created, {} updated, {} unchanged, {} removed, {} kept",
                counts.created, counts.updated, counts.unchanged, counts.removed, counts.kept
            );
            let deed = ActivityEntry {
                subject: Subject::Facility,
                record: None,
                project: None,
                action: "apply",
                note,
            };
            activity::log(&mut batch, &command.origin, deed, now);
            for change in keys {
                let action = if change.replaced { "replace key" } else { "set key" };
                log_key(
                    &mut batch,
                    &command.origin,
                    change.project,
                    action,
                    Some(&change.line),
                    now,
                );
            }
            if self.commit(batch, catalog).await? {
                return Ok(Ok(applied));
            }
        }
        Err(Unavailable::Contended)
    }

    pub(super) async fn register_key(&self, command: RegisterKey) -> Result<Registration, Unavailable> {
        let line = command.key.line();
        for _ in 0..TRIES {
            let catalog = self.current().await?;
            let Some((id, entry)) = account(&catalog, &command.username) else {
                return Ok(Registration::UnknownUser);
            };
            match &entry.record.key {
                Some(key) if *key == line => return Ok(Registration::SameKey),
                Some(_) => {
                    // Anyone can ask for this as often as they like, so it is not for the activity log.
                    tracing::warn!(
                        username = %entry.record.username,
                        address = ?command.origin.address,
                        "refused another key for an account that has one"
                    );
                    return Ok(Registration::AnotherKey);
                }
                None => {}
            }
            if self
                .change_key(&catalog, id, entry, Some(&line), &command.origin, "register key")
                .await?
            {
                return Ok(Registration::Registered);
            }
        }
        Err(Unavailable::Contended)
    }

    pub(super) async fn set_key(&self, command: SetKey) -> Result<KeySetting, Unavailable> {
        let line = match command.line.as_deref().map(PublicKey::parse).transpose() {
            Ok(key) => key.map(|key| key.line()),
            Err(error) => return Ok(KeySetting::BadKey(error.to_string())),
        };
        for _ in 0..TRIES {
            let catalog = self.current().await?;
            let Some((id, entry)) = account(&catalog, &command.username) else {
                return Ok(KeySetting::UnknownUser);
            };
            if entry.record.key == line {
                return Ok(KeySetting::Done);
            }
            let action = match (&line, &entry.record.key) {
                (None, _) => "reset key",
                (Some(_), None) => "set key",
                (Some(_), Some(_)) => "replace key",
            };
            if self
                .change_key(&catalog, id, entry, line.as_deref(), &command.origin, action)
                .await?
            {
                return Ok(KeySetting::Done);
            }
        }
        Err(Unavailable::Contended)
    }

    /// Gives an account a key, or none. `false`: another writer was faster.
    async fn change_key(
        &self,
        catalog: &Catalog,
        id: ProjectId,
        entry: &Versioned<Project>,
        line: Option<&str>,
        origin: &Origin,
        action: &str,
    ) -> Result<bool, Unavailable> {
        let now = self.clock.now();
        let record = Project {
            key: line.map(str::to_owned),
            modified: now,
            ..entry.record.clone()
        };
        let mut batch = Batch::new();
        let revision = batch.replace(keys::record(Project::TABLE, id), entry.revision, &record);
        log_key(&mut batch, origin, id, action, line, now);
        let mut after = catalog.clone();
        after.generation += 1;
        after.put_project(id, Versioned { revision, record });
        self.commit(batch, after).await
    }

    /// Publishes `after` once `batch` is durable. `false`: another writer was faster, and nothing was done.
    async fn commit(&self, batch: Batch, after: Catalog) -> Result<bool, Unavailable> {
        let permit = self.store.reserve()?;
        // Until the outcome is known, the store may know more.
        self.stale.store(true, Ordering::Relaxed);
        match permit.commit(batch).await {
            Ok(_) => {
                self.stale.store(false, Ordering::Relaxed);
                self.publish(after);
                Ok(true)
            }
            Err(CommitError::Conflict(_)) => Ok(false),
            Err(CommitError::WritesOff(reason)) => Err(Unavailable::WritesOff(reason)),
        }
    }

    fn publish(&self, catalog: Catalog) -> Arc<Catalog> {
        let catalog = Arc::new(catalog);
        self.catalog.store(Arc::clone(&catalog));
        catalog
    }
}

/// Reads the file and plans it: mistakes of both kinds are told together.
fn plan(
    store: &Store,
    catalog: &Catalog,
    command: &Apply,
    zone: Tz,
    now: Timestamp,
) -> Result<Result<Plan, Vec<Mistake>>, ReadError> {
    let mut mistakes = Mistakes::new();
    let Some(declaration) = Declaration::read(&command.text, command.format, zone, &mut mistakes) else {
        return Ok(Err(mistakes.into_list()));
    };
    let in_use = if command.prune {
        InUse::load(store, catalog)?
    } else {
        InUse::default()
    };
    let situation = Situation {
        prune: command.prune,
        in_use: &in_use,
        counters: &Counters::load(store)?,
        now,
    };
    let plan = Plan::make_noting(catalog, &declaration, &situation, &mut mistakes);
    Ok(plan.ok_or_else(|| mistakes.into_list()))
}

fn account<'a>(catalog: &'a Catalog, username: &str) -> Option<(ProjectId, &'a Versioned<Project>)> {
    catalog
        .projects
        .find(username)
        .map(|(id, entry)| (ProjectId(id), entry))
}

fn log_key(
    batch: &mut Batch,
    origin: &Origin,
    project: ProjectId,
    action: &str,
    line: Option<&str>,
    now: Timestamp,
) {
    let key = line.and_then(|line| PublicKey::parse(line).ok());
    let deed = ActivityEntry {
        subject: Subject::Project,
        record: Some(project.into()),
        project: Some(project),
        action,
        note: key
            .map(|key| format!("{} {}", key.kind().as_str(), key.fingerprint()))
            .unwrap_or_default(),
    };
    activity::log(batch, origin, deed, now);
}
