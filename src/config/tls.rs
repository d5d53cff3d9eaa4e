//! TLS at the service's own address, `[tls]`.

use super::error::ConfigError;
use super::read::positive;
use super::Listen;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// TLS at the service's own address. It is off without a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// The service's certificate and those that sign it (PEM), its own first.
    pub certificate: Option<PathBuf>,
    /// The private key of that certificate (PEM).
    pub key: Option<PathBuf>,
    /// The certificates that sign those of clients (PEM). With it, a client without such a
    /// certificate is refused.
    pub client_ca: Option<PathBuf>,
    /// How often these files are looked at, in seconds. When they have changed, they are read.
    #[serde(deserialize_with = "positive")]
    pub reload_seconds: u64,
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            certificate: None,
            key: None,
            client_ca: None,
            reload_seconds: 10,
        }
    }
}

/// The files of a service that speaks TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificates, the service's own first.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The certificates that sign those of clients.
    pub client_ca: Option<PathBuf>,
}

impl Tls {
    /// The files, if TLS is on at `listen`.
    ///
    /// # Errors
    /// [`ConfigError::Unusable`] when a setting needs another one.
    pub fn files(&self, listen: &Listen) -> Result<Option<TlsFiles>, ConfigError> {
        let unusable = |key, path: &Path, problem| {
            Err(ConfigError::Unusable {
                key,
                value: path.display().to_string(),
                problem,
            })
        };
        match (&self.certificate, &self.key, &self.client_ca, listen) {
            (Some(path), _, _, Listen::Unix(_)) => unusable(
                "tls.certificate",
                path,
                "a Unix socket has no TLS: let the front end speak it, or listen on an address",
            ),
            (Some(certificate), Some(key), client_ca, _) => Ok(Some(TlsFiles {
                certificate: certificate.clone(),
                key: key.clone(),
                client_ca: client_ca.clone(),
            })),
            (None, None, None, _) => Ok(None),
            (Some(path), None, _, _) => unusable("tls.certificate", path, "it needs tls.key too"),
            (None, Some(path), _, _) => unusable("tls.key", path, "it needs tls.certificate too"),
            (None, None, Some(path), _) => {
                unusable("tls.client_ca", path, "it needs tls.certificate and tls.key too")
            }
        }
    }

    /// How often the files are looked at.
    #[must_use]
    pub fn reload(&self) -> Duration {
        Duration::from_secs(self.reload_seconds)
    }
}
