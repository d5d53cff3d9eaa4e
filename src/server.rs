//! Builds the service, runs it, and stops it without losing what it acknowledged.
//!
//! | file | what it holds |
//! |---|---|
//! | `accounts.rs` | the secrets that sign tokens |
//! | `data_directory.rs` | the data directory and the admin token |
//! | `data_proxy.rs` | the external or the built-in Data Proxy |
//! | `failure.rs` | why a service does not start or stop |
//! | `oidc.rs` | what sign-in with OpenID Connect needs to know |
//! | `supervision.rs` | what the process manager asks: whether threads answer, and to reload files |

mod accounts;
mod data_directory;
mod data_proxy;
mod failure;
mod oidc;
mod supervision;

pub use failure::{StartError, StopError};

use crate::access_lists::AccessLists;
use crate::app::App;
use crate::auth::admin_token::AdminToken;
use crate::auth::pool::VerificationPool;
use crate::config::{Listen, Settings};
use crate::connection::gate::Gate;
use crate::connection::listen::Listening;
use crate::connection::listener::Listener;
use crate::events::Health;
use crate::import::uploads::ImportUploads;
use crate::limits::bodies::BodyBudget;
use crate::limits::rate::RateLimits;
use crate::metrics::counters::Metrics;
use crate::metrics::state::ServiceState;
use crate::proxy::expiry;
use crate::retention;
use crate::router::Mode;
use crate::tls::{day, Secure};
use crate::usage::Usage;
use actix::Arbiter;
use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use actix_web::HttpServer;
use beamlive_actors::clock::{Clock, KeySource, SystemClock, SystemKeys};
use beamlive_actors::directory::{Directory, Setup};
use beamlive_actors::facility::open_catalog;
use beamlive_actors::forwarder::DataProxy;
use beamlive_actors::published::Published;
use beamlive_storage::{EngineKind, Store, StoreConfig, StoreStatus};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// Connections at once to the address of health and metrics.
const HEALTH_CONNECTIONS: usize = 64;
/// Open files that are not connections: the store's, the log's, calls of the Data Proxy.
const OTHER_FILES: u64 = 256;
/// How long calls of the Data Proxy may take to finish when the service stops.
const FORWARDS_PATIENCE: Duration = Duration::from_secs(5);

/// Parts of the service that tests replace.
#[derive(Default)]
pub struct Parts {
    /// The time. `None` is the machine's clock.
    pub clock: Option<Arc<dyn Clock>>,
    /// Randomness for keys. `None` is the machine's.
    pub keys: Option<Arc<dyn KeySource>>,
    /// An open store. `None` opens the one in the data directory.
    pub store: Option<Store>,
    /// The external Data Proxy. `None` is what the settings say.
    pub proxy: Option<Arc<dyn DataProxy>>,
    /// How long requests wait for a database that is away. `None` is a minute.
    pub hold: Option<Duration>,
    /// A socket that clients connect to already. `None` listens where the settings say.
    pub listener: Option<Listener>,
    /// Which routes are served.
    pub mode: Mode,
}

