//! A service of its own in this process, on threads of its own, with the production code and a store on the disk.

use super::apart::Apart;
use super::facility;
use base64::prelude::{Engine, BASE64_URL_SAFE};
use beamlive::auth::token::{base62, sign_message};
use beamlive::config::{Settings, StoreSettings};
use beamlive::load::client::Connection;
use beamlive::server::{Parts, Running};
use beamlive_actors::clock::{Clock, SystemClock};
use beamlive_storage::{EngineKind, Store, Table};
use dsa::pkcs8::der::Encode;
use dsa::signature::DigestSigner;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// Beamlines of the facility; each has a project of its own that works there.
pub(crate) const BEAMLINES: usize = 32;
/// Samples in each project's list.
pub(crate) const SAMPLES: usize = 400;

/// A service, and what its clients know of it.
pub(crate) struct Site {
    address: SocketAddr,
    process: Process,
    lists: Vec<List>,
    uniques: AtomicU64,
}

/// Where a service runs.
enum Process {
    /// In this process, on threads of its own.
    Here {
        store: Store,
        stop: oneshot::Sender<()>,
        thread: JoinHandle<()>,
    },
    /// In one of its own, as operators run it, so that its memory can be told.
    Apart(Apart),
}

/// What a project knows of its samples.
struct List {
    first: u64,
    etag: String,
    bytes: usize,
    gzip_bytes: usize,
}

/// One program of one project. It signs once a second, and sends that token until the next: real clients sign each
/// request, on machines of their own. The service verifies every request either way.
#[derive(Debug)]
pub(crate) struct Caller {
    username: String,
    key: Key,
    signed_at: u64,
    token: String,
}

/// What a program signs with.
#[derive(Debug)]
enum Key {
    Ed25519(Box<SigningKey>),
    Dsa(Box<dsa::SigningKey>),
}

impl Key {
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            Self::Dsa(key) => {
                let digest = Sha256::new_with_prefix(message);
                let signature: dsa::Signature = key.sign_digest(digest);
                signature.to_der().unwrap()
            }
        }
    }
}

impl Caller {
    /// A program of the project that works at beamline `number`.
    pub(crate) fn new(number: usize) -> Self {
        Self::with(
            Site::username(number),
            Key::Ed25519(Box::new(facility::signing_key(number % BEAMLINES))),
        )
    }

    /// A program of another account, with a DSA key.
    pub(crate) fn with_dsa(username: String, key: &dsa::SigningKey) -> Self {
        Self::with(username, Key::Dsa(Box::new(key.clone())))
    }

    fn with(username: String, key: Key) -> Self {
        Self {
            username,
            key,
            signed_at: 0,
            token: String::new(),
        }
    }

    /// A token of this second.
    pub(crate) fn token(&mut self) -> &str {
        let now = u64::try_from(SystemClock.now().0 / 1_000_000).unwrap();
        if now != self.signed_at {
            let time = base62(now);
            let signature = self.key.sign(&sign_message(&self.username, &time));
            self.token = format!("{}:{time}:{}", self.username, BASE64_URL_SAFE.encode(signature));
            self.signed_at = now;
        }
        &self.token
    }
}

impl Site {
    /// Starts one with an empty store in `directory`.
    pub(crate) async fn start(directory: &Path) -> Self {
        Self::start_with(directory, "", Settings::default().tokens.remembered).await
    }

