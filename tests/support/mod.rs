//! A complete service for one test, and clients that call it.

mod certificates;
mod client;
mod crowd;
mod data_proxy;
mod dice;
pub mod exposition;
pub mod facilities;
mod facility;
mod form;
pub mod frames;
pub mod fuse;
pub mod issuer;
pub mod msgpack;
#[path = "../../storage/tests/support/postgres.rs"]
#[allow(dead_code, unreachable_pub, reason = "the tests of the store need more of it")]
mod postgres;
pub mod process;
pub mod raw;
mod service;
mod site;
mod stores;
mod uploads;
pub mod users;
pub mod v3;
mod visits;

pub use certificates::Certificates;
pub use client::{Client, KeyKind, Reply};
pub use crowd::while_watching;
pub use data_proxy::{FakeProxy, Mood};
pub use dice::Dice;
pub use facility::FACILITY;
pub use form::Form;
pub use postgres::Postgres;
pub use service::Service;
pub use site::{accepting_json, eventually, for_address, plain};
pub use stores::{assert_clean, busy_site, choose_engine, engine, until_free};
pub use uploads::{dataset, dataset_in};
pub use visits::{no_stretches_overlap, Visit, DAY, HOUR, MINUTE, SECOND};

use beamlive::config::Settings;
use beamlive::server::{Parts, Running};
use beamlive_actors::clock::{Clock, KeySource, ManualClock};
use beamlive_storage::{EngineKind, Timestamp};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use tempfile::TempDir;

/// 2026-11-23 15:00:00 UTC: a Monday morning at the beamline.
pub const MORNING: i64 = 1_795_446_000;

fn morning() -> ManualClock {
    ManualClock::at(Timestamp(MORNING * 1_000_000))
}

/// A running service with a facility.
pub struct Site {
    running: Option<Running>,
    settings: Settings,
    pub clock: ManualClock,
    pub http: reqwest::Client,
    keys: Option<Arc<dyn KeySource>>,
    /// Deleted when this is dropped.
    _data: TempDir,
}