/// A running service.
#[derive(Debug)]
pub struct Running {
    listen: Listen,
    health_address: Option<SocketAddr>,
    listening: Listening,
    health: Option<(ServerHandle, JoinHandle<std::io::Result<()>>)>,
    arbiters: Vec<Arbiter>,
    /// Tasks that remove what is old.
    cleaning: Vec<JoinHandle<()>>,
    following: Option<JoinHandle<()>>,
    /// Notices that certificates change.
    certificates: Option<JoinHandle<()>>,
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
        let tls = settings.tls.files(&settings.listen)?;
        let admin_token = data_directory::prepare(&settings.data)?;
        let clock = parts.clock.unwrap_or_else(|| Arc::new(SystemClock));
        let store = match parts.store {
            Some(store) => store,
            None => {
                if !settings.store.engine.is_durable() {
                    tracing::warn!("store.engine is memory: everything is lost when this process ends");
                }
                let (config, now) = (store_config(&settings)?, clock.now());
                // It waits for a database that is away.
                tokio::task::spawn_blocking(move || Store::open(&config, now))
                    .await
                    .map_err(|lost| StartError::Unreadable(lost.to_string()))??
            }
        };
        let catalog = open_catalog(&store, clock.now())
            .await
            .map_err(|error| StartError::Unreadable(error.to_string()))?;
        let hold = parts.hold.unwrap_or_else(|| settings.store.hold());
        let catalog = Arc::new(Published::new(catalog, &store, clock.clone(), hold));
        let external = data_proxy::external(&settings, parts.proxy)?;
        let keys = parts.keys.unwrap_or_else(|| Arc::new(SystemKeys));
        let (builtin_proxy, files) = match &external {
            Some(_) => (None, None),
            None => {
                let (proxy, files) = data_proxy::built_in(&settings, &store, &catalog, &keys, &clock)?;
                (Some(proxy), files)
            }
        };
        // The beamlines, whose clients wait, have a thread of their own. Other actors may be busy
        // longer.
        let (beamlines, others) = (Arbiter::new(), Arbiter::new());
        let directory = Arc::new(Directory::start(Setup {
            store,
            catalog,
            clock,
            keys,
            external,
            zone: settings.timezone,
            scheduling: settings.schedule,
            mailbox: settings.limits.mailbox,
            forwards: settings.proxy.concurrency,
            forward_timeout: Duration::from_secs(settings.proxy.timeout_seconds),
            sample_lists_bytes: settings.limits.sample_lists_bytes,
            beamlines: beamlines.handle(),
            others: others.handle(),
        }));
        let (accounts, oidc) = accounts::accounts(&settings, &directory)?;
        let metrics = Metrics::new();
        metrics.register(ServiceState::new(directory.clone(), files.clone()));
        let secure = match tls {
            Some(files) => Some(Arc::new(Secure::load(files, metrics.certificate_end())?)),
            None => None,
        };
        let app = Data::new(App {
            verification: VerificationPool::new(settings.limits.verifications, settings.tokens.remembered),
            accounts,
            oidc,
            events: Arc::default(),
            remote_files: data_proxy::remote_files(&settings)?,
            usage: Arc::new(Usage::new(settings.timezone)),
            imports: Arc::new(ImportUploads::new(&settings.data)),
            admin_token: AdminToken::new(&admin_token),
            builtin_proxy,
            files,
            access_lists: AccessLists::new(directory.clone()),
            rate: Arc::new(RateLimits::new(&settings.limits.rate, metrics.clone())),
            bodies: BodyBudget::new(settings.limits.bodies_bytes),
            connections: Arc::new(Gate::new(possible_connections(settings.limits.connections))),
            secure,
            metrics,
            directory,
            settings,
        });
        if let Some(path) = app.settings.facility.clone() {
            supervision::apply(&app, path).await?;
        }
        let expiry = match &app.files {
            Some(files) => Some(expiry::begin(files.shelf.clone()).await),
            None => None,
        };
        let cleaning = retention::begin(app.clone().into_inner());
        let events = Arc::clone(&app.events);
        let services = app.directory.services();
        let (store, clock) = (services.store.clone(), Arc::clone(&services.clock));
        let watched = Arc::clone(&app.directory);
        let health = move || Health {
            writes: matches!(watched.services().store.status(), StoreStatus::Writing),
            proxy: watched.forwarder_health().status().up,
        };
        let following = tokio::spawn(events.follow(store, clock, health));
        let arbiters = vec![beamlines, others];
        let mut running = Self::listen(app, arbiters, parts.listener, parts.mode)?;
        running.cleaning = expiry.into_iter().chain(cleaning).collect();
        running.following = Some(following);
        Ok(running)
    }

    fn listen(
        app: Data<App>,
        arbiters: Vec<Arbiter>,
        given: Option<Listener>,
        mode: Mode,
    ) -> Result<Self, StartError> {
        let failed = |listen: &Listen| {
            let address = listen.clone();
            move |source| StartError::Listen { address, source }
        };
        let configured = &app.settings.listen;
        let listener = match given {
            Some(listener) => listener,
            None => Listener::bind(configured).map_err(failed(configured))?,
        };
        let listen = listener.place().map_err(failed(configured))?;
        let health = app.settings.health.listen.map(bind).transpose()?;
        let machines = health.is_none();
        let listening = Listening::start(app.clone(), listener, mode, machines).map_err(failed(&listen))?;
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
            .map_err(failed(&address.into()))?
            .run();
            serving_health = Some((server.handle(), tokio::spawn(server)));
            health_address = Some(address);
        }
        let certificates = app.secure.clone().map(|secure| {
            tracing::info!(ends = day(secure.ends()), "speaking TLS");
            tokio::spawn(secure.follow(app.settings.tls.reload()))
        });
        Ok(Self {
            listen,
            health_address,
            listening,
            health: serving_health,
            arbiters,
            cleaning: Vec::new(),
            following: None,
            certificates,
            app,
        })
    }

    /// Where it listens. Port 0 in the settings is replaced by the port that was picked.
    #[must_use]
    pub fn listens(&self) -> &Listen {
        &self.listen
    }

    /// The address that it listens on. `None` for a Unix socket.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.listen.tcp()
    }

    /// Its URL; for a Unix socket, `unix:` and its path.
    #[must_use]
    pub fn url(&self) -> String {
        match (&self.listen, &self.app.secure) {
            (Listen::Tcp(address), None) => format!("http://{address}"),
            (Listen::Tcp(address), Some(_)) => format!("https://{address}"),
            (unix @ Listen::Unix(_), _) => unix.to_string(),
        }
    }

    /// The address of health and metrics, if they have one of their own.
    #[must_use]
    pub fn health_address(&self) -> Option<SocketAddr> {
        self.health_address
    }

    /// Its state.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Whether every thread of actors answers in time.
    pub async fn answers(&self) -> bool {
        supervision::answer(&self.arbiters, supervision::ACTORS_PATIENCE).await
    }

    /// Reads the TLS files and the facility file again, and logs the result. If a file can't be
    /// used, the state before it stays in effect.
    pub async fn reload(&self) {
        supervision::reload(&self.app).await;
    }

    /// Stops accepting connections, finishes requests in flight, and makes their writes durable.
    ///
    /// # Errors
    /// [`StopError`] when writes in flight may not be durable.
    pub async fn stop(self) -> Result<(), StopError> {
        // Streams of events have no end of their own.
        self.app.events.close();
        self.listening.stop().await;
        if let Some((handle, task)) = self.health {
            handle.stop(true).await;
            if let Ok(Err(error)) = task.await {
                tracing::error!(%error, "the listener of health and metrics ended with an error");
            }
        }
        for cleaning in self.cleaning {
            cleaning.abort();
            let _ = cleaning.await;
        }
        if let Some(certificates) = self.certificates {
            certificates.abort();
        }
        if let Some(following) = self.following {
            let _ = following.await;
        }
        self.app.directory.finish_forwards(FORWARDS_PATIENCE).await;
        for arbiter in &self.arbiters {
            arbiter.stop();
        }
        for arbiter in self.arbiters {
            // A thread that panicked has logged it already.
            let _ = tokio::task::spawn_blocking(move || arbiter.join()).await;
        }
        let store = self.app.directory.services().store.clone();
        match tokio::task::spawn_blocking(move || store.close()).await {
            Ok(closed) => Ok(closed?),
            Err(lost) => Err(StopError::Lost(lost)),
        }
    }
}

