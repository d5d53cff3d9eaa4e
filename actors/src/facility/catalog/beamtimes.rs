//! The beamtimes by place and by end.

use super::entries::Entries;
use beamlive_storage::ids::{BeamlineId, ProjectId};
use beamlive_storage::records::Beamtime;
use beamlive_storage::Timestamp;
use std::collections::HashMap;

/// The beamtimes that are not cancelled; those of one place by falling end.
#[derive(Debug, Clone, Default)]
pub struct BeamtimeIndex {
    /// `(end, start)` of a project's beamtimes at a beamline.
    own: HashMap<(ProjectId, BeamlineId), Vec<(Timestamp, Timestamp)>>,
    /// `(end, start, project)` of a beamline's remote beamtimes.
    remote: HashMap<BeamlineId, Vec<(Timestamp, Timestamp, ProjectId)>>,
}

impl From<&Entries<Beamtime>> for BeamtimeIndex {
    fn from(beamtimes: &Entries<Beamtime>) -> Self {
        let mut index = Self::default();
        let beamtimes = beamtimes.iter().map(|(_, entry)| &entry.record);
        for time in beamtimes.filter(|time| !time.cancelled) {
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

impl BeamtimeIndex {
    /// `(end, start)` of the beamtimes of `project` at `beamline`, by falling end.
    pub fn of_project(
        &self,
        project: ProjectId,
        beamline: BeamlineId,
    ) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
        self.own.get(&(project, beamline)).into_iter().flatten().copied()
    }

    /// `(end, start, project)` of the remote beamtimes at `beamline`, by falling end.
    pub fn remote_at(
        &self,
        beamline: BeamlineId,
    ) -> impl Iterator<Item = (Timestamp, Timestamp, ProjectId)> + '_ {
        self.remote.get(&beamline).into_iter().flatten().copied()
    }
}
