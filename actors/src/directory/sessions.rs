//! Sessions as the store has them, without their actors.

use super::requests::Directory;
use crate::ask::Unavailable;
use crate::pool;
use beamlive_storage::ids::{BeamlineId, ProjectId};
use beamlive_storage::keys;
use beamlive_storage::records::BeamlineState;

impl Directory {
    /// The project that has the beamline now.
    ///
    /// # Errors
    /// [`Unavailable`] when the store can't be read.
    pub async fn occupied_by(&self, beamline: BeamlineId) -> Result<Option<ProjectId>, Unavailable> {
        let store = self.services().store.clone();
        let state = pool::read(move || store.get::<BeamlineState>(&keys::beamline_state(beamline))).await?;
        let open = state.filter(|state| state.record.end.is_none());
        Ok(open.map(|state| state.record.project))
    }

    /// The one of `projects` whose session of this name has the beamline now, or else is the newest
    /// there.
    ///
    /// # Errors
    /// [`Unavailable`] when the store can't be read.
    pub async fn owner_of_session(
        &self,
        beamline: BeamlineId,
        projects: Vec<ProjectId>,
        name: String,
    ) -> Result<Option<ProjectId>, Unavailable> {
        let store = self.services().store.clone();
        let found = pool::read(move || {
            let state = store.get::<BeamlineState>(&keys::beamline_state(beamline))?;
            let open = state.filter(|state| state.record.end.is_none() && state.record.name == name);
            if let Some(open) = open.filter(|open| projects.contains(&open.record.project)) {
                return Ok(Some(open.record.project));
            }
            let mut newest = None;
            for project in projects {
                let session = store.get_id(&keys::session_by_name(beamline, project, &name))?;
                newest = newest.max(session.map(|session| (session, project)));
            }
            Ok(newest.map(|(_, project)| project))
        });
        found.await
    }
}
