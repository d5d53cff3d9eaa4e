//! An import into a store that no service uses: all of it, or nothing.

use super::report::{Lines, Outcome};
use super::run::{run, Setting, Source};
use super::secret;
use super::uploads::{ImportUploads, Part};
use crate::config::Settings;
use crate::offline_store::{in_use, open_to_read};
use crate::server::store_config;
use beamlive_actors::clock::{Clock, SystemClock, SystemKeys};
use beamlive_actors::facility::open_catalog;
use beamlive_client::Failure;
use beamlive_storage::{EngineKind, Import, OpenError, Store, StoreConfig, Table, Timestamp};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// Bytes of the database that are kept in memory: sled takes more for large groups.
const CACHE_BYTES: u64 = 16 << 20;
/// Between two tries to open a store that is in use.
const PAUSE: Duration = Duration::from_millis(50);
/// How long a stopped service may take to release its store.
const PATIENCE: Duration = Duration::from_secs(60);
/// What else can be done about a store that is in use.
const ELSEWHERE: &str = ", or import into it with --url";

/// Imports, or says what an import would do. Blocks. A store that is in use may become free within
/// `patience`.
///
/// # Errors
/// When a file can't be read, or what it holds can't be stored. Nothing is changed then.
pub fn import(
    settings: &Settings,
    source: &Source,
    jwt_secret: Option<&Path>,
    setting: Setting<'_>,
    runtime: &Handle,
    patience: Duration,
) -> Result<Outcome, Failure> {
    if let Some(file) = jwt_secret {
        secret::check(file)?;
    }
    if setting.dry_run {
        let store = to_look_at(settings)?;
        if store.counter(Table::DataType)? == 0 {
            // A new store has the data types that exist from the start.
            runtime.block_on(open_catalog(&store, setting.now))?;
        }
        return Ok(run(source, &store, setting)?);
    }
    std::fs::create_dir_all(&settings.data)?;
    let mut config = store_config(settings)?;
    config.cache_bytes = config.cache_bytes.min(CACHE_BYTES);
    let now = setting.now;
    let import = open(&config, now, runtime, patience)?;
    let imported = runtime
        .block_on(open_catalog(import.store(), now))
        .map_err(Failure::from)
        .and_then(|_| Ok(run(source, import.store(), setting)?));
    match imported {
        Ok(outcome) => {
            import.finish()?;
            if let Some(file) = jwt_secret {
                secret::keep(file, &settings.data)?;
            }
            Ok(outcome)
        }
        Err(error) => {
            import.abandon()?;
            Err(format!("{error}\nnothing was changed").into())
        }
    }
}

/// Imports what a service received. `store` is that of the service, for a dry run. Blocks.
///
/// # Errors
/// As [`import`].
pub fn import_sent(
    uploads: &ImportUploads,
    settings: &Settings,
    store: Option<&Store>,
    runtime: &Handle,
) -> Result<Outcome, Failure> {
    let there = |part| Some(uploads.file(part)).filter(|file| file.is_file());
    let source = Source {
        dump: uploads.file(Part::Dump),
        proxy_dump: there(Part::ProxyDump),
    };
    let setting = Setting {
        zone: settings.timezone,
        now: SystemClock.now(),
        keys: &SystemKeys,
        dry_run: store.is_some(),
        lines: Lines::to_file(&uploads.report())?,
        progress: &mut |_, _| {},
    };
    let secret = there(Part::JwtSecret);
    match store {
        Some(store) => Ok(run(&source, store, setting)?),
        None => import(settings, &source, secret.as_deref(), setting, runtime, PATIENCE),
    }
}

/// Opens the store for an import.
fn open(
    config: &StoreConfig,
    now: Timestamp,
    runtime: &Handle,
    patience: Duration,
) -> Result<Import, Failure> {
    let begin = Instant::now();
    loop {
        match Import::open(config, now) {
            Err(OpenError::Locked { .. }) if begin.elapsed() < patience => {
                runtime.block_on(tokio::time::sleep(PAUSE));
            }
            opened => return opened.map_err(|error| in_use(error, ELSEWHERE)),
        }
    }
}

/// The store as it is; an empty one if there is none.
fn to_look_at(settings: &Settings) -> Result<Store, Failure> {
    let database = match settings.store.engine {
        EngineKind::Postgres => Some(settings.store.postgres()?),
        _ => None,
    };
    match open_to_read(&settings.data, database.as_ref()) {
        Err(OpenError::Missing { .. }) => Ok(Store::in_memory()),
        opened => opened.map_err(|error| in_use(error, ELSEWHERE)),
    }
}
