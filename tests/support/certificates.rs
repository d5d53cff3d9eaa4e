//! Certificates for tests, in files.

use rcgen::{
    date_time_ymd, BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose,
    IsCa, KeyPair,
};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::TlsConnector;

/// An authority, and a directory with what it has signed: `service.pem`, `service.key`,
/// `client.pem`, `client.key`, and itself, `ca.pem`.
pub struct Certificates {
    authority: CertifiedIssuer<'static, KeyPair>,
    directory: TempDir,
}

impl Certificates {
    pub fn new() -> Self {
        beamlive::proxy::install_crypto();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "the facility");
        let made = Self {
            authority: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap(),
            directory: TempDir::new().unwrap(),
        };
        std::fs::write(made.path("ca.pem"), made.authority.pem()).unwrap();
        made.issue_service();
        made.issue("client", ExtendedKeyUsagePurpose::ClientAuth);
        made
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Signs a new certificate of the service, and replaces the old one.
    pub fn issue_service(&self) -> CertificateDer<'static> {
        self.issue("service", ExtendedKeyUsagePurpose::ServerAuth)
    }

    fn issue(&self, name: &str, usage: ExtendedKeyUsagePurpose) -> CertificateDer<'static> {
        let key = KeyPair::generate().unwrap();
        let mut params =
            CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
        params.extended_key_usages = vec![usage];
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2100, 1, 1);
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        // As certificate tools do: each file is replaced atomically, one after the other.
        for (ending, text) in [("pem", certificate.pem()), ("key", key.serialize_pem())] {
            let file = self.path(&format!("{name}.{ending}"));
            std::fs::write(file.with_extension("part"), text).unwrap();
            std::fs::rename(file.with_extension("part"), file).unwrap();
        }
        certificate.der().clone()
    }

    /// A configuration of clients that trusts this authority only.
    pub fn client(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.der().clone()).unwrap();
        Arc::new(
            ClientConfig::builder()
                .with_root_certificates(roots)
                .with_no_client_auth(),
        )
    }

    /// A connection to a service that has one of these certificates.
    pub async fn connect(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(self.client()).connect(name, stream).await
    }
}
