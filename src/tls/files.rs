//! Reads the files of TLS, and says what is wrong with them.

use crate::config::TlsFiles;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;
use x509_cert::der::Decode;
use x509_cert::Certificate;

/// The protocol of every connection. HTTP/2 would need its own limits: see `docs/TLS.md`.
const PROTOCOL: &[u8] = b"http/1.1";

/// What is wrong with a file.
#[derive(Debug, Error)]
pub enum TlsError {
    /// It can't be read.
    #[error("can't read {0}: {1}")]
    Unreadable(PathBuf, io::Error),
    /// It has nothing of the kind.
    #[error("{0} has no certificate: it must be a PEM file with BEGIN CERTIFICATE")]
    NoCertificate(PathBuf),
    /// It has no key.
    #[error("{0} has no private key: it must be a PEM file with BEGIN PRIVATE KEY, not encrypted")]
    NoKey(PathBuf),
    /// It is no PEM file.
    #[error("{0} is no PEM file: {1}")]
    NoPem(PathBuf, pem::Error),
    /// It is damaged.
    #[error("{0} has a certificate that can't be read: {1}")]
    Damaged(PathBuf, String),
    /// The two do not belong together.
    #[error("the key in {key} is not the key of the first certificate in {certificate}: write the two that were made together, and the service's own certificate before those that sign it")]
    Mismatch {
        /// The file with the certificate.
        certificate: PathBuf,
        /// The file with the key.
        key: PathBuf,
    },
    /// They can't be used.
    #[error("{0} can't be used: {1}")]
    Unusable(PathBuf, rustls::Error),
    /// The certificates of clients can't be checked.
    #[error("{0} can't be used: {1}")]
    ClientCa(PathBuf, VerifierBuilderError),
}

/// What the files hold.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration of the service.
    pub config: ServerConfig,
    /// When the one of its certificates ends that ends first, in seconds since 1970.
    pub ends: i64,
}

/// Reads all files.
///
/// # Errors
/// [`TlsError`] for the first that can't be used.
pub fn load(files: &TlsFiles) -> Result<Loaded, TlsError> {
    let certificates = chain(&files.certificate)?;
    let ends = ends(&files.certificate, &certificates)?;
    let key = key(&files.key)?;
    let unusable = |error| match error {
        rustls::Error::InconsistentKeys(_) => TlsError::Mismatch {
            certificate: files.certificate.clone(),
            key: files.key.clone(),
        },
        error => TlsError::Unusable(files.certificate.clone(), error),
    };
    let provider = Arc::new(ring::default_provider());
    let versions = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(unusable)?;
    let clients = match &files.client_ca {
        None => versions.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for certificate in chain(path)? {
                roots
                    .add(certificate)
                    .map_err(|error| TlsError::Unusable(path.clone(), error))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(|error| TlsError::ClientCa(path.clone(), error))?;
            versions.with_client_cert_verifier(verifier)
        }
    };
    let mut config = clients.with_single_cert(certificates, key).map_err(unusable)?;
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(Loaded { config, ends })
}

/// The certificates in a file, at least one.
///
/// # Errors
/// [`TlsError`] when it can't be read, or has none.
pub fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes(path)?).collect();
    let certificates = read.map_err(|error| TlsError::NoPem(path.to_owned(), error))?;
    match certificates.is_empty() {
        true => Err(TlsError::NoCertificate(path.to_owned())),
        false => Ok(certificates),
    }
}

/// When the one of these certificates ends that ends first, in seconds since 1970.
///
/// # Errors
/// [`TlsError::Damaged`] for one that can't be read.
pub fn ends(path: &Path, certificates: &[CertificateDer<'_>]) -> Result<i64, TlsError> {
    let mut first = i64::MAX;
    for certificate in certificates {
        let read = Certificate::from_der(certificate)
            .map_err(|error| TlsError::Damaged(path.to_owned(), error.to_string()))?;
        let end = read.tbs_certificate.validity.not_after.to_unix_duration();
        first = first.min(i64::try_from(end.as_secs()).unwrap_or(i64::MAX));
    }
    Ok(first)
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(&bytes(path)?).map_err(|error| match error {
        pem::Error::NoItemsFound => TlsError::NoKey(path.to_owned()),
        error => TlsError::NoPem(path.to_owned(), error),
    })
}

fn bytes(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|error| TlsError::Unreadable(path.to_owned(), error))
}
