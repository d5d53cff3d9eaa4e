//! More ways to start and call a [`Site`], and waiting with a deadline.

use super::{http_client, settings_for, Reply, Site, FACILITY, MORNING};
use beamlive::config::Settings;
use beamlive::server::{Parts, Running, StopError};
use beamlive_actors::clock::{Clock, ManualClock};
use beamlive_storage::engine::memory::MemoryEngine;
use beamlive_storage::{Engine, Faults, Store, StoreConfig, Timestamp};
use reqwest::header::{HeaderMap, HeaderValue, ACCEPT};
use reqwest::Method;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The longest wait for a result of another thread.
const DEADLINE: Duration = Duration::from_secs(30);

/// Waits until `done` returns a value.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut done: impl FnMut() -> F) -> T {
    let begin = Instant::now();
    loop {
        if let Some(result) = done().await {
            return result;
        }
        assert!(begin.elapsed() < DEADLINE, "not within {DEADLINE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

impl Site {
    /// A service with its store in memory, and the engine, which can make its writes fail.
    pub async fn failing(change: impl FnOnce(&mut Settings)) -> (Self, MemoryEngine) {
        let engine = MemoryEngine::new();
        (Self::on(Arc::new(engine.clone()), change).await, engine)
    }

    /// A service with its store in another database.
    pub async fn on(engine: Arc<dyn Engine>, change: impl FnOnce(&mut Settings)) -> Self {
        let clock = ManualClock::at(Timestamp(MORNING * 1_000_000));
        Self::on_at(engine, clock, change).await
    }

    /// The same, with a clock that others may have too.
    pub async fn on_at(
        engine: Arc<dyn Engine>,
        clock: ManualClock,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        beamlive::proxy::install_crypto();
        let data = TempDir::new().unwrap();
        let mut settings = settings_for(&data);
        change(&mut settings);
        let parts = Parts {
            clock: Some(Arc::new(clock.clone())),
            hold: engine.hold(),
            store: Some(Store::with_engine(engine, 1024)),
            ..Parts::default()
        };
        let running = Running::start(settings.clone(), parts).await.unwrap();
        let site = Self {
            running: Some(running),
            http: http_client(&settings),
            settings,
            clock,
            keys: None,
            _data: data,
        };
        site.apply(FACILITY).await;
        site
    }

    /// Stops the service and starts it again on the same data with other settings.
    pub async fn restart_with(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings);
        self.restart().await;
    }

    /// Stops the service and starts it again on the same data; `faults` decides which writes fail.
    pub async fn restart_on(&mut self, faults: impl Faults + Clone) {
        self.running.take().unwrap().stop().await.unwrap();
        super::until_free(&self.settings.data).await;
        let config = StoreConfig {
            path: self.settings.data.join("store"),
            engine: self.settings.store.engine,
            ..StoreConfig::default()
        };
        let store = Store::open_with(&config, self.clock.now(), faults).unwrap();
        let parts = Parts {
            clock: Some(Arc::new(self.clock.clone())),
            keys: self.keys.clone(),
            store: Some(store),
            ..Parts::default()
        };
        self.running = Some(Running::start(self.settings.clone(), parts).await.unwrap());
    }

    /// Restarts a service with failed writes. The stop must report the failure.
    pub async fn restart_after_failure(&mut self) {
        let stopped = self.running.take().unwrap().stop().await;
        assert!(matches!(stopped, Err(StopError::WritesOff(_))), "{stopped:?}");
        self.start().await;
    }

    /// The URL of health and metrics if they have their own address.
    pub fn health_url(&self) -> Option<String> {
        self.running()
            .health_address()
            .map(|address| format!("http://{address}"))
    }

    /// Any request, at any path.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url()))
    }

    /// Any request to the admin API, with the token.
    pub async fn admin_request(&self, method: Method, path: &str, change: Change) -> Reply {
        let request = self
            .request(method, &format!("/api/admin/{path}"))
            .bearer_auth(self.admin_token());
        Reply::of(change(request)).await
    }

    /// GET with `X-Forwarded-For` headers, one for each element of `forwarded`.
    pub async fn get_for(&self, path: &str, forwarded: &[&str]) -> Reply {
        Reply::of(for_address(self.request(Method::GET, path), forwarded)).await
    }

    /// The numbers of groups and batches that the writer has written.
    pub fn written(&self) -> (u64, u64) {
        let metrics = self.app().directory.services().store.metrics();
        (metrics.groups, metrics.batches)
    }
}

/// Headers that ask for errors in JSON, also on routes that otherwise answer with a picture.
pub fn accepting_json() -> HeaderMap {
    HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))])
}

/// A change of a request.
pub type Change = fn(reqwest::RequestBuilder) -> reqwest::RequestBuilder;

/// Changes nothing.
pub fn plain(request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
    request
}

/// The request with `X-Forwarded-For` headers.
pub fn for_address(request: reqwest::RequestBuilder, forwarded: &[&str]) -> reqwest::RequestBuilder {
    forwarded.iter().fold(request, |request, value| {
        request.header("x-forwarded-for", *value)
    })
}
