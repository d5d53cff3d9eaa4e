//! Scheduled beamtime: until when a project has a beamline, and who uses it from afar.
//!
//! Whether scheduling is on is the caller's to know; when it is off, nothing here is asked.

use crate::facility::catalog::{Catalog, Entries};
use arc_swap::ArcSwapOption;
use beamlive_storage::ids::{BeamlineId, ProjectId};
use beamlive_storage::records::Beamtime;
use beamlive_storage::Timestamp;
use chrono::TimeDelta;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Half a shift of 8 h: so much earlier or later than scheduled may a project come or go.
const HALF_SHIFT: TimeDelta = TimeDelta::hours(4);
/// How long an unscheduled session lasts on a beamline that isn't active.
const UNSCHEDULED: TimeDelta = TimeDelta::hours(2);

/// The beamtimes that aren't cancelled, by place; those of one place by falling end.
#[derive(Debug, Default)]
struct Index {
    /// What it was made from.
    beamtimes: Entries<Beamtime>,
    /// `(end, start)` of a project's beamtimes at a beamline.
    own: HashMap<(ProjectId, BeamlineId), Vec<(Timestamp, Timestamp)>>,
    /// `(end, start, project)` of a beamline's remote beamtimes.
    remote: HashMap<BeamlineId, Vec<(Timestamp, Timestamp, ProjectId)>>,
}

impl Index {
    fn of(beamtimes: &Entries<Beamtime>) -> Self {
        let mut index = Self {
            beamtimes: beamtimes.clone(),
            ..Self::default()
        };
        for (_, entry) in beamtimes.iter() {
            let time = &entry.record;
            if time.cancelled {
                continue;
            }
            let place = (time.project, time.beamline);
            index.own.entry(place).or_default().push((time.end, time.start));
            if time.remote {
                let remote = index.remote.entry(time.beamline).or_default();
                remote.push((time.end, time.start, time.project));
            }
        }
        for times in index.own.values_mut() {
            times.sort_unstable_by(|a, b| b.cmp(a));
        }
        for times in index.remote.values_mut() {
            times.sort_unstable_by(|a, b| b.cmp(a));
        }
        index
    }
}

/// Answers from the catalog's beamtimes, through an index that is made again only when they change, so that no
/// request goes through the beamtimes of all years.
#[derive(Debug, Default)]
pub struct Schedule {
    index: ArcSwapOption<Index>,
}

impl Schedule {
    /// Until when `project` has `beamline`: the latest end of its beamtimes there that are not cancelled and hold
    /// within half a shift of `now`. Without one: two hours from `now` when the beamline isn't active, else `None`.
    #[must_use]
    pub fn end_time(
        &self,
        catalog: &Catalog,
        project: ProjectId,
        beamline: BeamlineId,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let index = self.index(catalog);
        let scheduled = index.own.get(&(project, beamline)).and_then(|times| {
            times
                .iter()
                .take_while(|(end, _)| *end >= now.plus(-HALF_SHIFT))
                .find(|(_, start)| *start <= now.plus(HALF_SHIFT))
        });
        match scheduled {
            Some((end, _)) => Some(*end),
            None => {
                let beamline = catalog.beamlines.get(beamline.0)?;
                (!beamline.record.active).then(|| now.plus(UNSCHEDULED))
            }
        }
    }

    /// The projects that use one of `beamlines` from afar now: a remote beamtime that is not cancelled, has begun
    /// and ended at most half a shift ago. By id, each once.
    #[must_use]
    pub fn remote_users(
        &self,
        catalog: &Catalog,
        beamlines: &[BeamlineId],
        now: Timestamp,
    ) -> Vec<ProjectId> {
        let index = self.index(catalog);
        let users: BTreeSet<_> = beamlines
            .iter()
            .filter_map(|beamline| index.remote.get(beamline))
            .flat_map(|times| times.iter().take_while(|(end, ..)| *end >= now.plus(-HALF_SHIFT)))
            .filter(|(_, start, _)| *start <= now)
            .map(|(.., project)| *project)
            .collect();
        users.into_iter().collect()
    }

    fn index(&self, catalog: &Catalog) -> Arc<Index> {
        let current = self.index.load();
        if let Some(index) = current
            .as_ref()
            .filter(|index| index.beamtimes.same(&catalog.beamtimes))
        {
            return Arc::clone(index);
        }
        let index = Arc::new(Index::of(&catalog.beamtimes));
        self.index.store(Some(Arc::clone(&index)));
        index
    }
}

#[cfg(test)]
mod tests;
