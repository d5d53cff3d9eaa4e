//! Changes of the facility: planned on the published snapshot, committed, then published.

use super::catalog::{Catalog, Cataloged};
use super::commands::{Applied, Apply, File, Follow, KeySetting, RegisterKey, Registration, SetKey};
use super::declaration::Format;
use super::place::Mistake;
use super::plan::{Counters, InUse, Plan, Situation};
use crate::activity::{self, ActivityEntry, Origin};
use crate::ask::{Command, Unavailable};
use crate::clock::Clock;
use crate::key::PublicKey;
use crate::pool;
use crate::published::Published;
use arc_swap::Guard;
use beamlive_storage::ids::{IdRef, ProjectId};
use beamlive_storage::records::{FacilityRevision, Project, Subject};
use beamlive_storage::shared::Changes;
use beamlive_storage::{keys, Batch, ReadError, Store, StoreStatus, Timestamp, Versioned};
use chrono_tz::Tz;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

/// Tries of one change. Each but the first follows a conflict with another writer of the store.
const TRIES: usize = 8;

/// A command of the actor.
pub(super) trait Change: Command {
    /// Makes the change, unless the command is refused.
    async fn make(self, writer: &Writer) -> Self::Reply;
}

/// Makes one change after the other. Its caller must await each before the next.
pub(super) struct Writer {
    pub(super) store: Store,
    pub(super) catalog: Arc<Published>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) zone: Tz,
    /// Whether the store may hold more than the published snapshot.
    pub(super) stale: AtomicBool,
    /// Whether other processes write to the store, too.
    pub(super) shared: bool,
}

impl Writer {
    /// The facility as it is. Reads and publishes it again if the store may hold more; not when
    /// writes are off, because the store may then hold what never became durable.
    pub(super) async fn current(&self) -> Result<Arc<Catalog>, Unavailable> {
        let published = self.published();
        if !self.stale.load(Ordering::Relaxed) || matches!(self.store.status(), StoreStatus::WritesOff { .. })
        {
            return Ok(published);
        }
        self.reload().await
    }

    /// Reads the facility from the store, and publishes it.
    async fn reload(&self) -> Result<Arc<Catalog>, Unavailable> {
        let store = self.store.clone();
        let mut catalog = pool::read(move || Catalog::load(&store)).await?;
        catalog.generation = self.published().generation + 1;
        self.stale.store(false, Ordering::Relaxed);
        Ok(self.catalog.publish(catalog))
    }

    fn published(&self) -> Arc<Catalog> {
        Guard::into_inner(self.catalog.last_known())
    }

    /// Makes a change on the facility as it is, again after each conflict with another writer of
    /// the store. `attempt` returns `None` on a conflict.
    pub(super) async fn retrying<T>(
        &self,
        attempt: impl AsyncFn(Arc<Catalog>) -> Result<Option<T>, Unavailable>,
    ) -> Result<T, Unavailable> {
        for _ in 0..TRIES {
            if let Some(done) = attempt(self.current().await?).await? {
                return Ok(done);
            }
        }
        Err(Unavailable::Contended)
    }

    /// Sets or removes an account's key if `judge` allows it. Then `judge` returns the action for
    /// the activity log; otherwise it returns an error, which is the result here.
    async fn change_key<E>(
        &self,
        username: &str,
        line: Option<&str>,
        origin: &Origin,
        judge: impl Fn(Option<&Project>) -> Result<&'static str, E>,
    ) -> Result<Option<E>, Unavailable> {
        self.retrying(async |catalog| {
            let account = catalog.projects.find(username);
            let action = match judge(account.map(|(_, entry)| &entry.record)) {
                Ok(action) => action,
                Err(refused) => {
                    let holds = match account {
                        Some((id, entry)) => self.still_holds::<Project>(id, entry.revision).await?,
                        None => self.facility_still_holds(catalog.revision).await?,
                    };
                    return Ok(holds.then_some(Some(refused)));
                }
            };
            let Some((id, entry)) = account else {
                return Ok(None);
            };
            let now = self.clock.now();
            let record = Project {
                key: line.map(str::to_owned),
                modified: now,
                ..entry.record.clone()
            };
            let done = self.replace(&catalog, id, record, |batch| {
                log_key(batch, origin, ProjectId(id), action, line, now);
            });
            Ok(done.await?.then_some(None))
        })
        .await
    }

