//! `beamlive import mxlive`: moves a facility in from another server.

use super::progress;
use crate::config::Settings;
use crate::import::report::{Lines, Outcome};
use crate::import::run::{run, Setting, Source, Stage};
use crate::import::secret;
use crate::server::store_config;
use beamlive_actors::clock::{Clock, SystemClock, SystemKeys};
use beamlive_actors::facility::open_catalog;
use beamlive_client::{print, Failure};
use beamlive_storage::{EngineKind, OpenError, Store};
use clap::{Args, Subcommand};
use indicatif::ProgressBar;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Move a facility in from another server.
#[derive(Debug, Args)]
pub struct Import {
    #[command(subcommand)]
    server: Server,
}

#[derive(Debug, Subcommand)]
enum Server {
    /// From a dump of MxLIVE or BasicLIVE. All of it is stored, or nothing; a newer dump of the
    /// same server can follow, and the same one again changes nothing.
    Mxlive(Box<MxLive>),
}

#[derive(Debug, Args)]
struct MxLive {
    /// What manage.py dumpdata wrote.
    dump: PathBuf,
    /// The dump of the Data Proxy, with the directories that secure keys open.
    #[arg(long, value_name = "FILE")]
    proxy_dump: Option<PathBuf>,
    /// A file with the server's secret: tokens that clients have stay good.
    #[arg(long, value_name = "FILE")]
    jwt_secret: Option<PathBuf>,
    /// Only say what would be done.
    #[arg(long)]
    dry_run: bool,
    /// Where each thing that is mended or left out is written, one line each: JSON when it is named
    /// *.json.
    #[arg(long, value_name = "FILE", default_value = "import-report.txt")]
    report: PathBuf,
    #[command(flatten)]
    place: Place,
}

/// Where it is imported, as for the service.
#[derive(Debug, Args, Serialize)]
struct Place {
    /// Configuration file of the service (TOML).
    #[arg(long, env = "BEAMLIVE_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    config: Option<PathBuf>,
    /// Data directory, created if there is none. No service may use it meanwhile [default: data].
    #[arg(long, env = "BEAMLIVE_DATA", value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<PathBuf>,
    /// The facility's time zone, for dates without an offset [default: UTC].
    #[arg(long, env = "BEAMLIVE_TIMEZONE", value_name = "ZONE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<chrono_tz::Tz>,
    #[command(flatten)]
    store: StorePlace,
}

#[derive(Debug, Args, Serialize)]
struct StorePlace {
    /// The database of the store: sled, fjall or postgres [default: sled].
    #[arg(long = "store-engine", env = "BEAMLIVE_STORE__ENGINE", value_name = "ENGINE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    engine: Option<EngineKind>,
    /// Where PostgreSQL is, as postgres://user@host/database.
    #[arg(
        long = "store-url",
        env = "BEAMLIVE_STORE__URL",
        value_name = "URL",
        hide_env_values = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

impl Import {
    /// Imports, and prints what was done.
    ///
    /// # Errors
    /// When a file can't be read or what it holds can't be stored. Nothing is changed then.
    pub async fn run(self) -> Result<(), Failure> {
        let Server::Mxlive(import) = self.server;
        import.run().await
    }
}

impl MxLive {
    async fn run(self) -> Result<(), Failure> {
        let settings = Settings::load(self.place.config.as_deref(), &self.place)?;
        if let Some(file) = &self.jwt_secret {
            secret::check(file)?;
        }
        let runtime = tokio::runtime::Handle::current();
        let outcome = tokio::task::spawn_blocking(move || self.import(&settings, &runtime)).await??;
        for line in outcome.lines() {
            print(line)?;
        }
        Ok(())
    }

    fn import(&self, settings: &Settings, runtime: &tokio::runtime::Handle) -> Result<Outcome, Failure> {
        let data = settings.data.as_path();
        std::fs::create_dir_all(data)?;
        let now = SystemClock.now();
        let source = Source {
            dump: self.dump.clone(),
            proxy_dump: self.proxy_dump.clone(),
        };
        let bar = progress::bytes("read", length(&source.dump));
        let mut stage = Stage::Reading;
        let mut watch = |next: Stage, bytes: u64| {
            if next != stage {
                stage = next;
                bar.set_length(length(match next {
                    Stage::Directories | Stage::Keys => source.proxy_dump.as_deref().unwrap_or(&source.dump),
                    Stage::Reading | Stage::Storing => &source.dump,
                }));
                bar.set_message(words(next));
            }
            bar.set_position(bytes);
        };
        let setting = |lines, watch| Setting {
            zone: settings.timezone,
            now,
            keys: &SystemKeys,
            dry_run: self.dry_run,
            lines,
            progress: watch,
        };
        let lines = Lines::to_file(&self.report)
            .map_err(|error| format!("can't write {}: {error}", self.report.display()))?;
        if self.dry_run {
            let store = self.to_look_at(settings)?;
            let outcome = run(&source, &store, setting(lines, &mut watch))?;
            return self.done(outcome, &bar);
        }
        let mut config = store_config(settings)?;
        config.path = data.join("store");
        config.cache_bytes = config.cache_bytes.min(16 << 20);
        let import = beamlive_storage::Import::open(&config, now).map_err(in_use)?;
        let imported = runtime
            .block_on(open_catalog(import.store(), now))
            .map_err(Failure::from)
            .and_then(|_| Ok(run(&source, import.store(), setting(lines, &mut watch))?));
        match imported {
            Ok(outcome) => {
                import.finish()?;
                if let Some(file) = &self.jwt_secret {
                    secret::keep(file, data)?;
                }
                self.done(outcome, &bar)
            }
            Err(error) => {
                bar.finish_and_clear();
                import.abandon()?;
                Err(format!("{error}\nnothing was changed").into())
            }
        }
    }

    /// The store as it is; an empty one if there is none.
    fn to_look_at(&self, settings: &Settings) -> Result<Store, Failure> {
        if settings.store.engine == EngineKind::Postgres {
            return Ok(Store::open_snapshot(&settings.store.postgres()?)?);
        }
        match Store::open_to_read(&settings.data.join("store"), 16 << 20) {
            Ok(store) => Ok(store),
            Err(OpenError::Missing { .. }) => Ok(Store::in_memory()),
            Err(error) => Err(in_use(error)),
        }
    }

    fn done(&self, outcome: Outcome, bar: &ProgressBar) -> Result<Outcome, Failure> {
        bar.finish_and_clear();
        let report = self.report.display();
        print(match (outcome.notes, outcome.dry_run) {
            (0, _) => "nothing had to be mended".to_owned(),
            (notes, false) => {
                format!("{notes} things were mended or left out, or need attention: see {report}")
            }
            (notes, true) => {
                format!("{notes} things would be mended or left out, or need attention: see {report}")
            }
        })?;
        Ok(outcome)
    }
}

fn words(stage: Stage) -> &'static str {
    match stage {
        Stage::Directories => "directories",
        Stage::Reading => "reading",
        Stage::Storing => "storing",
        Stage::Keys => "keys",
    }
}

fn length(file: &Path) -> u64 {
    std::fs::metadata(file).map_or(0, |metadata| metadata.len())
}

fn in_use(error: OpenError) -> Failure {
    match error {
        OpenError::Locked { path } => format!(
            "the store {} is in use: stop the service first, or import into it with --url",
            path.display()
        )
        .into(),
        error => error.into(),
    }
}
