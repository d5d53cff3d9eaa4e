//! Accounts, without their secrets.

use super::values::Instant;
use beamlive_actors::facility::catalog::Catalog;
use serde::Serialize;
use utoipa::ToSchema;

/// One account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProjectRow {
    /// Its id.
    pub id: u64,
    /// The username in tokens and facility files.
    pub username: String,
    /// Its display name.
    pub name: String,
    /// Whether a key that signs its requests is registered.
    pub has_key: bool,
    /// The key's type; null when there is none or this build can't use it.
    #[schema(example = "ssh-ed25519")]
    pub key_type: Option<String>,
    /// The key's fingerprint.
    #[schema(example = "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8")]
    pub fingerprint: Option<String>,
    /// Whether it can sign in with a password.
    pub has_password: bool,
    /// Whether the password has expired.
    pub password_expired: bool,
    /// The number of its login keys, which the keys endpoint returns.
    pub ssh_keys: usize,
    /// When the account was created.
    pub created: Instant,
    /// When it last changed.
    pub modified: Instant,
}

/// The account of a username.
#[must_use]
pub fn find(catalog: &Catalog, username: &str) -> Option<ProjectRow> {
    let (id, project) = catalog.project(username)?;
    let key = catalog.signing_key(id);
    Some(ProjectRow {
        id: id.0,
        username: project.username.clone(),
        name: project.name.clone(),
        has_key: project.key.is_some(),
        key_type: key.map(|key| key.kind().to_string()),
        fingerprint: key.map(|key| key.fingerprint()),
        has_password: project.sign_in.hash.is_some(),
        password_expired: project.sign_in.expired,
        ssh_keys: project.ssh_keys.len(),
        created: project.created.into(),
        modified: project.modified.into(),
    })
}
