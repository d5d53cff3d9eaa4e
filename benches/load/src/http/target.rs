//! Where a service is.

use beamlive_client::tls::Trust;
use beamlive_client::Failure;
use rustls::pki_types::ServerName;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio_rustls::TlsConnector;

/// A service: where it is, and what its requests begin with.
#[derive(Debug, Clone)]
pub struct Target {
    /// Where to connect.
    pub address: SocketAddr,
    /// The `Host` header.
    pub host: String,
    /// What paths begin with: `""`, or `/somewhere`.
    pub prefix: String,
    /// With https, how it is spoken.
    pub secure: Option<Secure>,
}

/// How https is spoken.
#[derive(Clone)]
pub struct Secure {
    pub(super) connector: TlsConnector,
    /// The name in the service's certificate.
    pub(super) name: ServerName<'static>,
}

impl fmt::Debug for Secure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secure")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Target {
    /// The service at `url`.
    ///
    /// # Errors
    /// When it is not a URL, its host has no address, or a file of `trust` can't be used.
    pub async fn of(url: &str, trust: &Trust) -> Result<Self, Failure> {
        let parsed = reqwest::Url::parse(url).map_err(|error| format!("{url} is no URL: {error}"))?;
        let host = parsed.host_str().ok_or_else(|| format!("{url} has no host"))?;
        let secure = match parsed.scheme() {
            "http" => None,
            "https" => {
                let name = host.trim_matches(['[', ']']).to_owned();
                Some(Secure {
                    connector: TlsConnector::from(Arc::new(trust.config()?)),
                    name: ServerName::try_from(name).map_err(|error| format!("{url}: {error}"))?,
                })
            }
            scheme => return Err(format!("{url}: load speaks http and https, not {scheme}").into()),
        };
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
            secure,
        })
    }
}
