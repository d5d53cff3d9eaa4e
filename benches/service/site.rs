//! A service with the production code and a store on the disk, and what its clients know of it.

use super::apart::Apart;
use beamlive::config::{Settings, StoreSettings};
use beamlive::server::{Parts, Running};
use beamlive_actors::clock::{Clock, SystemClock};
use beamlive_client::key::{Key, Signer};
use beamlive_load::facility::Facility;
use beamlive_load::http::Connection;
use beamlive_storage::{EngineKind, Store, Table};
use serde_json::Value;
use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{mpsc, Mutex};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// Beamlines of the facility; each has its own project.
pub(crate) const BEAMLINES: usize = 32;
/// Samples in each project's list.
const SAMPLES: usize = 400;

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
    /// In its own process, so that its memory can be measured.
    Apart(Apart),
}

/// A project's sample list.
struct List {
    first: u64,
    etag: String,
    bytes: usize,
    gzip_bytes: usize,
}

/// A client of one project. It signs once a second: real clients sign each request, but on machines
/// of their own.
#[derive(Debug)]
pub(crate) struct Caller(Signer);

impl Caller {
    /// A client of the project that works at beamline `number`.
    pub(crate) fn new(number: usize) -> Self {
        Self::with(&Site::username(number), project_key(number))
    }

    /// A client of another account.
    pub(crate) fn with(username: &str, key: Key) -> Self {
        Self(Signer::new(username, key, false))
    }

    /// The token of this second.
    pub(crate) fn token(&mut self) -> &str {
        self.0
            .token(u64::try_from(SystemClock.now().0 / 1_000_000).unwrap())
    }
}

/// The key of a project: the same in every run.
fn project_key(number: usize) -> Key {
    Key::from_seed(&[u8::try_from(number % BEAMLINES).unwrap() + 1; 32])
}

/// Its public half, as OpenSSH writes it.
pub(crate) fn public_key(number: usize) -> String {
    project_key(number).public_line().unwrap()
}

/// The names of the facility.
fn names() -> Facility {
    Facility {
        prefix: "bench".to_owned(),
        ..Facility::default()
    }
}

/// The facility file.
pub(crate) fn facility() -> Value {
    let facility = Facility {
        beamlines: BEAMLINES,
        samples: SAMPLES,
        address: Some("127.0.0.0/8".to_owned()),
        keys: (0..BEAMLINES).map(public_key).collect(),
        ..names()
    };
    facility.opening()
}

impl Site {
    /// Starts a service in this process, with an empty store in `directory`.
    pub(crate) async fn start(directory: &Path) -> Self {
        Self::start_with(directory, Vec::new(), Settings::default().tokens.remembered).await
    }

