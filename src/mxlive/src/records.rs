//! Sessions, datasets and the rest as storage records, with the ids that they had.
//!
//! | file | what it holds |
//! |---|---|
//! | `item.rs` | what results: one item for each record |
//! | `context.rs` | what is looked up on the way |
//! | `visits.rs` | sessions, beamline states, feedback |
//! | `connections.rs` | remote connections |
//! | `dataset.rs`, `frames.rs`, `report.rs` | datasets and reports |
//! | `activity.rs` | the activity log |
//!
//! Secure keys become rows of their own, as those of an external Data Proxy. The paths of the
//! proxy's dump name no record, so several records may have one key.

pub(crate) mod activity;
pub(crate) mod connections;
pub(crate) mod context;
pub(crate) mod dataset;
mod frames;
mod item;
pub(crate) mod report;
mod visits;

pub use context::Context;
pub use item::{Item, Opens};

use crate::directories::paths;
use crate::dump::fields::FieldError;
use crate::dump::{self, DumpError};
use crate::exact;
use crate::notes::Notes;
use crate::pk::Pk;
use crate::rows::{Activity, Dataset, Report, Row};
use beamlive_storage::ids::{ProjectId, RawId};
use beamlive_storage::records::SecurePath;
use std::collections::HashMap;
use std::io::Read;

/// Why the records are not complete.
#[derive(Debug, thiserror::Error)]
pub enum Failure<E> {
    /// The dump cannot be read.
    #[error(transparent)]
    Dump(#[from] DumpError),
    /// The receiver of the items has failed.
    #[error("the records cannot be stored")]
    Receiver(E),
}

/// The records of a dump, in the order in which they can be stored.
pub struct Records<'a> {
    context: Context<'a>,
    /// The project of each key that was given out.
    owners: HashMap<[u8; 20], ProjectId>,
}

impl<'a> Records<'a> {
    /// The records of a dump, for a facility that has its declared part.
    #[must_use]
    pub fn new(context: Context<'a>) -> Self {
        Self {
            context,
            owners: HashMap::new(),
        }
    }

    /// Gives what the columns of declared records cannot say, and the sessions, beamline states,
    /// feedback and connections.
    ///
    /// # Errors
    /// That of `each`.
    pub fn visits<E>(
        &mut self,
        notes: &mut Notes,
        mut each: impl FnMut(Item) -> Result<(), E>,
    ) -> Result<(), E> {
        let tables = self.context.tables;
        for ((table, id), said) in &tables.exact {
            let (table, id, said) = (*table, *id, said.clone());
            each(Item::Declared { table, id, said })?;
        }
        if let Some(origin) = &tables.origin {
            for (table, last) in &origin.last {
                let skipped = origin.skipped.iter().filter(|(of, ..)| of == table);
                each(Item::Ids {
                    table: *table,
                    last: *last,
                    skipped: skipped.map(|(_, first, last)| (*first, *last)).collect(),
                })?;
            }
        }
        for item in visits::sessions(&self.context, notes) {
            self.own(&item);
            each(item)?;
        }
        for item in visits::feedback(&self.context, notes) {
            each(item)?;
        }
        for item in connections::all(&self.context, notes) {
            each(item)?;
        }
        Ok(())
    }

