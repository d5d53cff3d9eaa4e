//! Where a service is.

use beamlive_client::Failure;
use std::net::SocketAddr;

/// A service: where it is, and what its requests begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Where to connect.
    pub address: SocketAddr,
    /// The `Host` header.
    pub host: String,
    /// What paths begin with: `""`, or `/somewhere`.
    pub prefix: String,
}

impl Target {
    /// The service at `url`.
    ///
    /// # Errors
    /// When it is no URL, not http, or its host has no address.
    pub async fn of(url: &str) -> Result<Self, Failure> {
        let parsed = reqwest::Url::parse(url).map_err(|error| format!("{url} is no URL: {error}"))?;
        if parsed.scheme() != "http" {
            return Err(format!(
                "{url}: load speaks plain http, so that it measures the service and not TLS; \
                 give the address of the service behind its TLS front end"
            )
            .into());
        }
        let host = parsed.host_str().ok_or_else(|| format!("{url} has no host"))?;
        let port = parsed.port_or_known_default().unwrap_or(80);
        let mut addresses = tokio::net::lookup_host((host.trim_matches(['[', ']']), port))
            .await
            .map_err(|error| format!("{host} has no address: {error}"))?;
        Ok(Self {
            address: addresses.next().ok_or_else(|| format!("{host} has no address"))?,
            host: match parsed.port() {
                Some(port) => format!("{host}:{port}"),
                None => host.to_owned(),
            },
            prefix: parsed.path().trim_end_matches('/').to_owned(),
        })
    }
}