    /// The same, with more projects, and with this many remembered tokens.
    pub(crate) async fn start_with(directory: &Path, projects: Vec<Value>, remembered: usize) -> Self {
        let mut facility = facility();
        facility["project"].as_array_mut().unwrap().extend(projects);
        let mut settings = settings(directory, &facility);
        settings.tokens.remembered = remembered;
        // Clients name their addresses themselves.
        settings.trusted_proxy = vec!["127.0.0.0/8".parse().unwrap()];
        let (started, running) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let running = Running::start(settings, Parts::default()).await.unwrap();
                let store = running.app().directory.services().store.clone();
                started.send((running.address().unwrap(), store)).unwrap();
                // An error means that the bench has ended, which is a reason to stop too.
                let _ = stopped.await;
                if let Err(error) = running.stop().await {
                    eprintln!("the service did not stop cleanly: {error}");
                }
            });
        });
        let (address, store) = running.recv().unwrap();
        let process = Process::Here { store, stop, thread };
        Self::connect(address, process).await
    }

    /// Starts the binary on the store in `directory`, which may exist.
    pub(crate) async fn apart(directory: &Path) -> Self {
        let facility = (!directory.exists()).then(facility);
        let apart = Apart::start(directory, facility.as_ref());
        Self::connect(apart.address, Process::Apart(apart)).await
    }

    async fn connect(address: SocketAddr, process: Process) -> Self {
        // Earlier runs on the same store have used smaller numbers.
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

    /// How many datasets are stored; 0 for a process of its own.
    pub(crate) fn stored(&self) -> u64 {
        match &self.process {
            Process::Here { store, .. } => store.counter(Table::Dataset).unwrap(),
            Process::Apart(_) => 0,
        }
    }

    /// How many batches are durable, and with how many syncs; zeros for a process of its own.
    pub(crate) fn written(&self) -> (u64, u64) {
        match &self.process {
            Process::Here { store, .. } => {
                let metrics = store.metrics();
                (metrics.batches, metrics.groups)
            }
            Process::Apart(_) => (0, 0),
        }
    }

    /// The process, if the service has its own.
    pub(crate) fn process(&self) -> Option<&Apart> {
        match &self.process {
            Process::Here { .. } => None,
            Process::Apart(apart) => Some(apart),
        }
    }

    /// The username of project `number`.
    pub(crate) fn username(number: usize) -> String {
        names().username(number % BEAMLINES)
    }

    /// The acronym of beamline `number`.
    pub(crate) fn beamline(number: usize) -> String {
        names().beamline(number % BEAMLINES)
    }

    /// A client of the project that works at beamline `number`.
    pub(crate) fn caller(&self, number: usize) -> Caller {
        Caller::new(number)
    }

    /// A sample of that project.
    pub(crate) fn sample_of(&self, number: usize) -> u64 {
        self.lists[number % BEAMLINES].first
    }

    /// The `ETag` of that project's list.
    pub(crate) fn etag_of(&self, number: usize) -> &str {
        &self.lists[number % BEAMLINES].etag
    }

    /// A number that was not returned before.
    pub(crate) fn unique(&self) -> u64 {
        self.uniques.fetch_add(1, Ordering::Relaxed)
    }

    /// Opens a session at each beamline, so that uploads belong to one.
    pub(crate) async fn open_sessions(&self) {
        let mut connection = Connection::open(self.address).await.unwrap();
        for number in 0..BEAMLINES {
            let (mut caller, beamline) = (self.caller(number), Self::beamline(number));
            let request = format!(
                "POST /api/v2/{}/launch/{beamline}/shift/ HTTP/1.1\r\nHost: bench\r\nContent-Length: 0\r\n\r\n",
                caller.token()
            );
            let response = connection.exchange(request.as_bytes()).await.unwrap();
            assert_eq!(response.status, 200);
        }
    }

    /// Bytes of a project's list.
    pub(crate) fn list_bytes(&self) -> usize {
        self.lists[0].bytes
    }

    /// The facility in words.
    pub(crate) fn describe(&self) -> String {
        let list = &self.lists[0];
        format!(
            "{BEAMLINES} beamlines, {BEAMLINES} projects (Ed25519), {SAMPLES} samples in a list: {} bytes of JSON, {} gzipped",
            list.bytes, list.gzip_bytes
        )
    }

    async fn read_list(&self, project: usize) -> List {
        let mut connection = Connection::open(self.address).await.unwrap();
        let (mut caller, beamline) = (self.caller(project), Self::beamline(project));
        let head = format!(
            "GET /api/v2/{}/samples/{beamline}/ HTTP/1.1\r\nHost: bench\r\n",
            caller.token()
        );
        let request = format!("{head}\r\n");
        let response = connection.exchange(request.as_bytes()).await.unwrap();
        assert_eq!(response.status, 200);
        let samples: Value = serde_json::from_slice(connection.body(&response)).unwrap();
        assert_eq!(samples.as_array().unwrap().len(), SAMPLES);
        let bytes = connection.body(&response).len();
        let etag = connection.header(&response, "etag").unwrap().to_owned();
        let request = format!("{head}Accept-Encoding: gzip\r\n\r\n");
        let response = connection.exchange(request.as_bytes()).await.unwrap();
        assert_eq!(connection.header(&response, "content-encoding"), Some("gzip"));
        List {
            first: samples[0]["id"].as_u64().unwrap(),
            etag,
            bytes,
            gzip_bytes: connection.body(&response).len(),
        }
    }
}

/// The engine of all services; those in their own processes inherit the variable.
pub(crate) fn engine() -> EngineKind {
    let engine = std::env::var("BEAMLIVE_STORE__ENGINE").map(|name| name.parse().unwrap());
    engine.unwrap_or_default()
}

/// The settings of a service with that facility in `directory`, which is created.
pub(crate) fn settings(directory: &Path, facility: &Value) -> Settings {
    std::fs::create_dir(directory).unwrap();
    let file = directory.join("facility.json");
    std::fs::write(&file, facility.to_string()).unwrap();
    Settings {
        store: StoreSettings {
            engine: engine(),
            ..StoreSettings::default()
        },
        listen: SocketAddr::from(([127, 0, 0, 1], 0)).into(),
        data: directory.join("data"),
        facility: Some(file),
        ..Settings::default()
    }
}

/// Logs as `serve` does by default, into a file in `directory`.
pub(crate) fn log_to(directory: &Path) {
    let file = File::create(directory.join("service.log")).unwrap();
    tracing_subscriber::fmt()
        .with_env_filter("info")
        .with_ansi(false)
        .with_writer(Mutex::new(file))
        .init();
}
