//! The commands of the facility's actor, and their answers.

use super::catalog::Catalog;
use super::declaration::Format;
use super::place::Mistake;
use super::plan::Counts;
use crate::activity::Origin;
use crate::ask::{Command, Unavailable};
use crate::key::PublicKey;
use beamlive_storage::shared::Changes;
use beamlive_storage::Timestamp;
use std::fmt::{self, Debug};
use std::sync::Arc;

/// Makes a facility file from something else, such as a sheet of samples.
pub trait Make: Debug + Send + Sync {
    /// The file, as JSON. It is applied to the facility as `catalog` has it.
    fn file(&self, catalog: &Catalog) -> String;

    /// All mistakes, with their places in what the file was made from. `found` are those in the
    /// file. If there are any, nothing is changed.
    fn mistakes(&self, catalog: &Catalog, found: Vec<Mistake>) -> Vec<Mistake>;
}

/// A facility file.
#[derive(Debug, Clone)]
pub enum File {
    /// As it was sent.
    Text(Arc<str>, Format),
    /// Made when it is applied, from the facility as it is then.
    Made(Arc<dyn Make>),
}

/// Applies a facility file: one atomic change, or none when there is a mistake.
#[derive(Debug, Clone)]
pub struct Apply {
    /// The file.
    pub file: File,
    /// Only say what would change.
    pub dry_run: bool,
    /// Also remove what the file does not name.
    pub prune: bool,
    /// Who asks.
    pub origin: Origin,
}

/// What a file changed, or would change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// The number of entries by outcome.
    pub counts: Counts,
    /// The changes in words; of very many, the first and how many more there are.
    pub changes: Vec<String>,
}

impl Command for Apply {
    type Reply = Result<Result<Applied, Vec<Mistake>>, Unavailable>;
}

/// Takes over what other processes have changed.
#[derive(Debug, Clone)]
pub struct Follow {
    /// What they changed.
    pub changes: Arc<Changes>,
}

impl Command for Follow {
    type Reply = Result<(), Unavailable>;
}

/// Gives an account without a key its key. The caller verifies that the request was signed with it.
#[derive(Debug, Clone)]
pub struct RegisterKey {
    /// Whose key.
    pub username: String,
    /// The key.
    pub key: Arc<PublicKey>,
    /// Who asks.
    pub origin: Origin,
}

/// The result of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// The account had no key and has this one now.
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

/// Sets or resets an account's key, with or without an old one.
#[derive(Debug, Clone)]
pub struct SetKey {
    /// Whose key.
    pub username: String,
    /// The key's OpenSSH line. `None` removes the key, so that the next client to sign in registers
    /// one.
    pub line: Option<String>,
    /// Who asks.
    pub origin: Origin,
}

/// The result of setting a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySetting {
    /// The account's key is as requested.
    Done,
    /// There is no such account.
    UnknownUser,
    /// The line is not a usable key, with the reason.
    BadKey(String),
}

impl Command for SetKey {
    type Reply = Result<KeySetting, Unavailable>;
}

/// Changes how an account signs in.
#[derive(Debug, Clone)]
pub struct ChangeSignIn {
    /// The account.
    pub username: String,
    /// The change.
    pub change: SignInChange,
    /// Who asks.
    pub origin: Origin,
}

/// A change of how an account signs in.
#[derive(Clone)]
pub enum SignInChange {
    /// A new password, as its hash. All tokens of the account end.
    Set(String),
    /// Another hash of the same password, unless the password has changed meanwhile.
    Rehash {
        /// The hash that was checked.
        from: String,
        /// The new hash.
        to: String,
    },
    /// A new password must be set before the next sign-in. All tokens of the account end.
    Expire,
    /// All tokens of the account end.
    EndTokens,
    /// The tokens that came from one sign-in end.
    EndFamily {
        /// What their ids begin with.
        family: [u8; 8],
        /// When the last of them would end.
        until: Timestamp,
    },
}

/// Does not show hashes.
impl fmt::Debug for SignInChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Set(_) => "Set",
            Self::Rehash { .. } => "Rehash",
            Self::Expire => "Expire",
            Self::EndTokens => "EndTokens",
            Self::EndFamily { .. } => "EndFamily",
        })
    }
}

/// The result of a change of how an account signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInChanged {
    /// It is durable.
    Changed,
    /// It was so already.
    Unchanged,
    /// There is no such account.
    UnknownUser,
}

impl Command for ChangeSignIn {
    type Reply = Result<SignInChanged, Unavailable>;
}
