//! The HTTP client, and messages for failures of the service and the network.

use crate::tls::Trust;
use crate::Failure;
use reqwest::{Client, ClientBuilder};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
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

const OTHER_ISSUER: &str = "name the certificates that sign the service's with --ca-file";
/// What to do about errors of TLS, by a word in their messages.
const ADVICE: [(&str, &str); 6] = [
    ("UnknownIssuer", OTHER_ISSUER),
    ("BadSignature", OTHER_ISSUER),
    (
        "CaUsedAsEndEntity",
        "give the service a certificate that an authority has signed, and name that with --ca-file",
    ),
    (
        "NotValidForName",
        "use the name that is in the service's certificate",
    ),
    (
        "CertificateRequired",
        "show a certificate of your own with --client-certificate",
    ),
    ("InvalidContentType", "does the service speak plain http there?"),
];

/// The innermost cause of an error, and what to do about it where that is known.
#[must_use]
pub fn reason(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    let said = innermost.to_string();
    match ADVICE.iter().find(|(word, _)| said.contains(word)) {
        Some((_, advice)) => format!("{said}: {advice}"),
        None => said,
    }
}

/// Sets the TLS implementation of the process, unless it has one.
pub fn install_crypto() {
    // An error means that there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// What the URL of a service on a Unix socket begins with; its path follows.
const UNIX: &str = "unix:";

/// Where requests go: a URL without a slash at its end, and the Unix socket, if there is one.
#[must_use]
pub fn place(url: &str) -> (String, Option<&Path>) {
    match url.strip_prefix(UNIX) {
        Some(path) => ("http://localhost".to_owned(), Some(Path::new(path))),
        None => (url.trim_end_matches('/').to_owned(), None),
    }
}

/// An HTTP client that follows no redirects.
///
/// # Errors
/// When a file of `trust` can't be used.
pub fn http_client(trust: &Trust, socket: Option<&Path>) -> Result<Client, Failure> {
    let builder = over(client_builder(trust)?, socket);
    Ok(builder.timeout(TIMEOUT).build()?)
}

fn over(builder: ClientBuilder, socket: Option<&Path>) -> ClientBuilder {
    match socket {
        Some(path) => builder.unix_socket(path),
        None => builder,
    }
}

/// A client for downloads, which may take hours as long as they progress.
///
/// # Errors
/// When a file of `trust` can't be used.
pub fn download_client(trust: &Trust, socket: Option<&Path>) -> Result<Client, Failure> {
    let builder = over(client_builder(trust)?, socket);
    Ok(builder.read_timeout(TIMEOUT).build()?)
}

/// A client that follows no redirects, to be completed.
///
/// # Errors
/// When a file of `trust` can't be used.
pub fn client_builder(trust: &Trust) -> Result<ClientBuilder, Failure> {
    install_crypto();
    Ok(Client::builder()
        .use_preconfigured_tls(trust.config()?)
        .redirect(reqwest::redirect::Policy::none())
        // The admin token goes to the service only, not to a proxy that the environment names.
        .no_proxy())
}