impl Site {
    /// A service with the tests' facility.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A service with other settings.
    pub async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::with_facility(FACILITY, change).await
    }

    /// A service with another facility.
    pub async fn with_facility(facility: &str, change: impl FnOnce(&mut Settings)) -> Self {
        Self::build(facility, change, None, morning()).await
    }

    /// A service with another source of secure keys.
    pub async fn with_keys(keys: Arc<dyn KeySource>) -> Self {
        Self::build(FACILITY, |_| {}, Some(keys), morning()).await
    }

    /// Two services, as nodes on one PostgreSQL with one clock.
    pub async fn two_on(postgres: &Postgres) -> [Self; 2] {
        let (url, clock) = (postgres.database(), morning());
        let settings = |settings: &mut Settings| {
            settings.store.engine = EngineKind::Postgres;
            settings.store.url = Some(url.clone());
        };
        let first = Self::build(FACILITY, settings, None, clock.clone()).await;
        [first, Self::build(FACILITY, settings, None, clock.clone()).await]
    }

    async fn build(
        facility: &str,
        change: impl FnOnce(&mut Settings),
        keys: Option<Arc<dyn KeySource>>,
        clock: ManualClock,
    ) -> Self {
        beamlive::proxy::install_crypto();
        let data = TempDir::new().unwrap();
        let mut settings = settings_for(&data);
        choose_engine(&mut settings);
        change(&mut settings);
        let mut site = Self {
            running: None,
            http: http_client(&settings),
            settings,
            clock,
            keys,
            _data: data,
        };
        site.start().await;
        site.apply(facility).await;
        site
    }

    async fn start(&mut self) {
        let parts = Parts {
            clock: Some(Arc::new(self.clock.clone())),
            keys: self.keys.clone(),
            ..Parts::default()
        };
        self.running = Some(Running::start(self.settings.clone(), parts).await.unwrap());
    }

    /// Stops the service and starts it again on the same data.
    pub async fn restart(&mut self) {
        self.stop().await;
        until_free(self.data()).await;
        self.start().await;
    }

    /// Stops the service and keeps its data.
    pub async fn stop(&mut self) {
        self.running.take().unwrap().stop().await.unwrap();
    }

    /// The data directory.
    pub fn data(&self) -> &std::path::Path {
        &self.settings.data
    }

    /// Starts the stopped service on the same data with other settings.
    pub async fn start_with(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings);
        until_free(self.data()).await;
        self.start().await;
    }

    fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    /// The URL of the service: `http://127.0.0.1:…`.
    pub fn url(&self) -> String {
        self.running().url()
    }

    pub fn address(&self) -> SocketAddr {
        self.running().address().unwrap()
    }

    pub fn app(&self) -> &beamlive::app::App {
        self.running().app()
    }

    /// Seconds since the epoch, by the test's clock.
    pub fn now(&self) -> u64 {
        u64::try_from(self.clock.now().0 / 1_000_000).unwrap()
    }

    /// A client of `user`, with a new Ed25519 key that is not registered.
    pub fn stranger(&self, user: &str) -> Client {
        Client::new(self, user, KeyKind::Ed25519)
    }

    /// A client of `user`, with a new Ed25519 key that is registered.
    pub async fn client(&self, user: &str) -> Client {
        self.client_with(user, KeyKind::Ed25519).await
    }

    /// A client of `user`, with a new registered key of this kind.
    pub async fn client_with(&self, user: &str, kind: KeyKind) -> Client {
        let client = Client::new(self, user, kind);
        assert_eq!(client.register().await.status, 200);
        client
    }

    /// The admin token.
    pub fn admin_token(&self) -> String {
        std::fs::read_to_string(self.settings.data.join("admin.token"))
            .unwrap()
            .trim()
            .to_owned()
    }

    /// Applies a facility file.
    pub async fn apply(&self, toml: &str) -> Value {
        let reply = self.post_admin("apply", toml.to_owned()).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }

    /// POST to the admin API.
    pub async fn post_admin(&self, path: &str, body: String) -> Reply {
        let request = self.http.post(format!("{}/api/admin/{path}", self.url()));
        Reply::of(request.bearer_auth(self.admin_token()).body(body)).await
    }

    /// GET from the admin API.
    pub async fn admin(&self, path: &str) -> Value {
        let reply = self.admin_reply(path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()
    }

    /// GET from the admin API, with any status.
    pub async fn admin_reply(&self, path: &str) -> Reply {
        let request = self.http.get(format!("{}/api/admin/{path}", self.url()));
        Reply::of(request.bearer_auth(self.admin_token())).await
    }

    /// GET of any other path.
    pub async fn get(&self, path: &str) -> Reply {
        Reply::of(self.http.get(format!("{}{path}", self.url()))).await
    }

    /// The open stretches of all sessions.
    pub async fn open_stretches(&self) -> Vec<(String, String)> {
        let sessions = self.admin("sessions?limit=1000").await;
        let mut open = Vec::new();
        for session in sessions.as_array().unwrap() {
            for stretch in session["stretches"].as_array().unwrap() {
                if stretch["end"].is_null() {
                    let beamline = session["beamline"].as_str().unwrap();
                    open.push((beamline.to_owned(), session["name"].as_str().unwrap().to_owned()));
                }
            }
        }
        open
    }
}

/// Settings of a service with its data in `data`.
fn settings_for(data: &TempDir) -> Settings {
    Settings {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)).into(),
        data: data.path().join("data"),
        timezone: chrono_tz::America::Regina,
        ..Settings::default()
    }
}

/// A client that follows no redirects and asks for errors in JSON. It trusts the authority of a
/// service that speaks TLS, and has a client's certificate if that asks for one.
fn http_client(settings: &Settings) -> reqwest::Client {
    let mut builder = reqwest::Client::builder();
    if let Some(path) = &settings.tls.certificate {
        let read = |name: &str| std::fs::read(path.with_file_name(name)).unwrap();
        let authority = reqwest::Certificate::from_pem(&read("ca.pem")).unwrap();
        builder = builder.add_root_certificate(authority);
        if settings.tls.client_ca.is_some() {
            let identity = [read("client.pem"), read("client.key")].concat();
            builder = builder.identity(reqwest::Identity::from_pem(&identity).unwrap());
        }
    }
    builder
        .redirect(reqwest::redirect::Policy::none())
        .default_headers(accepting_json())
        .timeout(std::time::Duration::from_secs(60))
        .build()
        .unwrap()
}
