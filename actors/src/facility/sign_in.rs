//! Changes of how an account signs in: its password, and which tokens are still valid.

use super::catalog::{Catalog, Cataloged};
use super::commands::{ChangeSignIn, SignInChange, SignInChanged};
use super::writer::{Change, Writer};
use crate::activity::{self, ActivityEntry, Origin};
use crate::ask::Unavailable;
use beamlive_storage::ids::Account;
use beamlive_storage::records::{EndedFamily, Person, Project, SignIn, Subject};
use beamlive_storage::{Batch, Timestamp};
use std::sync::Arc;

/// Families of an account that are ended one by one. Beyond that all its tokens are ended.
const FAMILIES: usize = 64;

/// A record with a password.
trait HasSignIn: Cataloged {
    /// How it signs in, and when the record was modified.
    fn parts(&mut self) -> (&mut SignIn, &mut Timestamp);
}

impl HasSignIn for Project {
    fn parts(&mut self) -> (&mut SignIn, &mut Timestamp) {
        (&mut self.sign_in, &mut self.modified)
    }
}

impl HasSignIn for Person {
    fn parts(&mut self) -> (&mut SignIn, &mut Timestamp) {
        (&mut self.sign_in, &mut self.modified)
    }
}

impl Change for ChangeSignIn {
    async fn make(self, writer: &Writer) -> Self::Reply {
        let change = async |catalog: Arc<Catalog>| match catalog.account(&self.username) {
            Some(account @ Account::Project(id)) => {
                self.change::<Project>(writer, &catalog, account, id.0).await
            }
            Some(account @ Account::Person(id)) => {
                self.change::<Person>(writer, &catalog, account, id.0).await
            }
            None => {
                let unknown = writer.facility_still_holds(catalog.revision).await?;
                Ok(unknown.then_some(SignInChanged::UnknownUser))
            }
        };
        writer.retrying(change).await
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
        let mut record = entry.record.clone();
        let (sign_in, modified) = record.parts();
        let before = sign_in.clone();
        let action = apply(sign_in, &self.change, now);
        if before == *sign_in {
            let holds = writer.still_holds::<R>(id, entry.revision).await?;
            return Ok(holds.then_some(SignInChanged::Unchanged));
        }
        *modified = now;
        let done = writer.replace(catalog, id, record, |batch| {
            if let Some(action) = action {
                log(batch, &self.origin, account, action, now);
            }
        });
        Ok(done.await?.then_some(SignInChanged::Changed))
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