    /// Replaces a record of `catalog`, and publishes the result. `log` adds to the batch. `false`:
    /// conflict with another writer; nothing was done.
    pub(super) async fn replace<R: Cataloged>(
        &self,
        catalog: &Catalog,
        id: u64,
        record: R,
        log: impl FnOnce(&mut Batch),
    ) -> Result<bool, Unavailable> {
        let Some(entry) = R::of(catalog).get(id) else {
            return Ok(false);
        };
        let mut batch = Batch::new();
        let revision = batch.replace(keys::record(R::TABLE, IdRef::Known(id)), entry.revision, &record);
        log(&mut batch);
        let mut after = Catalog::clone(catalog);
        after.generation += 1;
        R::of_mut(&mut after).put(id, Versioned { revision, record });
        self.commit(batch, after).await
    }

    /// Whether a record still has this revision in the store.
    pub(super) async fn still_holds<R: Cataloged>(
        &self,
        id: u64,
        revision: u64,
    ) -> Result<bool, Unavailable> {
        let mut same = Batch::new();
        same.require_revision(keys::record(R::TABLE, IdRef::Known(id)), revision);
        self.holds(same).await
    }

    /// Whether the facility still has this revision in the store.
    pub(super) async fn facility_still_holds(&self, revision: Option<u64>) -> Result<bool, Unavailable> {
        let mut same = Batch::new();
        match revision {
            Some(revision) => same.require_revision(keys::facility_revision(), revision),
            None => same.require_absent(keys::facility_revision()),
        }
        self.holds(same).await
    }

    /// Whether what `batch` requires is so in the store. Without other processes it is, because
    /// this actor makes all changes.
    async fn holds(&self, batch: Batch) -> Result<bool, Unavailable> {
        if !self.shared {
            return Ok(true);
        }
        let holds = pool::commit(self.store.reserve()?, batch).await?;
        if !holds {
            self.stale.store(true, Ordering::Relaxed);
        }
        Ok(holds)
    }

    /// Publishes `after` once `batch` is durable. `false`: conflict with another writer; nothing
    /// was done.
    async fn commit(&self, batch: Batch, after: Catalog) -> Result<bool, Unavailable> {
        let permit = self.store.reserve()?;
        // Until the outcome is known, the store may hold more.
        self.stale.store(true, Ordering::Relaxed);
        let done = pool::commit(permit, batch).await?;
        if done {
            self.stale.store(false, Ordering::Relaxed);
            self.catalog.publish(after);
        }
        Ok(done)
    }
}

impl Change for Apply {
    async fn make(self, writer: &Writer) -> Self::Reply {
        writer
            .retrying(async |catalog| self.attempt(writer, catalog).await)
            .await
    }
}

impl Apply {
    /// Applies the file once. `None` on a conflict with another writer.
    async fn attempt(
        &self,
        writer: &Writer,
        catalog: Arc<Catalog>,
    ) -> Result<Option<Result<Applied, Vec<Mistake>>>, Unavailable> {
        let (command, store) = (self.clone(), writer.store.clone());
        let (zone, now) = (writer.zone, writer.clock.now());
        let plan = pool::read(move || plan(&store, &catalog, &command, zone, now)).await?;
        let Plan {
            mut catalog,
            counts,
            changes,
            keys,
            moves,
            mut batch,
        } = match plan {
            Ok(plan) => plan,
            Err(mistakes) => return Ok(Some(Err(mistakes))),
        };
        let applied = Applied { counts, changes };
        if self.dry_run {
            return Ok(Some(Ok(applied)));
        }
        if batch.is_empty() {
            // Another process may have changed what this one has found unchanged.
            let holds = writer.facility_still_holds(catalog.revision).await?;
            return Ok(holds.then_some(Ok(applied)));
        }
        catalog.revision = Some(replace_revision(&mut batch, catalog.revision, now));
        let note = format!(
            "{} created, {} updated, {} unchanged, {} removed, {} kept",
            counts.created, counts.updated, counts.unchanged, counts.removed, counts.kept
        );
        let entry = ActivityEntry {
            subject: Subject::Facility,
            record: None,
            project: None,
            action: "apply",
            note,
        };
        activity::log(&mut batch, &self.origin, entry, now);
        for change in keys {
            let action = if change.replaced { "replace key" } else { "set key" };
            let (origin, line) = (&self.origin, Some(change.line.as_str()));
            log_key(&mut batch, origin, change.project, action, line, now);
        }
        for moved in moves {
            let entry = ActivityEntry {
                subject: Subject::Container,
                record: Some(moved.container.into()),
                project: Some(moved.project),
                action: "container moved",
                note: moved.note,
            };
            activity::log(&mut batch, &self.origin, entry, now);
        }
        let done = writer.commit(batch, catalog).await?;
        Ok(done.then_some(Ok(applied)))
    }
}