    /// The same, with more in its facility file, and so many verified tokens remembered.
    pub(crate) async fn start_with(directory: &Path, more: &str, remembered: usize) -> Self {
        let mut settings = settings(directory, &(facility::toml() + more));
        settings.tokens.remembered = remembered;
        let (started, running) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let running = Running::start(settings, Parts::default()).await.unwrap();
                let store = running.app().directory.services().store.clone();
                started.send((running.address(), store)).unwrap();
                // An error means that the bench has gone, which is a reason to stop too.
                let _ = stopped.await;
                if let Err(error) = running.stop().await {
                    eprintln!("the service did not stop cleanly: {error}");
                }
            });
        });
        let (address, store) = running.recv().unwrap();
        let process = Process::Here { store, stop, thread };
        Self::meet(address, process).await
    }

    /// Starts the binary on the store in `directory`, which may be there already.
    pub(crate) async fn apart(directory: &Path) -> Self {
        let facility = (!directory.exists()).then(facility::toml);
        let apart = Apart::start(directory, facility.as_deref());
        Self::meet(apart.address, Process::Apart(apart)).await
    }

    async fn meet(address: SocketAddr, process: Process) -> Self {
        // In another run names were used already.
        let first = u64::try_from(SystemClock.now().0).unwrap();
        let mut site = Self {
            address,
            process,
            lists: Vec::new(),
            uniques: AtomicU64::new(first),
        };
        for project in 0..BEAMLINES {
            let list = site.read_list(project).await;
            site.lists.push(list);
        }
        site.open_sessions().await;
        site
    }

    pub(crate) fn stop(self) {
        match self.process {
            Process::Here { stop, thread, .. } => {
                let _ = stop.send(());
                thread.join().unwrap();
            }
            Process::Apart(apart) => drop(apart),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many datasets it has.
    pub(crate) fn stored(&self) -> u64 {
        match &self.process {
            Process::Here { store, .. } => store.counter(Table::Dataset).unwrap(),
            Process::Apart(_) => 0,
        }
    }

    /// How many batches it made durable, and with how many syncs; of a process of its own nothing is known.
    pub(crate) fn written(&self) -> (u64, u64) {
        match &self.process {
            Process::Here { store, .. } => {
                let metrics = store.metrics();
                (metrics.batches, metrics.groups)
            }
            Process::Apart(_) => (0, 0),
        }
    }

    /// The process, if it has its own.
    pub(crate) fn process(&self) -> Option<&Apart> {
        match &self.process {
            Process::Here { .. } => None,
            Process::Apart(apart) => Some(apart),
        }
    }

    /// The username of project `number`.
    pub(crate) fn username(number: usize) -> String {
        format!("p{:02}", number % BEAMLINES)
    }

    /// A program of the project that works at beamline `number`.
    pub(crate) fn caller(&self, number: usize) -> Caller {
        Caller::new(number)
    }

    /// A sample of that project.
    pub(crate) fn sample_of(&self, number: usize) -> u64 {
        self.lists[number % BEAMLINES].first
    }

    /// The tag of that project's list.
    pub(crate) fn etag_of(&self, number: usize) -> &str {
        &self.lists[number % BEAMLINES].etag
    }

    /// A number that was not given before.
    pub(crate) fn unique(&self) -> u64 {
        self.uniques.fetch_add(1, Ordering::Relaxed)
    }

    /// Every project has its beamline, so that what it uploads belongs to a session.
    pub(crate) async fn open_sessions(&self) {
        let mut connection = Connection::open(self.address).await.unwrap();
        for beamline in 0..BEAMLINES {
            let mut caller = self.caller(beamline);
            let request = format!(
                "POST /api/v2/{}/launch/B{beamline:02}/shift/ HTTP/1.1\r\nHost: bench\r\nContent-Length: 0\r\n\r\n",
                caller.token()
            );
            let answer = connection.exchange(request.as_bytes()).await.unwrap();
            assert_eq!(answer.status, 200);
        }
    }

    /// Bytes of a project's list.
    pub(crate) fn list_bytes(&self) -> usize {
        self.lists[0].bytes
    }

    /// What the requests are about.
    pub(crate) fn describe(&self) -> String {
        let list = &self.lists[0];
        format!(
            "{BEAMLINES} beamlines, {BEAMLINES} projects (Ed25519), {SAMPLES} samples in a list: {} bytes of JSON, {} gzipped",
            list.bytes, list.gzip_bytes
        )
    }

    async fn read_list(&self, project: usize) -> List {
        let mut connection = Connection::open(self.address).await.unwrap();
        let mut caller = self.caller(project);
        let url = format!("/api/v2/{}/samples/B{project:02}/", caller.token());
        let request = format!("GET {url} HTTP/1.1\r\nHost: bench\r\n\r\n");
        let answer = connection.exchange(request.as_bytes()).await.unwrap();
        assert_eq!(answer.status, 200);
        let samples: Value = serde_json::from_slice(connection.body(&answer)).unwrap();
        assert_eq!(samples.as_array().unwrap().len(), SAMPLES);
        let (first, bytes) = (samples[0]["id"].as_u64().unwrap(), connection.body(&answer).len());
        let etag = connection.header(&answer, "etag").unwrap().to_owned();
        let request = format!("GET {url} HTTP/1.1\r\nHost: bench\r\nAccept-Encoding: gzip\r\n\r\n");
        let answer = connection.exchange(request.as_bytes()).await.unwrap();
        assert_eq!(connection.header(&answer, "content-encoding"), Some("gzip"));
        List {
            first,
            etag,
            bytes,
            gzip_bytes: connection.body(&answer).len(),
        }
    }
}

/// The engine of all services: as the service reads it, and as those that are processes of their own inherit it.
pub(crate) fn engine() -> EngineKind {
    let engine = std::env::var("BEAMLIVE_STORE__ENGINE").map(|name| name.parse().unwrap());
    engine.unwrap_or_default()
}

/// The settings of a service in `directory`, which is made, with that facility.
pub(crate) fn settings(directory: &Path, facility: &str) -> Settings {
    std::fs::create_dir(directory).unwrap();
    let file = directory.join("facility.toml");
    std::fs::write(&file, facility).unwrap();
    Settings {
        store: StoreSettings {
            engine: engine(),
            ..StoreSettings::default()
        },
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        data: directory.join("data"),
        facility: Some(file),
        ..Settings::default()
    }
}
