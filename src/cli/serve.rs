//! `beamlive serve`: runs the service until a signal stops it.

use super::flags::{FacilityFlags, PlaceFlags};
use super::systemd::{self, Watchdog};
use crate::config::{Listen, LogFormat, Settings};
use crate::connection::listener::Listener;
use crate::import::offline;
use crate::import::uploads::ImportUploads;
use crate::router::Mode;
use crate::server::{Parts, Running};
use beamlive_actors::access::lists;
use beamlive_client::{print, Failure};
use beamlive_storage::Store;
use clap::Args;
use serde::Serialize;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::{mpsc, Arc};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::signal::unix::{signal, Signal, SignalKind};
use tracing_subscriber::EnvFilter;

/// How long a stop may take: clients have 30 s to read their answers, and calls of the Data Proxy 5
/// s to end.
pub(super) const LONGEST_STOP: Duration = Duration::from_secs(45);

/// Run the service. Every flag can also be set in the configuration file, under the same name.
#[derive(Debug, Args, Serialize)]
pub struct Serve {
    #[command(flatten)]
    #[serde(flatten)]
    server: ServerFlags,
    /// Facility file to apply at start.
    #[arg(long, env = "BEAMLIVE_FACILITY", value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    facility: Option<PathBuf>,
    /// What survey URLs start with [default: the request's Host].
    #[arg(long, env = "BEAMLIVE_PUBLIC_URL", value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    public_url: Option<String>,
    /// An external Data Proxy [default: the built-in one].
    #[arg(long, env = "BEAMLIVE_PROXY_URL", value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy_url: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    facility_flags: FacilityFlags,
    /// Beamtimes count for end_time and access lists [default: off].
    #[arg(long, env = "BEAMLIVE_SCHEDULE", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule: Option<bool>,
    /// Seconds that a stop may take, for tests.
    #[arg(long, hide = true, value_name = "SECONDS")]
    #[serde(skip)]
    stop_seconds: Option<u64>,
}

/// Flags of every command that serves.
#[derive(Debug, Args, Serialize)]
pub(super) struct ServerFlags {
    #[command(flatten)]
    #[serde(flatten)]
    pub place: PlaceFlags,
    /// The address to listen on, whose port 0 picks a free one, or unix:/path [default:
    /// 127.0.0.1:8000].
    #[arg(long, env = "BEAMLIVE_LISTEN", value_name = "ADDRESS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    listen: Option<Listen>,
    #[command(flatten)]
    tls: TlsFlags,
    /// What the built-in Data Proxy may serve; may be repeated, relative paths start at the first
    /// [default: /users].
    #[arg(long, env = "BEAMLIVE_USERS_ROOT", value_name = "DIR", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    users_root: Vec<PathBuf>,
    /// Peers whose X-Forwarded-For is trusted, as address or network; may be repeated.
    #[arg(long, env = "BEAMLIVE_TRUSTED_PROXY", value_name = "CIDR", value_delimiter = ',', value_parser = network)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    trusted_proxy: Vec<ipnet::IpNet>,
}

/// TLS at the service's own address.
#[derive(Debug, Args, Serialize)]
struct TlsFlags {
    /// The service's certificate and those that sign it (PEM): turns TLS on.
    #[arg(
        long = "tls-certificate",
        env = "BEAMLIVE_TLS__CERTIFICATE",
        value_name = "FILE"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<PathBuf>,
    /// Its private key (PEM).
    #[arg(long = "tls-key", env = "BEAMLIVE_TLS__KEY", value_name = "FILE")]
    #[serde(rename = "key", skip_serializing_if = "Option::is_none")]
    tls_key: Option<PathBuf>,
    /// Refuse clients without a certificate that is signed by one of these (PEM).
    #[arg(long = "tls-client-ca", env = "BEAMLIVE_TLS__CLIENT_CA", value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    client_ca: Option<PathBuf>,
}

/// A network, or one address as a network of its own.
fn network(text: &str) -> Result<ipnet::IpNet, String> {
    lists::parse_network(text)
        .ok_or_else(|| "write an address such as 10.0.0.1 or a network such as 10.0.0.0/8".to_owned())
}

impl Serve {
    /// The configuration file.
    pub(super) fn config(&self) -> Option<&Path> {
        self.server.place.config.as_deref()
    }

