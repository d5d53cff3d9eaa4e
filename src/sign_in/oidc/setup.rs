//! What sign-in with OpenID Connect needs to know.

use std::fmt;
use thiserror::Error;

/// The configuration, as texts.
pub struct Setup {
    /// The issuer's URL, exactly as its ID tokens name it.
    pub issuer: String,
    /// What the issuer calls this service.
    pub client_id: String,
    /// What proves to the issuer that this is the service.
    pub client_secret: Option<String>,
    /// The claim that holds the username.
    pub claim: String,
    /// The URL of the callback, as the issuer knows it.
    pub redirect_url: String,
    /// The certificates (PEM) that sign the issuer's. `None` is Mozilla's list.
    pub certificates: Option<Vec<u8>>,
}

/// Why it can't be used.
#[derive(Debug, Error)]
pub enum SetupError {
    /// A URL can't be used.
    #[error("oidc.{key}: {text:?} is no whole URL, such as https://login.example.org")]
    Url {
        /// The setting.
        key: &'static str,
        /// Its value.
        text: String,
    },
    /// The file holds no certificates.
    #[error("oidc.ca_file: holds no certificate in PEM")]
    Certificates,
    /// The HTTP client can't be made.
    #[error("the client of the issuer of OpenID Connect could not be made")]
    Client(#[source] reqwest::Error),
}

/// Shows no secret.
impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}
