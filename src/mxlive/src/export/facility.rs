//! Reads the rows of the declared part back, and adds what they do not say.

use super::error::ExportError;
use super::json::Dump;
use super::outcome::Exported;
use super::row::Row;
use super::{access, declared, inventory};
use crate::directories::Directories;
use crate::exact::{difference, RECORD};
use crate::mend::{mend, Mended, Rules, Uploads};
use crate::notes::Notes;
use crate::tables::Tables;
use beamlive_actors::facility::catalog::{Catalog, Cataloged};
use beamlive_actors::facility::declaration::Format;
use beamlive_actors::facility::plan::{Counters, InUse, Plan, Situation};
use beamlive_actors::facility::seeded_catalog;
use beamlive_storage::ids::{BeamlineId, ProjectId};
use beamlive_storage::records::{
    AccessList, Automounter, Beamline, Beamtime, Container, ContainerType, DataType, Group, Person, Project,
    Sample,
};
use beamlive_storage::{Store, Timestamp};
use chrono_tz::Tz;
use std::collections::HashMap;

/// The declared part of a store: its rows, and what an import makes of them.
pub(super) struct Declared {
    pub(super) rows: Vec<Row>,
    pub(super) tables: Tables,
    pub(super) mended: Mended,
    pub(super) catalog: Catalog,
    projects: HashMap<ProjectId, u32>,
    beamlines: HashMap<BeamlineId, u32>,
}

impl Declared {
    pub(super) fn make(
        store: &Store,
        catalog: &Catalog,
        exported: &mut Exported,
    ) -> Result<Self, ExportError> {
        let mut rows = vec![declared::ids(store)?];
        declared::accounts(catalog, &mut rows);
        declared::beamlines(store, catalog, &mut rows)?;
        inventory::all(catalog, &mut rows);
        access::all(catalog, &mut rows);
        let (tables, mut mended) = read_back(&rows)?;
        let read = plan(&mended)?;
        let mut places = HashMap::new();
        for (place, row) in rows.iter().enumerate() {
            places.insert((row.model, row.pk), place);
        }
        let mut complete = Complete {
            stored: catalog,
            read: &read,
            places: &places,
            rows: &mut rows,
            exported,
        };
        complete.all::<Project>("lims.project")?;
        complete.all::<Person>("users.user")?;
        complete.all::<Beamline>("lims.beamline")?;
        complete.all::<DataType>("lims.datatype")?;
        complete.all::<ContainerType>("lims.containertype")?;
        complete.all::<Container>("lims.container")?;
        complete.all::<Automounter>("lims.automounter")?;
        complete.all::<Group>("lims.group")?;
        complete.all::<Sample>("lims.sample")?;
        complete.all::<AccessList>("staff.userlist")?;
        complete.all::<Beamtime>("schedule.beamtime")?;
        let (mut names, mut projects, mut beamlines) = (Vec::new(), HashMap::new(), HashMap::new());
        for (id, it) in catalog.projects.iter() {
            projects.insert(ProjectId(id), number(&names));
            names.push(it.record.username.clone());
        }
        for (id, it) in catalog.beamlines.iter() {
            beamlines.insert(BeamlineId(id), number(&names));
            names.push(it.record.acronym.clone());
        }
        mended.uploads = Uploads::named(names);
        Ok(Self {
            rows,
            tables,
            mended,
            catalog: read,
            projects,
            beamlines,
        })
    }

    /// The numbers of a project and a beamline, if both are there.
    pub(super) fn numbers(&self, project: ProjectId, beamline: BeamlineId) -> Option<(u32, u32)> {
        Some((*self.projects.get(&project)?, *self.beamlines.get(&beamline)?))
    }
}

fn number(names: &[String]) -> u32 {
    u32::try_from(names.len()).unwrap_or(u32::MAX)
}

fn read_back(rows: &[Row]) -> Result<(Tables, Mended), ExportError> {
    let mut dump = Dump::begin(Vec::new(), |_| {})?;
    let mut uncounted = Exported::default();
    for row in rows {
        dump.put(row, &mut uncounted)?;
    }
    let text = dump.finish()?;
    let tables = Tables::read(text.as_slice(), Tz::UTC, &Directories::default(), &mut |_| {})?;
    // There are no sessions in these rows.
    let rules = Rules { joinable_micros: 0 };
    let mended = mend(&tables, &rules, &mut Notes::new());
    Ok((tables, mended))
}

/// What the service's own rules make of the rows, in a new store.
fn plan(mended: &Mended) -> Result<Catalog, ExportError> {
    let situation = Situation {
        prune: false,
        in_use: &InUse::default(),
        counters: &Counters::default(),
        now: Timestamp(0),
    };
    let text = mended.facility.to_json()?;
    match Plan::of_file(&seeded_catalog(), (&text, Format::Json), Tz::UTC, &situation) {
        Ok(plan) => Ok(plan.catalog),
        Err(mistakes) => Err(ExportError::Facility(
            mistakes.iter().map(ToString::to_string).collect(),
        )),
    }
}

/// Adds to each row in which fields the stored record differs from the one that was read back.
struct Complete<'a> {
    stored: &'a Catalog,
    read: &'a Catalog,
    places: &'a HashMap<(&'static str, u64), usize>,
    rows: &'a mut [Row],
    exported: &'a mut Exported,
}

impl Complete<'_> {
    fn all<R: Cataloged>(&mut self, model: &'static str) -> Result<(), ExportError> {
        for (id, it) in R::of(self.stored).iter() {
            let Some(read) = R::of(self.read).get(id) else {
                self.exported
                    .leave("declared records that an import leaves out", 1);
                continue;
            };
            let said = difference(&it.record, Some(&read.record))?;
            let row = self
                .places
                .get(&(model, id))
                .and_then(|place| self.rows.get_mut(*place));
            if let Some((said, row)) = said.zip(row) {
                row.exactly(RECORD, &said);
            }
        }
        Ok(())
    }
}
