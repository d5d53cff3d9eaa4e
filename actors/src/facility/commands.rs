//! What can be asked of the facility's actor, and what it answers.

use super::declaration::Format;
use super::place::Mistake;
use super::plan::Counts;
use crate::activity::Origin;
use crate::ask::{Command, Unavailable};
use crate::key::PublicKey;
use serde::Serialize;
use std::sync::Arc;

/// Makes the facility what a file says: one atomic change, or none when there is a mistake.
#[derive(Debug, Clone)]
pub struct Apply {
    /// The file.
    pub text: Arc<str>,
    /// What it is written in.
    pub format: Format,
    /// Only say what would change.
    pub dry_run: bool,
    /// Remove what the file does not name.
    pub prune: bool,
    /// Who asks.
    pub origin: Origin,
}

/// What a file changed, or would change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// How many entries became what.
    #[serde(flatten)]
    pub counts: Counts,
    /// The changes in words; of very many, the first and how many more there are.
    pub changes: Vec<String>,
}

impl Command for Apply {
    type Reply = Result<Result<Applied, Vec<Mistake>>, Unavailable>;
}

/// Gives a keyless account its key. That the request was signed with it is for the caller to verify.
#[derive(Debug, Clone)]
pub struct RegisterKey {
    /// Whose.
    pub username: String,
    /// The key.
    pub key: Arc<PublicKey>,
    /// Who asks.
    pub origin: Origin,
}

/// What came of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// The account was keyless and has this key now.
    Registered,
    /// The account has this very key already.
    SameKey,
    /// The account has another key, and keeps it.
    AnotherKey,
    /// There is no such account.
    UnknownUser,
}

impl Command for RegisterKey {
    type Reply = Result<Registration, Unavailable>;
}

/// Sets or resets an account's key, whatever it was.
#[derive(Debug, Clone)]
pub struct SetKey {
    /// Whose.
    pub username: String,
    /// The key's OpenSSH line; `None` leaves the account keyless, so that the next one to come registers.
    pub line: Option<String>,
    /// Who asks.
    pub origin: Origin,
}

/// What came of setting a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySetting {
    /// The account's key is as asked.
    Done,
    /// There is no such account.
    UnknownUser,
    /// The line is no usable key: why not.
    BadKey(String),
}

impl Command for SetKey {
    type Reply = Result<KeySetting, Unavailable>;
}
