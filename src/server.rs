//! Puts the service together, runs it, and stops it without losing what it was told.

mod data_proxy;
mod failure;

pub use failure::{StartError, StopError};

use crate::app::{App, Duty};
use crate::auth::{AdminToken, VerificationPool};
use crate::config::Settings;
use crate::connection::listen::Listening;
use crate::connection::Gate;
use crate::limits::bodies::BodyBudget;
use crate::limits::rate::RateLimits;
use crate::metrics::Metrics;
use crate::proxy::expiry;
use crate::ready_users::ReadyUsers;
use actix::Arbiter;
use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use actix_web::HttpServer;
use arc_swap::ArcSwap;
use beamlive_actors::activity::Origin;
use beamlive_actors::clock::{Clock, KeySource, SystemClock, SystemKeys};
use beamlive_actors::directory::{Directory, Setup};
use beamlive_actors::facility::declaration::Format;
use beamlive_actors::facility::open_catalog;
use beamlive_actors::forwarder::DataProxy;
use beamlive_storage::{Store, StoreConfig};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// Connections to the address of health and metrics at once.
const HEALTH_CONNECTIONS: usize = 64;
/// Open files that are not connections: the store's, the log's, calls of the Data Proxy.
const OTHER_FILES: u64 = 256;
/// How long calls of the Data Proxy may take to finish then.
const FORWARDS_PATIENCE: Duration = Duration::from_secs(5);

/// What tests put in the place of the machine's own.
#[derive(Default)]
pub struct Parts {
    /// The time; the machine's when none.
    pub clock: Option<Arc<dyn Clock>>,
    /// Randomness; the machine's when none.
    pub keys: Option<Arc<dyn KeySource>>,
    /// An open store; the one in the data directory when none.
    pub store: Option<Store>,
    /// The external Data Proxy; what the settings say when none.
    pub proxy: Option<Arc<dyn DataProxy>>,
    /// What it answers.
    pub duty: Duty,
}

/// A service that runs.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    health_address: Option<SocketAddr>,
    listening: Listening,
    health: Option<(ServerHandle, JoinHandle<std::io::Result<()>>)>,
    arbiters: Vec<Arbiter>,
    expiry: Option<JoinHandle<()>>,
    app: Data<App>,
}

impl Running {
    /// Opens the store, applies the facility file, and listens.
    ///
    /// # Errors
    /// [`StartError`], which says what to do.
    pub async fn start(settings: Settings, parts: Parts) -> Result<Self, StartError> {
        if let Some(path) = beamlive_storage::backup::unfinished(&settings.data) {
            return Err(StartError::Unfinished(path));
        }
        let admin_token = prepare_data_directory(&settings.data)?;
        let clock = parts.clock.unwrap_or_else(|| Arc::new(SystemClock));
        let store = match parts.store {
            Some(store) => store,
            None => {
                if !settings.store.engine.is_durable() {
                    tracing::warn!("store.engine is memory: nothing that is stored outlives this process");
                }
                Store::open(&store_config(&settings), clock.now())?
            }
        };
        let catalog = open_catalog(&store, clock.now())
            .await
            .map_err(|error| StartError::Unreadable(error.to_string()))?;
        let external = data_proxy::external(&settings, parts.proxy)?;
        let keys = parts.keys.unwrap_or_else(|| Arc::new(SystemKeys));
        let (builtin_proxy, files) = match &external {
            Some(_) => (None, None),
            None => {
                let (proxy, files) = data_proxy::built_in(&settings, &store, &keys, &clock)?;
                (Some(proxy), files)
            }
        };
        // One arbiter for the beamlines, whose clients wait, and one for actors that may be busy for a while.
        let (beamlines, others) = (Arbiter::new(), Arbiter::new());
        let directory = Directory::start(Setup {
            store,
            catalog: Arc::new(ArcSwap::from_pointee(catalog)),
            clock,
            keys,
            external,
            zone: settings.timezone,
            scheduling: settings.schedule,
            mailbox: settings.limits.mailbox,
            forwards: settings.proxy.concurrency,
            sample_lists_bytes: settings.limits.sample_lists_bytes,
            beamlines: beamlines.handle(),
            others: others.handle(),
        });
        let app = Data::new(App {
            verification: VerificationPool::new(settings.limits.verifications, settings.tokens.remembered),
            admin_token: AdminToken::new(&admin_token),
            builtin_proxy,
            files,
            ready_users: ReadyUsers::default(),
            rate: RateLimits::new(&settings.limits.rate),
            bodies: BodyBudget::new(settings.limits.bodies_bytes),
            connections: Arc::new(Gate::new(possible(settings.limits.connections))),
            metrics: Metrics::new(),
            directory,
            settings,
        });
        if let Some(path) = app.settings.facility.clone() {
            apply(&app, path).await?;
        }
        let expiry = match &app.files {
            Some(files) => Some(expiry::begin(files.shelf.clone()).await),
            None => None,
        };
        let mut running = Self::listen(app, vec![beamlines, others], parts.duty)?;
        running.expiry = expiry;
        Ok(running)
    }

