//! TLS of a client: which certificates it trusts, and its own certificate.

use crate::Failure;
use clap::Args;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The options of a client that speaks https.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct Trust {
    /// With https: the certificates that sign the service's (PEM) [default: Mozilla's list].
    #[arg(long, env = "BEAMLIVE_CA_FILE", value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// With https: this client's own certificate and its key in one file (PEM), if the service asks
    /// for one.
    #[arg(long, env = "BEAMLIVE_CLIENT_CERTIFICATE", value_name = "FILE")]
    pub client_certificate: Option<PathBuf>,
}

impl Trust {
    /// Trusts those that the certificates in this file have signed; without one, Mozilla's list.
    #[must_use]
    pub fn of(ca_file: Option<PathBuf>) -> Self {
        Self {
            ca_file,
            client_certificate: None,
        }
    }

    /// TLS 1.2 and 1.3 with these certificates.
    ///
    /// # Errors
    /// When a file can't be read, or holds something else.
    pub fn config(&self) -> Result<ClientConfig, Failure> {
        let mut roots = RootCertStore::empty();
        match &self.ca_file {
            Some(path) => {
                for certificate in certificates(path)? {
                    roots
                        .add(certificate)
                        .map_err(|error| format!("{} can't be used: {error}", path.display()))?;
                }
            }
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])?
            .with_root_certificates(roots);
        let Some(path) = &self.client_certificate else {
            return Ok(builder.with_no_client_auth());
        };
        let key = PrivateKeyDer::from_pem_slice(&bytes(path)?)
            .map_err(|error| format!("{} has no private key: {error}", path.display()))?;
        let with_key = builder.with_client_auth_cert(certificates(path)?, key);
        Ok(with_key.map_err(|error| format!("{} can't be used: {error}", path.display()))?)
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    Ok(std::fs::read(path).map_err(|error| format!("can't read {}: {error}", path.display()))?)
}

/// The certificates in a file, at least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes(path)?).collect();
    match read {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err(format!("{} has no certificate (PEM)", path.display()).into()),
        Err(error) => Err(format!("{} is no PEM file: {error}", path.display()).into()),
    }
}