    /// Serves until SIGTERM or SIGINT, then finishes what is in flight. SIGHUP reads certificates
    /// and the facility file again.
    ///
    /// # Errors
    /// When the service can't start. The message says what to do.
    pub async fn run(self) -> Result<(), Failure> {
        let settings = Settings::load(self.server.place.config.as_deref(), &self)?;
        let longest = self.stop_seconds.map_or(LONGEST_STOP, Duration::from_secs);
        run_until_signal(settings, Mode::Service, longest).await
    }
}

/// Serves until SIGTERM or SIGINT, then finishes what is in flight.
pub(super) async fn run_until_signal(
    settings: Settings,
    mode: Mode,
    longest_stop: Duration,
) -> Result<(), Failure> {
    log_to_stderr(&settings)?;
    // Before the start, so that a signal during it is not lost.
    let mut signals = StopSignals::new()?;
    let mut reload = signal(SignalKind::hangup())?;
    let mut settings = settings;
    let socket = systemd::socket()?;
    if let Some(socket) = &socket {
        settings.listen = socket.place()?;
    }
    let mut watchdog = Watchdog::new();
    let mut announced = false;
    loop {
        let parts = Parts {
            mode,
            // systemd keeps listening while the service is away for an import.
            listener: socket.as_ref().map(Listener::try_clone).transpose()?,
            ..Parts::default()
        };
        let running = Running::start(settings.clone(), parts).await?;
        // After an import it is at the same address again.
        settings.listen = running.listens().clone();
        if !announced {
            print(format_args!("listening on {}", running.url()))?;
            announced = true;
        }
        systemd::ready(&running.url());
        loop {
            tokio::select! {
                () = watchdog.due() => {
                    // If an actor hangs, systemd gets no keep-alive, and restarts the service.
                    match running.answers().await {
                        true => Watchdog::works(),
                        false => tracing::error!("a thread of actors does not answer"),
                    }
                    continue;
                }
                _ = reload.recv() => {
                    systemd::reloading();
                    running.reload().await;
                    systemd::ready(&running.url());
                    continue;
                }
                () = signals.next() => {
                    systemd::stopping();
                    tracing::info!("stopping: no new connections; finishing what is in flight");
                    exit_after(longest_stop)?;
                    tokio::select! {
                        stopped = running.stop() => stopped?,
                        () = signals.next() => return Err("stopped at once by a second signal".into()),
                    }
                    tracing::info!("stopped");
                    return Ok(());
                }
                () = running.app().imports.wanted() => {}
            }
            let uploads = Arc::clone(&running.app().imports);
            uploads.running();
            if uploads.status().dry_run {
                let store = running.app().directory.services().store.clone();
                watchdog.during(import(uploads, &settings, Some(store))).await?;
            } else {
                tracing::info!("stopping for an import");
                systemd::importing();
                watchdog.during(running.stop()).await?;
                watchdog.during(import(uploads, &settings, None)).await?;
                break;
            }
        }
    }
}

/// Imports what was sent. A dry run looks at the store of the running service.
async fn import(
    uploads: Arc<ImportUploads>,
    settings: &Settings,
    store: Option<Store>,
) -> Result<(), Failure> {
    let (settings, runtime) = (settings.clone(), Handle::current());
    let imported = tokio::task::spawn_blocking(move || {
        let outcome = offline::import_sent(&uploads, &settings, store.as_ref(), &runtime);
        let outcome = outcome.map_err(|error| error.to_string());
        match &outcome {
            Ok(_) => tracing::info!("the import is done"),
            Err(error) => tracing::error!(%error, "the import failed"),
        }
        uploads.ended(outcome);
    });
    Ok(imported.await?)
}

/// Ends the process after `longest`, because a disk that hangs can keep threads for ever.
fn exit_after(longest: Duration) -> Result<(), std::io::Error> {
    let wait = move || {
        // A receiver that nothing is sent to: a timer that needs no runtime.
        let (_sender, receiver) = mpsc::channel::<()>();
        let _ = receiver.recv_timeout(longest);
        tracing::error!("something hangs: ended without waiting for it any longer");
        std::process::exit(1);
    };
    std::thread::Builder::new()
        .name("stop".to_owned())
        .spawn(wait)
        .map(drop)
}

/// SIGTERM and SIGINT.
pub(super) struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    pub(super) fn new() -> Result<Self, std::io::Error> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

fn log_to_stderr(settings: &Settings) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&settings.log.filter)
        .map_err(|error| format!("log.filter {:?} is no filter: {error}", settings.log.filter))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match settings.log.format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}
