//! `beamlive import mxlive`: moves a facility in from another server.

use super::flags::{FacilityFlags, PlaceFlags};
use super::progress;
use crate::config::Settings;
use crate::import::offline;
use crate::import::report::{Lines, Outcome};
use crate::import::run::{Setting, Source, Stage};
use crate::import::uploads::{ImportStatus, Progress};
use crate::routes::admin::import::PIECE;
use beamlive_actors::clock::{Clock, SystemClock, SystemKeys};
use beamlive_client::admin::Admin;
use beamlive_client::tls::Trust;
use beamlive_client::{print, Failure};
use clap::{Args, Subcommand};
use serde::Serialize;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::runtime::Handle;

/// How often a service is asked whether its import has ended.
const POLL: Duration = Duration::from_millis(500);
/// Failed polls in a row before the command gives up: about an hour.
const MOST_FAILURES: u32 = 7_200;

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
    /// A running service to import into, instead of a data directory that no service uses. It is
    /// unavailable during the import.
    #[arg(long, value_name = "URL", conflicts_with = "data")]
    url: Option<String>,
    /// File with its admin token.
    #[arg(
        long,
        env = "BEAMLIVE_TOKEN_FILE",
        value_name = "FILE",
        default_value = "data/admin.token"
    )]
    token_file: PathBuf,
    #[command(flatten)]
    trust: Trust,
    #[command(flatten)]
    place: Place,
}

/// Where it is imported, as for the service. No service may use the data directory meanwhile.
#[derive(Debug, Args, Serialize)]
struct Place {
    #[command(flatten)]
    #[serde(flatten)]
    place: PlaceFlags,
    #[command(flatten)]
    #[serde(flatten)]
    facility: FacilityFlags,
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
        if let Some(url) = self.url.clone() {
            return self.send(&url).await;
        }
        let settings = Settings::load(self.place.place.config.as_deref(), &self.place)?;
        let runtime = Handle::current();
        let outcome = tokio::task::spawn_blocking(move || self.import(&settings, &runtime)).await??;
        outcome.lines().into_iter().try_for_each(print)
    }

    /// Imports into a store that no service uses.
    fn import(&self, settings: &Settings, runtime: &Handle) -> Result<Outcome, Failure> {
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
        let setting = Setting {
            zone: settings.timezone,
            now: SystemClock.now(),
            keys: &SystemKeys,
            dry_run: self.dry_run,
            lines: Lines::to_file(&self.report)
                .map_err(|error| format!("can't write {}: {error}", self.report.display()))?,
            progress: &mut watch,
        };
        let outcome = offline::import(
            settings,
            &source,
            self.jwt_secret.as_deref(),
            setting,
            runtime,
            Duration::ZERO,
        );
        bar.finish_and_clear();
        let outcome = outcome?;
        self.say(outcome.notes)?;
        Ok(outcome)
    }

    /// Sends everything to a running service, and waits until it has imported it.
    async fn send(&self, url: &str) -> Result<(), Failure> {
        let admin = Admin::new(url, &self.token_file, &self.trust)?;
        let files = [
            ("dump", Some(&self.dump)),
            ("proxy-dump", self.proxy_dump.as_ref()),
            ("jwt-secret", self.jwt_secret.as_ref()),
        ];
        for (part, file) in files {
            if let Some(file) = file {
                send_file(&admin, part, file).await?;
            }
        }
        admin.start_import(self.dry_run).await?;
        let status = ended(&admin).await?;
        let report = admin.import_report().await?;
        std::fs::write(&self.report, report)
            .map_err(|error| format!("can't write {}: {error}", self.report.display()))?;
        if let Some(error) = status.error {
            return Err(error.into());
        }
        self.say(status.notes)?;
        status.lines.into_iter().try_for_each(print)
    }

    fn say(&self, notes: u64) -> Result<(), Failure> {
        let report = self.report.display();
        print(match (notes, self.dry_run) {
            (0, _) => "nothing had to be mended".to_owned(),
            (_, false) => format!("{notes} things were mended or left out, or need attention: see {report}"),
            (_, true) => {
                format!("{notes} things would be mended or left out, or need attention: see {report}")
            }
        })
    }
}

/// Sends a file in pieces.
async fn send_file(admin: &Admin, part: &str, path: &Path) -> Result<(), Failure> {
    let mut file = File::open(path).map_err(|error| format!("can't read {}: {error}", path.display()))?;
    let bar = progress::bytes("sent", length(path));
    let mut offset = 0;
    loop {
        let mut piece = Vec::new();
        Read::take(&mut file, PIECE as u64).read_to_end(&mut piece)?;
        let bytes = piece.len() as u64;
        if bytes == 0 && offset > 0 {
            break;
        }
        admin.send_piece(part, offset, piece).await?;
        offset += bytes;
        bar.set_position(offset);
        if bytes == 0 {
            break;
        }
    }
    bar.finish_and_clear();
    Ok(())
}

/// Waits until an import has ended. Meanwhile the service may be away.
async fn ended(admin: &Admin) -> Result<ImportStatus, Failure> {
    let bar = progress::waiting("import");
    let mut failures = 0_u32;
    loop {
        tokio::time::sleep(POLL).await;
        match admin.get::<ImportStatus>("import").await {
            Ok(Some(status)) => {
                failures = 0;
                if matches!(status.state, Progress::Done | Progress::Failed) {
                    bar.finish_and_clear();
                    return Ok(status);
                }
            }
            Ok(None) => return Err("this service has no imports: is it an older version?".into()),
            Err(error) => {
                failures += 1;
                if failures > MOST_FAILURES {
                    return Err(format!("the service has not come back: {error}").into());
                }
            }
        }
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
