//! `beamlive doctor`: looks at everything that a service needs, and says what to do about what it
//! finds.
//!
//! | file | what it looks at |
//! |---|---|
//! | `finding.rs` | what a finding is, and how it is printed |
//! | `files.rs` | the data directory, secrets and the configuration file |
//! | `disk.rs` | the file system of the data directory: its kind, its room, whether a sync waits |
//! | `store.rs` | the store, and whether a service uses it |
//! | `network.rs` | addresses, a front end, the limit of open files |
//! | `tls.rs` | the certificate, its key, its chain, its end |
//! | `proxy.rs` | an external Data Proxy, and the clock against others' |
//! | `facility.rs` | the facility file, and the users' roots |

mod disk;
mod facility;
mod files;
mod finding;
mod network;
mod proxy;
mod store;
mod tls;

use super::serve::Serve;
use crate::config::Settings;
use beamlive_client::{print, Failure};
use clap::{Args, ValueEnum};
use finding::{Examination, Finding};
use std::path::Path;
use tracing_subscriber::EnvFilter;

/// Check the configuration and the machine, and say what to do. It takes the settings of serve, as
/// flags, file and environment. Nothing is changed; a running service is not disturbed.
#[derive(Debug, Args)]
pub struct Doctor {
    /// How the findings are written.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

impl Doctor {
    /// Prints the findings.
    ///
    /// # Errors
    /// When there is a fault: something without which the service does not start or loses records.
    pub async fn run(self) -> Result<(), Failure> {
        let config = self.serve.config().map(Path::to_owned);
        let examination = match Settings::load(config.as_deref(), &self.serve) {
            Ok(settings) => examine(settings, config.as_deref()).await?,
            Err(error) => Examination::of(vec![Finding::fault(
                "configuration",
                error.to_string(),
                "correct this setting: docs/CONFIGURATION.md lists all of them",
            )]),
        };
        match self.format {
            Format::Text => examination.lines().into_iter().try_for_each(print)?,
            Format::Json => print(serde_json::to_string_pretty(&examination)?)?,
        }
        match examination.faults {
            0 => Ok(()),
            1 => Err("there is 1 fault".into()),
            faults => Err(format!("there are {faults} faults").into()),
        }
    }
}

/// Looks at everything.
async fn examine(settings: Settings, config: Option<&Path>) -> Result<Examination, Failure> {
    let mut findings = vec![configuration(&settings, config)];
    findings.extend(config.and_then(|config| files::configuration(&settings, config)));
    findings.extend(proxy::examine(&settings).await);
    // The rest waits for disks.
    let rest = tokio::task::spawn_blocking(move || {
        let mut findings = files::examine(&settings);
        findings.extend(disk::examine(&settings));
        let (store, is_running) = store::examine(&settings);
        findings.push(store);
        findings.extend(network::examine(&settings, is_running));
        findings.extend(tls::examine(&settings));
        findings.extend(facility::examine(&settings));
        findings
    });
    findings.extend(rest.await?);
    Ok(Examination::of(findings))
}

fn configuration(settings: &Settings, config: Option<&Path>) -> Finding {
    if let Err(error) = EnvFilter::try_new(&settings.log.filter) {
        return Finding::fault(
            "configuration",
            format!("log.filter {:?} is no filter: {error}", settings.log.filter),
            "write a level, such as info, or target=level,…",
        );
    }
    let oidc = &settings.oidc;
    if oidc.issuer.is_some() && oidc.client_id.is_none() {
        return Finding::fault(
            "configuration",
            "oidc.issuer is set, and oidc.client_id is not",
            "write what the issuer calls this service into oidc.client_id",
        );
    }
    if oidc.issuer.is_some() && oidc.redirect_url.is_none() && settings.public_url.is_none() {
        return Finding::fault(
            "configuration",
            "oidc.issuer is set, and neither public_url nor oidc.redirect_url is",
            "set public_url to the URL that browsers use",
        );
    }
    let from = config.map_or("defaults, flags and environment".to_owned(), |path| {
        path.display().to_string()
    });
    Finding::good("configuration", format!("{from} can be used"))
}