    /// Reads the dump again, and gives its datasets, reports and activities in its order. Reports
    /// may come before their datasets. Take the notes in `each` to keep memory bounded: it is
    /// called with those so far.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn uploads<E>(
        &mut self,
        source: impl Read,
        notes: &mut Notes,
        progress: &mut dyn FnMut(u64),
        mut each: impl FnMut(Item, &mut Notes) -> Result<(), E>,
    ) -> Result<(), Failure<E>> {
        let uploads = &self.context.mended.uploads;
        let (mut datasets, mut reports) = (
            vec![false; uploads.datasets.len()],
            vec![false; uploads.reports.len()],
        );
        let mut activities = vec![false; uploads.activities.len()];
        let zone = self.context.tables.zone;
        let mut failed = None;
        let wants = |model: &str| matches!(model, "lims.data" | "lims.analysisreport" | "lims.activitylog");
        let read = dump::read(source, wants, progress, |_, record| {
            let Ok(record) = record else {
                return Ok(());
            };
            let (Some(pk), fields) = (Pk::of(&record.pk), record.fields) else {
                return Ok(());
            };
            let uploads = &self.context.mended.uploads;
            let item = match (record.model.as_str(), pk.id()) {
                ("lims.data", Some(id)) => {
                    let digest = fields.digest();
                    let found = uploads.dataset(id).filter(|(_, kept)| kept.digest == digest);
                    let first = found.and_then(|(place, kept)| Some((datasets.get_mut(place)?, *kept)));
                    match first.filter(|(done, _)| !**done) {
                        Some((done, kept)) => {
                            *done = true;
                            let row = Dataset::read(&fields, zone)?;
                            dataset::item(&self.context, row, &kept, notes)
                        }
                        None => None,
                    }
                }
                ("lims.analysisreport", Some(id)) => {
                    let digest = fields.digest();
                    let found = uploads.report(id).filter(|(_, kept)| kept.digest == digest);
                    let first = found.and_then(|(place, kept)| Some((reports.get_mut(place)?, *kept)));
                    match first.filter(|(done, _)| !**done) {
                        Some((done, kept)) => {
                            *done = true;
                            report::item(&self.context, &Report::read(&fields, zone)?, kept, notes)
                        }
                        None => None,
                    }
                }
                ("lims.activitylog", Some(id)) => {
                    let place = uploads.activities.binary_search(&(id, fields.digest())).ok();
                    match place
                        .and_then(|place| activities.get_mut(place))
                        .filter(|done| !**done)
                    {
                        Some(done) => {
                            *done = true;
                            activity::item(&self.context, id, &Activity::read(&fields, zone)?, notes)
                        }
                        None => None,
                    }
                }
                _ => None,
            };
            let Some(item) = item else { return Ok(()) };
            self.own(&item);
            each(item, notes).map_err(|error| {
                failed = Some(error);
                FieldError {
                    field: "record".to_owned(),
                    message: "cannot be stored".to_owned(),
                }
            })
        });
        match failed {
            Some(error) => Err(Failure::Receiver(error)),
            None => Ok(read?),
        }
    }

    /// Reads the Data Proxy's dump again, and gives its keys. Those of records belong to the
    /// records' projects.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn paths<E>(
        &self,
        source: impl Read,
        notes: &mut Notes,
        progress: &mut dyn FnMut(u64),
        mut each: impl FnMut(Item) -> Result<(), E>,
    ) -> Result<(), Failure<E>> {
        let mut failed = None;
        paths(
            source,
            self.context.tables.zone,
            notes,
            progress,
            |key, directory, created, exact| {
                if failed.is_some() || !self.context.directories.opens(&key, directory) {
                    return;
                }
                let path = exact::with(
                    SecurePath {
                        record: RawId::NONE,
                        subject: None,
                        project: self.owners.get(&key.0).copied(),
                        directory: directory.to_owned(),
                        created,
                    },
                    exact,
                );
                let Ok(path) = path else { return };
                failed = each(Item::Path { key, path }).err();
            },
        )?;
        failed.map_or(Ok(()), |error| Err(Failure::Receiver(error)))
    }

    /// Notes the project that the key of an item belongs to.
    fn own(&mut self, item: &Item) {
        let (key, project) = match item {
            Item::Session { session, key, .. } => (key, session.project),
            Item::Dataset { record, key, .. } => (key, record.project),
            Item::Report { record, key, .. } => (key, record.project),
            _ => return,
        };
        if let Opens::Given(key) = key {
            self.owners.insert(key.0, project);
        }
    }
}
