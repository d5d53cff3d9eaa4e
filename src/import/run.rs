//! One import, from its files to its outcome.

use super::batches::Batches;
use super::failure::ImportFailure;
use super::report::{Lines, Outcome, Tally};
use beamlive_actors::activity::{self, ActivityEntry, Origin};
use beamlive_actors::beamline::state::JOINABLE_MICROS;
use beamlive_actors::clock::KeySource;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_actors::facility::declaration::Format;
use beamlive_actors::facility::plan::{Counters, InUse, Plan, Situation};
use beamlive_mxlive::records::{Context, Failure};
use beamlive_mxlive::{mend, Directories, DumpError, Notes, Records, Rules, Tables};
use beamlive_storage::records::Subject;
use beamlive_storage::{Store, Timestamp};
use chrono_tz::Tz;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// Notes that are kept before they are written.
const NOTES: usize = 10_000;

/// The files of an import.
#[derive(Debug, Clone)]
pub struct Source {
    /// What `manage.py dumpdata` wrote.
    pub dump: PathBuf,
    /// The same of the Data Proxy, with the directories of secure keys.
    pub proxy_dump: Option<PathBuf>,
}

/// What an import needs besides its files.
pub struct Setting<'a> {
    /// The zone of dates without an offset.
    pub zone: Tz,
    /// The time.
    pub now: Timestamp,
    /// Randomness for the keys of surveys.
    pub keys: &'a dyn KeySource,
    /// Whether nothing is written.
    pub dry_run: bool,
    /// Where lines about what was mended go.
    pub lines: Lines,
    /// Called with what is being done, and the bytes of its file that were read.
    pub progress: &'a mut dyn FnMut(Stage, u64),
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The Data Proxy's dump is read.
    Directories,
    /// The dump is read for the first time.
    Reading,
    /// It is read for the second time, and stored.
    Storing,
    /// The Data Proxy's keys are stored.
    Keys,
}

/// Imports a dump into a store. What it wrote before a failure is to be undone.
///
/// # Errors
/// [`ImportFailure`], which says where and why.
pub fn run(source: &Source, store: &Store, setting: Setting<'_>) -> Result<Outcome, ImportFailure> {
    let Setting {
        zone,
        now,
        keys,
        dry_run,
        mut lines,
        progress,
    } = setting;
    let rules = Rules {
        joinable_micros: JOINABLE_MICROS,
    };
    let directories = match &source.proxy_dump {
        Some(path) => {
            let read = Directories::read(open(path)?, zone, &mut |bytes| {
                progress(Stage::Directories, bytes)
            });
            read.map_err(in_file(path))?
        }
        None => Directories::default(),
    };
    let dump = &source.dump;
    let tables = Tables::read(open(dump)?, zone, &directories, &mut |bytes| {
        progress(Stage::Reading, bytes);
    });
    let tables = tables.map_err(in_file(dump))?;
    let mut notes = Notes::new();
    let mended = mend(&tables, &rules, &mut notes);
    let plan = plan(store, &mended.facility.to_json()?, zone, now)?;
    let mut batches = Batches::new(store, dry_run);
    *batches.tallies.entry("declared").or_default() = Tally {
        created: plan.counts.created as u64,
        updated: plan.counts.updated as u64,
        unchanged: plan.counts.unchanged as u64,
    };
    *batches.batch() = plan.batch;
    batches.settle()?;
    // A session that is stored keeps its key.
    let survey = |_| keys.secure_key();
    let mut records = Records::new(Context {
        tables: &tables,
        mended: &mended,
        catalog: &plan.catalog,
        directories: &directories,
        survey: &survey,
    });
    records.visits(&mut notes, |item| batches.put(&item))?;
    lines.add(notes.take())?;
    let stored = records.uploads(
        open(dump)?,
        &mut notes,
        &mut |bytes| progress(Stage::Storing, bytes),
        |item, notes| {
            if notes.len() >= NOTES {
                lines.add(notes.take())?;
            }
            batches.put(&item)
        },
    );
    stored.map_err(|failure| of_receiver(failure, dump))?;
    if let Some(path) = &source.proxy_dump {
        let stored = records.paths(
            open(path)?,
            &mut notes,
            &mut |bytes| progress(Stage::Keys, bytes),
            |item| batches.put(&item),
        );
        stored.map_err(|failure| of_receiver(failure, path))?;
    }
    lines.add(notes.take())?;
    let mut outcome = Outcome {
        dry_run,
        unread: tables.unread().clone(),
        ..Outcome::default()
    };
    if batches.has_changed() {
        let batch = batches.batch();
        activity::log(batch, &origin(), entry(dump), now);
    }
    outcome.records = batches.finish()?;
    lines.finish(&mut outcome)?;
    Ok(outcome)
}

/// Plans the declared part.
fn plan(store: &Store, text: &str, zone: Tz, now: Timestamp) -> Result<Plan, ImportFailure> {
    let catalog = Catalog::load(store)?;
    let counters = Counters::load(store)?;
    let situation = Situation {
        prune: false,
        in_use: &InUse::default(),
        counters: &counters,
        now,
    };
    Plan::of_file(&catalog, (text, Format::Json), zone, &situation).map_err(ImportFailure::Facility)
}

fn origin() -> Origin {
    Origin {
        who: "operator".to_owned(),
        address: None,
    }
}

fn entry(dump: &Path) -> ActivityEntry<'static> {
    let name = dump.file_name().unwrap_or_default().to_string_lossy();
    ActivityEntry {
        subject: Subject::Facility,
        record: None,
        project: None,
        action: "import",
        note: name.chars().take(255).collect(),
    }
}

fn open(path: &Path) -> Result<BufReader<File>, ImportFailure> {
    let file = File::open(path).map_err(|source| ImportFailure::File {
        path: path.to_owned(),
        source,
    })?;
    Ok(BufReader::with_capacity(1 << 20, file))
}

fn in_file(path: &Path) -> impl Fn(DumpError) -> ImportFailure + '_ {
    |source| ImportFailure::Dump {
        path: path.to_owned(),
        source,
    }
}

fn of_receiver(failure: Failure<ImportFailure>, path: &Path) -> ImportFailure {
    match failure {
        Failure::Dump(source) => in_file(path)(source),
        Failure::Receiver(failure) => failure,
    }
}