/// The number of connections that the system allows, at most `connections`. Each connection is a
/// file descriptor, so the soft limit is raised: it is usually 1,024.
fn possible_connections(connections: usize) -> usize {
    let files = match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => limit.saturating_sub(OTHER_FILES).max(OTHER_FILES),
        Err(error) => {
            tracing::warn!(%error, "the limit of open files could not be raised");
            return connections;
        }
    };
    let files = usize::try_from(files).unwrap_or(usize::MAX);
    if files < connections {
        tracing::warn!(
            connections,
            files,
            "the limit of open files is lower than limits.connections: fewer connections are accepted"
        );
    }
    files.min(connections)
}

fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let listen = |source| StartError::Listen {
        address: address.into(),
        source,
    };
    let listener = TcpListener::bind(address).map_err(listen)?;
    let bound = listener.local_addr().map_err(listen)?;
    Ok((listener, bound))
}

/// The settings of the store.
///
/// # Errors
/// [`StartError`] when the password of the database can't be read.
pub fn store_config(settings: &Settings) -> Result<StoreConfig, StartError> {
    let postgres = match settings.store.engine {
        EngineKind::Postgres => Some(settings.store.postgres()?),
        _ => None,
    };
    Ok(StoreConfig {
        path: settings.data.join("store"),
        engine: settings.store.engine,
        postgres,
        cache_bytes: settings.store.cache_bytes,
        queue: settings.limits.write_queue,
        created_by: concat!("beamlive ", env!("CARGO_PKG_VERSION")).to_owned(),
    })
}
