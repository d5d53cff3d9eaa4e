//! Changes of how an account signs in: its password, and which tokens are still valid.

use super::catalog::{Catalog, Cataloged};
use super::commands::{ChangeSignIn, SignInChange, SignInChanged};
use super::writer::{require_revision, Change, Writer};
use crate::activity::{self, ActivityEntry, Origin};
use crate::ask::Unavailable;
use beamlive_storage::ids::{Account, IdRef};
use beamlive_storage::records::{EndedFamily, Person, Project, SignIn, Subject};
use beamlive_storage::{keys, Batch, Timestamp, Versioned};

/// Tries of one change. Each but the first follows a conflict with another writer of the store.
const TRIES: usize = 8;
/// Families of an account that are ended one by one. Beyond that all its tokens are ended.
const FAMILIES: usize = 64;

/// A record with a password.
trait HasSignIn: Cataloged {
    fn sign_in(&mut self) -> &mut SignIn;
    fn touch(&mut self, now: Timestamp);
}

impl HasSignIn for Project {
    fn sign_in(&mut self) -> &mut SignIn {
        &mut self.sign_in
    }

    fn touch(&mut self, now: Timestamp) {
        self.modified = now;
    }
}

impl HasSignIn for Person {
    fn sign_in(&mut self) -> &mut SignIn {
        &mut self.sign_in
    }

    fn touch(&mut self, now: Timestamp) {
        self.modified = now;
    }
}

impl Change for ChangeSignIn {
    async fn make(self, writer: &Writer) -> Self::Reply {
        for _ in 0..TRIES {
            let catalog = writer.current().await?;
            let done = match catalog.account(&self.username) {
                Some(account @ Account::Project(id)) => {
                    self.change::<Project>(writer, &catalog, account, id.0).await?
                }
                Some(account @ Account::Person(id)) => {
                    self.change::<Person>(writer, &catalog, account, id.0).await?
                }
                None => {
                    let mut same = Batch::new();
                    require_revision(&mut same, catalog.revision);
                    let unknown = writer.still_holds(same).await?;
                    unknown.then_some(SignInChanged::UnknownUser)
                }
            };
            if let Some(done) = done {
                return Ok(done);
            }
        }
        Err(Unavailable::Contended)
    }
}

impl ChangeSignIn {
    /// Changes one record. `None` on a conflict with another writer.
    async fn change<R: HasSignIn>(
        &self,
        writer: &Writer,
        catalog: &Catalog,
        account: Account,
        id: u64,
    ) -> Result<Option<SignInChanged>, Unavailable> {
        let Some(entry) = R::of(catalog).get(id) else {
            return Ok(None);
        };
        let now = writer.clock.now();
        let key = keys::record(R::TABLE, IdRef::Known(id));
        let mut record = entry.record.clone();
        let before = record.sign_in().clone();
        let action = apply(record.sign_in(), &self.change, now);
        if before == *record.sign_in() {
            let mut same = Batch::new();
            same.require_revision(key, entry.revision);
            let holds = writer.still_holds(same).await?;
            return Ok(holds.then_some(SignInChanged::Unchanged));
        }
        record.touch(now);
        let mut batch = Batch::new();
        let revision = batch.replace(key, entry.revision, &record);
        if let Some(action) = action {
            log(&mut batch, &self.origin, account, action, now);
        }
        let mut after = Catalog::clone(catalog);
        after.generation += 1;
        R::of_mut(&mut after).put(id, Versioned { revision, record });
        let done = writer.commit(batch, after).await?;
        Ok(done.then_some(SignInChanged::Changed))
    }
}

/// Applies a change. Returns what it is called in the activity log, if it is noted there.
fn apply(sign_in: &mut SignIn, change: &SignInChange, now: Timestamp) -> Option<&'static str> {
    sign_in.ended.retain(|ended| ended.until > now);
    match change {
        SignInChange::Set(hash) => {
            sign_in.hash = Some(hash.clone());
            sign_in.expired = false;
            end_all(sign_in);
            Some("set password")
        }
        SignInChange::Rehash { from, to } => {
            if sign_in.hash.as_ref() == Some(from) {
                sign_in.hash = Some(to.clone());
            }
            None
        }
        SignInChange::Expire => {
            sign_in.expired = true;
            end_all(sign_in);
            Some("expire password")
        }
        SignInChange::EndTokens => {
            end_all(sign_in);
            Some("end tokens")
        }
        SignInChange::EndFamily { family, until } => {
            if sign_in.ended.iter().any(|ended| ended.family == *family) {
                return None;
            }
            if sign_in.ended.len() >= FAMILIES {
                end_all(sign_in);
            } else {
                sign_in.ended.push(EndedFamily {
                    family: *family,
                    until: *until,
                });
            }
            Some("end a sign-in whose spent token was used again")
        }
    }
}

fn end_all(sign_in: &mut SignIn) {
    sign_in.token_epoch = sign_in.token_epoch.wrapping_add(1);
    sign_in.ended.clear();
}

fn log(batch: &mut Batch, origin: &Origin, account: Account, action: &str, now: Timestamp) {
    let (subject, record, project) = match account {
        Account::Project(id) => (Subject::Project, id.into(), Some(id)),
        Account::Person(id) => (Subject::Person, id.into(), None),
    };
    let entry = ActivityEntry {
        subject,
        record: Some(record),
        project,
        action,
        note: String::new(),
    };
    activity::log(batch, origin, entry, now);
}

#[cfg(test)]
mod tests;