impl Change for Follow {
    async fn make(self, writer: &Writer) -> Self::Reply {
        let published = writer.published();
        let most = published.records() / 2;
        let keys = match &*self.changes {
            Changes::Keys(keys) => keys.iter().cloned().collect::<BTreeSet<_>>(),
            Changes::Unknown => BTreeSet::new(),
        };
        // What others wrote is durable, even if this process can't write any more.
        if *self.changes == Changes::Unknown || keys.len() > most || writer.stale.load(Ordering::Relaxed) {
            return writer.reload().await.map(drop);
        }
        let (store, mut after) = (writer.store.clone(), Catalog::clone(&published));
        let read = pool::read(move || Ok(after.follow(&store, &keys)?.then_some(after)));
        if let Some(mut after) = read.await? {
            after.generation += 1;
            writer.catalog.publish(after);
        }
        Ok(())
    }
}

impl Change for RegisterKey {
    async fn make(self, writer: &Writer) -> Self::Reply {
        let line = self.key.line();
        let judge = |project: Option<&Project>| match project {
            None => Err(Registration::UnknownUser),
            Some(Project { key: None, .. }) => Ok("register key"),
            Some(Project { key: Some(key), .. }) if *key == line => Err(Registration::SameKey),
            Some(project) => {
                // Not in the activity log, because anyone may ask for this as often as they like.
                tracing::warn!(
                    username = %project.username,
                    address = ?self.origin.address,
                    "refused another key for an account that has one"
                );
                Err(Registration::AnotherKey)
            }
        };
        let refused = writer
            .change_key(&self.username, Some(&line), &self.origin, judge)
            .await?;
        Ok(refused.unwrap_or(Registration::Registered))
    }
}

impl Change for SetKey {
    async fn make(self, writer: &Writer) -> Self::Reply {
        let line = match self.line.as_deref().map(PublicKey::parse).transpose() {
            Ok(key) => key.map(|key| key.line()),
            Err(error) => return Ok(KeySetting::BadKey(error.to_string())),
        };
        let judge = |project: Option<&Project>| match (project, &line) {
            (None, _) => Err(KeySetting::UnknownUser),
            (Some(project), line) if project.key == *line => Err(KeySetting::Done),
            (Some(_), None) => Ok("reset key"),
            (Some(Project { key: None, .. }), Some(_)) => Ok("set key"),
            (Some(Project { key: Some(_), .. }), Some(_)) => Ok("replace key"),
        };
        let refused = writer
            .change_key(&self.username, line.as_deref(), &self.origin, judge)
            .await?;
        Ok(refused.unwrap_or(KeySetting::Done))
    }
}

/// Replaces the facility's revision. Returns the new one.
fn replace_revision(batch: &mut Batch, revision: Option<u64>, now: Timestamp) -> u64 {
    let (key, record) = (keys::facility_revision(), FacilityRevision { applied: now });
    match revision {
        Some(revision) => batch.replace(key, revision, &record),
        None => {
            batch.insert(key, &record);
            1
        }
    }
}

/// Reads the file and plans it. The mistakes of both steps are listed together.
fn plan(
    store: &Store,
    catalog: &Catalog,
    command: &Apply,
    zone: Tz,
    now: Timestamp,
) -> Result<Result<Plan, Vec<Mistake>>, ReadError> {
    let in_use = command.prune.then(|| InUse::load(store, catalog)).transpose()?;
    let situation = Situation {
        prune: command.prune,
        in_use: &in_use.unwrap_or_default(),
        counters: &Counters::load(store)?,
        now,
    };
    let (text, format) = match &command.file {
        File::Text(text, format) => (Cow::from(&**text), *format),
        File::Made(maker) => (Cow::from(maker.file(catalog)), Format::Json),
    };
    let plan = Plan::of_file(catalog, (&text, format), zone, &situation);
    let File::Made(maker) = &command.file else {
        return Ok(plan);
    };
    let (plan, found) = match plan {
        Ok(plan) => (Some(plan), Vec::new()),
        Err(found) => (None, found),
    };
    let mistakes = maker.mistakes(catalog, found);
    Ok(plan.filter(|_| mistakes.is_empty()).ok_or(mistakes))
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
    let entry = ActivityEntry {
        subject: Subject::Project,
        record: Some(project.into()),
        project: Some(project),
        action,
        note: key
            .map(|key| format!("{} {}", key.kind().as_str(), key.fingerprint()))
            .unwrap_or_default(),
    };
    activity::log(batch, origin, entry, now);
}
