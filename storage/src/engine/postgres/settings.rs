//! Which database, and how it is reached.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;
use tokio_postgres::config::Host;
use tokio_postgres::Config;

/// How long a host may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(3);
/// How long sent bytes may stay unacknowledged before the connection counts as lost.
const UNACKNOWLEDGED: Duration = Duration::from_secs(5);

/// The settings of a store on PostgreSQL.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresSettings {
    /// `postgres://user@host1,host2/database`, with the parameters that libpq knows.
    pub url: String,
    /// The password, if it is not in the URL.
    pub password: Option<String>,
    /// The certificates that sign the servers', as PEM. Mozilla's list when none.
    pub ca_file: Option<PathBuf>,
    /// How long requests wait for a database that is away.
    pub hold: Duration,
    /// What this node is called in the database, for people.
    pub node: String,
}

/// Shows no password.
impl fmt::Debug for PostgresSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresSettings")
            .field("database", &self.target().map(|target| target.name))
            .field("hold", &self.hold)
            .finish_non_exhaustive()
    }
}

/// Why the settings can't be used.
#[allow(missing_docs, reason = "the messages describe the variants")]
#[derive(Debug, Error)]
pub enum PostgresSettingsError {
    #[error("store.url is missing: the engine postgres needs one, such as postgres://beamlive@db.example.org/beamlive")]
    NoUrl,
    #[error("store.url can't be read: {0}")]
    Url(#[source] tokio_postgres::Error),
    #[error("store.url names no host")]
    NoHost,
    #[error("store.url has {ports} ports for {hosts} hosts: give one, or one for each host")]
    Ports { hosts: usize, ports: usize },
    #[error("can't read the certificates in {path}: {reason}")]
    Certificates { path: PathBuf, reason: String },
    #[error("can't use TLS: {0}")]
    Tls(#[from] rustls::Error),
}

/// A database, with one configuration for each host that may have it.
pub(super) struct Target {
    /// `user@host1,host2/database`, for messages.
    pub(super) name: String,
    pub(super) hosts: Vec<Config>,
}

impl PostgresSettings {
    /// Checks the settings as far as that is possible without the database.
    ///
    /// # Errors
    /// [`PostgresSettingsError`].
    pub fn check(&self) -> Result<(), PostgresSettingsError> {
        self.target()?;
        self.roots().map(drop)
    }

    /// `user@host/database`, for messages.
    pub fn name(&self) -> String {
        self.target().map(|target| target.name).unwrap_or_default()
    }

    pub(super) fn target(&self) -> Result<Target, PostgresSettingsError> {
        if self.url.is_empty() {
            return Err(PostgresSettingsError::NoUrl);
        }
        let whole: Config = self.url.parse().map_err(PostgresSettingsError::Url)?;
        let (hosts, ports) = (whole.get_hosts(), whole.get_ports());
        if hosts.is_empty() {
            return Err(PostgresSettingsError::NoHost);
        }
        if ports.len() > 1 && ports.len() != hosts.len() {
            return Err(PostgresSettingsError::Ports {
                hosts: hosts.len(),
                ports: ports.len(),
            });
        }
        let port = |index: usize| ports.get(index).or(ports.first()).copied();
        let names: Vec<_> = hosts.iter().map(host_name).collect();
        Ok(Target {
            name: format!(
                "{}@{}/{}",
                whole.get_user().unwrap_or_default(),
                names.join(","),
                whole.get_dbname().unwrap_or_default()
            ),
            hosts: hosts
                .iter()
                .enumerate()
                .map(|(index, host)| self.host(&whole, host, port(index)))
                .collect(),
        })
    }

    /// The configuration of one host.
    fn host(&self, whole: &Config, host: &Host, port: Option<u16>) -> Config {
        let mut config = Config::new();
        match host {
            Host::Tcp(name) => config.host(name),
            Host::Unix(path) => config.host_path(path),
        };
        if let Some(port) = port {
            config.port(port);
        }
        if let Some(user) = whole.get_user() {
            config.user(user);
        }
        match (&self.password, whole.get_password()) {
            (Some(password), _) => config.password(password),
            (None, Some(password)) => config.password(password),
            (None, None) => &mut config,
        };
        if let Some(database) = whole.get_dbname() {
            config.dbname(database);
        }
        if let Some(options) = whole.get_options() {
            config.options(options);
        }
        config
            .application_name(format!("beamlive {}", self.node))
            .ssl_mode(whole.get_ssl_mode())
            .ssl_negotiation(whole.get_ssl_negotiation())
            .channel_binding(whole.get_channel_binding())
            .connect_timeout(whole.get_connect_timeout().copied().unwrap_or(CONNECT))
            .tcp_user_timeout(whole.get_tcp_user_timeout().copied().unwrap_or(UNACKNOWLEDGED))
            .keepalives(true)
            .keepalives_idle(UNACKNOWLEDGED)
            .keepalives_interval(Duration::from_secs(2))
            .keepalives_retries(2);
        config
    }

    /// The certificates to trust.
    pub(super) fn roots(&self) -> Result<rustls::RootCertStore, PostgresSettingsError> {
        use rustls::pki_types::pem::PemObject;
        use rustls::pki_types::CertificateDer;

        let mut roots = rustls::RootCertStore::empty();
        let Some(path) = &self.ca_file else {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
            return Ok(roots);
        };
        let refused = |reason: String| PostgresSettingsError::Certificates {
            path: path.clone(),
            reason,
        };
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| refused(error.to_string()))? {
            let certificate = certificate.map_err(|error| refused(error.to_string()))?;
            roots
                .add(certificate)
                .map_err(|error| refused(error.to_string()))?;
        }
        match roots.is_empty() {
            true => Err(refused("it holds none".to_owned())),
            false => Ok(roots),
        }
    }
}

fn host_name(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => Path::display(path).to_string(),
    }
}

#[cfg(test)]
mod tests;
