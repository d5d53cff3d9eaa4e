//! Reads what the beamline's rules need. Runs on a pool: the reads may touch the disk.

use super::state::{Missing, State};
use beamlive_storage::ids::{BeamlineId, SessionId};
use beamlive_storage::records::Session;
use beamlive_storage::{keys, ReadError, Store};

/// The beamline's state, without any session.
pub(super) fn state(store: &Store, beamline: BeamlineId) -> Result<State, ReadError> {
    store.get(&keys::beamline_state(beamline)).map(State::new)
}

/// Adds to `state` what a rule misses.
pub(super) fn missing(
    store: &Store,
    beamline: BeamlineId,
    mut state: State,
    missing: Missing,
) -> Result<State, ReadError> {
    match missing {
        Missing::Name(project, name) => {
            let id = store.get_id(&keys::session_by_name(beamline, project, &name))?;
            state.know_name(project, name, id.map(SessionId));
        }
        Missing::Session(id) => {
            if let Some(session) = store.get::<Session>(&keys::session(id))? {
                state.know_session(id, session);
            }
        }
    }
    Ok(state)
}
