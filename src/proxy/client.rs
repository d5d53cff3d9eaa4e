//! The client of an external Data Proxy: `POST {proxy_url}/data/create/` with the form field
//! `path`. If the proxy refuses the form, the same is sent as JSON.

use super::builtin::SECRET_HEADER;
use beamlive_actors::forwarder::{DataProxy, ProxyError};
use beamlive_client::http::client_builder;
use beamlive_client::tls::Trust;
use beamlive_storage::records::{PendingForward, SecureKey};
use futures_util::future::BoxFuture;
use reqwest::header::HeaderValue;
use reqwest::{Client, Response, StatusCode, Url};
use serde_json::{Map, Value};
use std::error::Error;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest answer, in bytes. A usual one has about fifty.
const ANSWER_LIMIT: usize = 64 * 1024;

/// The client of an external Data Proxy. Clones share its connections.
#[derive(Debug, Clone)]
pub struct HttpProxy {
    client: Client,
    create: Url,
    secret: Option<HeaderValue>,
    /// The last key was the answer to JSON.
    reads_json: Arc<AtomicBool>,
}

/// How a directory is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body {
    /// All Data Proxies read it, except for one version.
    Form,
    /// That version reads it.
    Json,
}

/// Why a client can't be made.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The configured URL is not that of a Data Proxy.
    #[error("{0:?} is not the http or https URL of a Data Proxy")]
    Url(String),
    /// The secret can't be sent in a header.
    #[error("the secret of the Data Proxy has characters that no header may have")]
    Secret,
    /// The HTTP client failed to start.
    #[error("the client of the Data Proxy could not be made")]
    Client(#[source] reqwest::Error),
    /// The certificates that sign the Data Proxy's can't be used.
    #[error("proxy.ca_file: {0}")]
    Certificates(beamlive_client::Failure),
}

impl HttpProxy {
    /// A client of the proxy at `proxy_url`, such as `https://proxy.example.org/download`. Each
    /// request ends after `timeout` and has the `secret`, if there is one. Certificates that
    /// `ca_file` signs are trusted; without it, those that Mozilla's list signs.
    ///
    /// # Errors
    /// [`ClientError`] when the URL or the secret can't be used, or the HTTP client can't be made.
    pub fn new(
        proxy_url: &str,
        timeout: Duration,
        secret: Option<&str>,
        ca_file: Option<&Path>,
    ) -> Result<Self, ClientError> {
        let create = Url::parse(&format!("{}/data/create/", proxy_url.trim_end_matches('/')))
            .ok()
            .filter(|url| {
                matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none()
            })
            .ok_or_else(|| ClientError::Url(proxy_url.to_owned()))?;
        // Directories are sent to the configured host only.
        let client = client_builder(&Trust::of(ca_file.map(Path::to_owned)))
            .map_err(ClientError::Certificates)?
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(timeout)
            .build()
            .map_err(ClientError::Client)?;
        let secret = secret.map(|secret| {
            let mut header = HeaderValue::from_str(secret).map_err(|_| ClientError::Secret)?;
            header.set_sensitive(true);
            Ok(header)
        });
        Ok(Self {
            client,
            create,
            secret: secret.transpose()?,
            reads_json: Arc::default(),
        })
    }

    /// Sends one request, and a second one with the other body if the first was refused. Each
    /// request that is not refused may make a key, so there is no second one after a success or a
    /// timeout.
    async fn ask(self, directory: String) -> Result<SecureKey, ProxyError> {
        let (first, second) = match self.reads_json.load(Ordering::Relaxed) {
            false => (Body::Form, Body::Json),
            true => (Body::Json, Body::Form),
        };
        let refused = match self.send(first, &directory).await {
            Err(ProxyError::Status(status)) if is_refusal(status) => ProxyError::Status(status),
            answered => return answered,
        };
        match self.send(second, &directory).await {
            Ok(key) => {
                tracing::info!(body = ?second, "the Data Proxy takes this kind of body; it is sent first from now on");
                self.reads_json.store(second == Body::Json, Ordering::Relaxed);
                Ok(key)
            }
            // The kind of body is not the cause.
            Err(ProxyError::Status(_)) => Err(refused),
            Err(error) => Err(error),
        }
    }

    async fn send(&self, body: Body, directory: &str) -> Result<SecureKey, ProxyError> {
        let request = self.client.post(self.create.clone());
        let mut request = match body {
            Body::Form => request.form(&[("path", directory)]),
            Body::Json => request.json(&serde_json::json!({ "path": directory })),
        };
        if let Some(secret) = &self.secret {
            request = request.header(SECRET_HEADER, secret);
        }
        let response = request.send().await.map_err(failure)?;
        if response.status() != StatusCode::OK {
            return Err(ProxyError::Status(response.status().as_u16()));
        }
        parse(&bounded(response).await?)
    }
}

/// Whether the status shows that no key was made. After a timeout that is unknown, and an
/// overloaded proxy is not asked twice.
fn is_refusal(status: u16) -> bool {
    matches!(status, 400..=599) && !matches!(status, 408 | 429 | 504)
}

impl DataProxy for HttpProxy {
    fn create(&self, entry: &PendingForward) -> BoxFuture<'_, Result<SecureKey, ProxyError>> {
        Box::pin(self.clone().ask(entry.directory.clone()))
    }
}

async fn bounded(mut response: Response) -> Result<Vec<u8>, ProxyError> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(failure)? {
        if body.len() + piece.len() > ANSWER_LIMIT {
            return Err(ProxyError::TooLong(ANSWER_LIMIT));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// `{"key": "<40 lower-case hex digits>"}`
fn parse(body: &[u8]) -> Result<SecureKey, ProxyError> {
    let answer: Option<Map<String, Value>> = serde_json::from_slice(body).ok();
    match answer.as_ref().and_then(|answer| answer.get("key")) {
        Some(Value::Null) => Err(ProxyError::NoKey),
        Some(Value::String(key)) => SecureKey::parse(key).ok_or(ProxyError::MalformedKey),
        Some(_) => Err(ProxyError::MalformedKey),
        None => Err(ProxyError::Garbage(body.len())),
    }
}

/// The URL is left out of the message, because it may contain a password.
fn failure(error: reqwest::Error) -> ProxyError {
    let error = error.without_url();
    if error.is_timeout() && !error.is_connect() {
        return ProxyError::Timeout;
    }
    let causes: Vec<_> = std::iter::successors(error.source(), |cause| (*cause).source())
        .map(ToString::to_string)
        .collect();
    let text = match causes.is_empty() {
        true => error.to_string(),
        false => causes.join(": "),
    };
    match error.is_connect() {
        true => ProxyError::Connect(text),
        false => ProxyError::Broken(text),
    }
}

#[cfg(test)]
mod tests;
