//! The HTTP client, and what a service or a network says when it fails, in words.

use crate::Failure;
use reqwest::{Client, ClientBuilder};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a request may take; for a download, how long it may stand still.
const TIMEOUT: Duration = Duration::from_secs(120);

#[derive(Deserialize)]
#[serde(untagged)]
enum Refusal {
    Error {
        error: RefusalBody,
    },
    /// Of the routes for tokens.
    Detail {
        detail: String,
    },
}

#[derive(Deserialize)]
struct RefusalBody {
    message: String,
    #[serde(default)]
    fields: BTreeMap<String, String>,
}

/// What a service said when it refused: the message, and each field on a line of its own.
#[must_use]
pub fn refusal(status: u16, body: &str) -> String {
    match serde_json::from_str::<Refusal>(body) {
        Ok(Refusal::Error { error }) => error.fields.iter().fold(
            format!("{status}: {}", error.message),
            |text, (place, mistake)| format!("{text}\n  {place}: {mistake}"),
        ),
        Ok(Refusal::Detail { detail }) => format!("{status}: {detail}"),
        Err(_) => format!("{status}: {}", body.chars().take(500).collect::<String>()),
    }
}

/// The innermost cause of an error.
#[must_use]
pub fn reason(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}

/// Sets the TLS implementation of the process, unless it has one.
pub fn install_crypto() {
    // An error means that there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// An HTTP client that follows no redirects.
///
/// # Errors
/// When TLS can't be set up.
pub fn http_client() -> Result<Client, Failure> {
    Ok(client_builder().timeout(TIMEOUT).build()?)
}

/// A client for downloads, which may take hours as long as they progress.
///
/// # Errors
/// When TLS can't be set up.
pub fn download_client() -> Result<Client, Failure> {
    Ok(client_builder().read_timeout(TIMEOUT).build()?)
}

fn client_builder() -> ClientBuilder {
    install_crypto();
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        // The admin token goes to the service only, not to a proxy that the environment names.
        .no_proxy()
}
