//! Scheduled beamtime: until when a project has a beamline, and which projects use it remotely.

use crate::facility::catalog::Catalog;
use beamlive_storage::ids::{BeamlineId, ProjectId};
use beamlive_storage::Timestamp;
use chrono::TimeDelta;
use std::collections::BTreeSet;

/// Half a shift of 8 h. A project may begin or end this much earlier or later than scheduled.
pub const HALF_SHIFT: TimeDelta = TimeDelta::hours(4);
/// How long an unscheduled session lasts on a beamline that isn't active.
pub const UNSCHEDULED: TimeDelta = TimeDelta::hours(2);

/// The schedule of a facility that uses scheduling. It holds nothing: the catalog has the beamtimes
/// and their index.
#[derive(Debug, Default)]
pub struct Schedule(());

impl Schedule {
    /// Until when `project` has `beamline`: the latest end of its beamtimes there that are not
    /// cancelled and that include `now`, give or take half a shift. Without one: two hours from
    /// `now` when the beamline isn't active, else `None`.
    #[must_use]
    pub fn end_time(
        &self,
        catalog: &Catalog,
        project: ProjectId,
        beamline: BeamlineId,
        now: Timestamp,
    ) -> Option<Timestamp> {
        match self.scheduled_until(catalog, project, beamline, now, HALF_SHIFT) {
            Some(end) => Some(end),
            None => {
                let beamline = catalog.beamlines.get(beamline.0)?;
                (!beamline.record.active).then(|| now.plus(UNSCHEDULED))
            }
        }
    }

    /// The latest end of the project's beamtimes at `beamline` that include `now`, give or take
    /// `slack`.
    #[must_use]
    pub fn scheduled_until(
        &self,
        catalog: &Catalog,
        project: ProjectId,
        beamline: BeamlineId,
        now: Timestamp,
        slack: TimeDelta,
    ) -> Option<Timestamp> {
        let scheduled = catalog
            .beamtimes
            .index()
            .of_project(project, beamline)
            .take_while(|(end, _)| *end >= now.plus(-slack))
            .find(|(_, start)| *start <= now.plus(slack));
        scheduled.map(|(end, _)| end)
    }

    /// The one of `projects` that has beamtime at `beamline` now. `None` if none has it, or several
    /// do. A project also has it half a shift before and after its beamtime, if no other project
    /// does.
    #[must_use]
    pub fn only_one(
        &self,
        catalog: &Catalog,
        projects: &[ProjectId],
        beamline: BeamlineId,
        now: Timestamp,
    ) -> Option<ProjectId> {
        [TimeDelta::zero(), HALF_SHIFT].into_iter().find_map(|slack| {
            let mut scheduled = projects.iter().filter(|project| {
                self.scheduled_until(catalog, **project, beamline, now, slack)
                    .is_some()
            });
            let first = scheduled.next()?;
            scheduled.next().is_none().then_some(*first)
        })
    }

    /// The projects that use one of `beamlines` remotely now: they have a remote beamtime that is
    /// not cancelled, has begun and ended at most half a shift ago. By id, each once.
    #[must_use]
    pub fn remote_users(
        &self,
        catalog: &Catalog,
        beamlines: &[BeamlineId],
        now: Timestamp,
    ) -> Vec<ProjectId> {
        let index = catalog.beamtimes.index();
        let users: BTreeSet<_> = beamlines
            .iter()
            .flat_map(|beamline| {
                let remote = index.remote_at(*beamline);
                remote.take_while(|(end, ..)| *end >= now.plus(-HALF_SHIFT))
            })
            .filter(|(_, start, _)| *start <= now)
            .map(|(.., project)| project)
            .collect();
        users.into_iter().collect()
    }
}

#[cfg(test)]
mod tests;
