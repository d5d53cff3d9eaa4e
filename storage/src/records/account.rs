//! Persons, and how accounts sign in with a password.

use crate::ids::{Account, ProjectId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A person: an account that acts for the projects that it is a member of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// What clients send; no project has it.
    pub username: String,
    pub name: String,
    /// `""` when unknown.
    pub email: String,
    /// OpenSSH lines for the keys endpoint.
    pub ssh_keys: Vec<String>,
    /// Whether they may sign in.
    pub active: bool,
    /// What they may do in the console, besides what concerns their projects.
    pub staff: Option<Staff>,
    pub member_of: Vec<Membership>,
    pub sign_in: SignIn,
    pub created: Timestamp,
    pub modified: Timestamp,
}

/// What a member of staff may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Staff {
    /// See everything.
    Viewer,
    /// See and change everything.
    Operator,
}

/// A person's part in a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    pub project: ProjectId,
    pub role: Role,
}

/// A person's role in a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May measure, and see what was measured.
    Member,
    /// A member who speaks for the project.
    Leader,
}

/// How an account signs in with a password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// The hash of the password, in the form of Argon2 or of Django. `None`: there is no password.
    pub hash: Option<String>,
    /// The hash that the facility file named last. It is taken over once, so that applying the file
    /// again does not bring an old password back.
    pub declared: Option<String>,
    /// Whether a new password must be set before the next sign-in.
    pub expired: bool,
    /// How often all tokens of the account were ended. A token names the number that it was issued
    /// under, and is valid under no other.
    pub token_epoch: u32,
    /// Families of tokens that were ended one by one.
    pub ended: Vec<EndedFamily>,
}

/// Tokens that are not valid any more: those that came from one sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedFamily {
    /// What their ids begin with.
    pub family: [u8; 8],
    /// When the last of them would have ended.
    pub until: Timestamp,
}

impl SignIn {
    /// No password, and no token was ever issued.
    pub const NONE: Self = Self {
        hash: None,
        declared: None,
        expired: false,
        token_epoch: 0,
        ended: Vec::new(),
    };
}

impl Default for SignIn {
    fn default() -> Self {
        Self::NONE
    }
}

/// Does not show the hash.
impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn")
            .field("has_password", &self.hash.is_some())
            .field("expired", &self.expired)
            .field("token_epoch", &self.token_epoch)
            .field("ended", &self.ended.len())
            .finish_non_exhaustive()
    }
}

/// A refresh token that was used, and the ids of the pair that it was exchanged for. A client that
/// lost the answer gets the same pair again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpentToken {
    /// When it was used.
    pub at: Timestamp,
    /// The id of the new access token.
    pub access: [u8; 16],
    /// The id of the new refresh token.
    pub refresh: [u8; 16],
    /// When both say that they were issued, in seconds since 1970.
    pub issued_at: i64,
}

/// A browser that is signed in to the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrowserSession {
    /// Who signed in. `None`: someone with the token of operators.
    pub account: Option<Account>,
    /// How often all tokens of the account had been ended when it signed in.
    pub token_epoch: u32,
    /// When it signed in.
    pub created: Timestamp,
}