    fn listen(app: Data<App>, arbiters: Vec<Arbiter>, duty: Duty) -> Result<Self, StartError> {
        let health = app.settings.health.listen;
        let (listener, address) = bind(app.settings.listen)?;
        let health = health.map(bind).transpose()?;
        let machines = health.is_none();
        let listening = Listening::start(app.clone(), listener, duty, machines)
            .map_err(|source| StartError::Listen { address, source })?;
        let (mut health_address, mut serving_health) = (None, None);
        if let Some((listener, address)) = health {
            let data = app.clone();
            let server = HttpServer::new(move || {
                actix_web::App::new()
                    .app_data(data.clone())
                    .configure(crate::router::machines)
            })
            .workers(1)
            .max_connections(HEALTH_CONNECTIONS)
            .disable_signals()
            .listen(listener)
            .map_err(|source| StartError::Listen { address, source })?
            .run();
            serving_health = Some((server.handle(), tokio::spawn(server)));
            health_address = Some(address);
        }
        Ok(Self {
            address,
            health_address,
            listening,
            health: serving_health,
            arbiters,
            expiry: None,
            app,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where health and metrics are, if not there too.
    #[must_use]
    pub fn health_address(&self) -> Option<SocketAddr> {
        self.health_address
    }

    /// What its handlers can reach.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Stops accepting, finishes what is in flight, makes it durable.
    ///
    /// # Errors
    /// [`StopError`] when what was in flight may not be durable.
    pub async fn stop(self) -> Result<(), StopError> {
        self.listening.stop().await;
        if let Some((handle, task)) = self.health {
            handle.stop(true).await;
            if let Ok(Err(error)) = task.await {
                tracing::error!(%error, "the listener of health and metrics ended with an error");
            }
        }
        if let Some(expiry) = self.expiry {
            expiry.abort();
        }
        self.app.directory.finish_forwards(FORWARDS_PATIENCE).await;
        for arbiter in &self.arbiters {
            arbiter.stop();
        }
        for arbiter in self.arbiters {
            // The threads end with their actors; one that panicked has said so already.
            let _ = tokio::task::spawn_blocking(move || arbiter.join()).await;
        }
        let store = self.app.directory.services().store.clone();
        match tokio::task::spawn_blocking(move || store.close()).await {
            Ok(closed) => Ok(closed?),
            Err(lost) => Err(StopError::Lost(lost)),
        }
    }
}

/// How many connections there can be: each is a file, and the usual soft limit of 1,024 would end the service's welcome
/// early.
fn possible(connections: usize) -> usize {
    let files = match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => limit.saturating_sub(OTHER_FILES).max(OTHER_FILES),
        Err(error) => {
            tracing::warn!(%error, "the limit of open files stays as it is");
            return connections;
        }
    };
    let files = usize::try_from(files).unwrap_or(usize::MAX);
    if files < connections {
        tracing::warn!(
            connections,
            files,
            "the system does not give that many files: fewer connections"
        );
    }
    files.min(connections)
}

fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let listen = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).map_err(listen)?;
    let bound = listener.local_addr().map_err(listen)?;
    Ok((listener, bound))
}

async fn apply(app: &App, path: PathBuf) -> Result<(), StartError> {
    let text = std::fs::read_to_string(&path).map_err(|source| StartError::FacilityFile {
        path: path.clone(),
        source,
    })?;
    let format = match path.extension() {
        Some(ending) if ending.eq_ignore_ascii_case("json") => Format::Json,
        _ => Format::Toml,
    };
    let origin = Origin {
        who: "operator".to_owned(),
        address: None,
    };
    match app
        .directory
        .apply(text.into(), format, false, false, origin)
        .await?
    {
        Ok(applied) => {
            tracing::info!(
                created = applied.counts.created,
                updated = applied.counts.updated,
                unchanged = applied.counts.unchanged,
                "facility file applied"
            );
            Ok(())
        }
        Err(mistakes) => Err(StartError::Facility { path, mistakes }),
    }
}

fn store_config(settings: &Settings) -> StoreConfig {
    StoreConfig {
        path: settings.data.join("store"),
        engine: settings.store.engine,
        cache_bytes: settings.store.cache_bytes,
        queue: settings.limits.write_queue,
        created_by: concat!("beamlive ", env!("CARGO_PKG_VERSION")).to_owned(),
    }
}

/// Has a directory that was just made outlive a power cut, as far as its parent lets itself be opened.
fn sync_entry(made: &Path) {
    let parent = match made.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return,
    };
    if let Err(error) = File::open(parent).and_then(|parent| parent.sync_all()) {
        tracing::warn!(?parent, %error, "can't be synced: a power cut now may take the new data directory away");
    }
}

/// Makes the data directory and the admin token where there are none, and reads the token.
fn prepare_data_directory(path: &Path) -> Result<String, StartError> {
    let unusable = |source| StartError::DataDirectory {
        path: path.to_owned(),
        source,
    };
    let missing: Vec<_> = path.ancestors().take_while(|part| !part.is_dir()).collect();
    if !path.is_dir() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(unusable)?;
    }
    for made in missing {
        sync_entry(made);
    }
    let store = path.join("store");
    if !store.is_dir() {
        DirBuilder::new().mode(0o700).create(&store).map_err(unusable)?;
    }
    let file = path.join("admin.token");
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&file)
    {
        Ok(mut new) => {
            let (first, second) = (SystemKeys.secure_key(), SystemKeys.secure_key());
            let token = format!("{}{}", first.to_hex(), second.to_hex());
            new.write_all(format!("{token}\n").as_bytes()).map_err(unusable)?;
            new.sync_all().map_err(unusable)?;
            Ok(token)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let others_may_read = file.metadata().map_err(unusable)?.permissions().mode() & 0o077 != 0;
            if others_may_read {
                return Err(unusable(std::io::Error::other(
                    "admin.token can be read by others: chmod 600 it, or remove it, and a new one is made",
                )));
            }
            let token = std::fs::read_to_string(&file).map_err(unusable)?;
            if token.trim().len() < 32 {
                return Err(unusable(std::io::Error::other(
                    "admin.token is too short to be safe: remove the file, and a new one is made",
                )));
            }
            Ok(token)
        }
        Err(error) => Err(unusable(error)),
    }
}
