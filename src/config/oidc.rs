//! Sign-in with OpenID Connect.

use super::read::{secret, whole_url};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Sign-in with OpenID Connect, for persons. It is off without an issuer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Oidc {
    /// The issuer's URL, exactly as its discovery document says it.
    #[serde(deserialize_with = "whole_url")]
    pub issuer: Option<String>,
    /// What the issuer calls this service.
    #[serde(deserialize_with = "secret")]
    pub client_id: Option<String>,
    /// A file with the client's secret. Unset if the client has no secret.
    pub client_secret_file: Option<PathBuf>,
    /// The claim of the ID token that holds the username of a person.
    pub claim: String,
    /// The URL of the callback, as the issuer knows it. Derived from `public_url` if unset.
    #[serde(deserialize_with = "whole_url")]
    pub redirect_url: Option<String>,
    /// The certificates (PEM) that sign the issuer's. Without it, Mozilla's list.
    pub ca_file: Option<PathBuf>,
}

impl Default for Oidc {
    fn default() -> Self {
        Self {
            issuer: None,
            client_id: None,
            client_secret_file: None,
            claim: "preferred_username".to_owned(),
            redirect_url: None,
            ca_file: None,
        }
    }
}
