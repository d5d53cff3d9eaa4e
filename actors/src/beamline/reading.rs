//! What the beamline's rules ask the store for.

use super::state::{Missing, State};
use beamlive_storage::ids::{BeamlineId, SessionId};
use beamlive_storage::keys;
use beamlive_storage::records::{BeamlineState, Session};
use beamlive_storage::{ReadError, Store};

/// Reads the beamline's newest stretch, or what `wanted` says is missing from a state.
pub(super) fn read(
    store: &Store,
    beamline: BeamlineId,
    wanted: Option<(Missing, State)>,
) -> Result<State, ReadError> {
    let Some((missing, mut state)) = wanted else {
        return Ok(State::new(
            store.get::<BeamlineState>(&keys::beamline_state(beamline))?,
        ));
    };
    match missing {
        Missing::Name(project, name) => {
            let id = store
                .get_id(&keys::session_by_name(beamline, project, &name))?
                .map(SessionId);
            state.know_name(project, name, id);
        }
        Missing::Session(id) => {
            if let Some(session) = store.get::<Session>(&keys::session(id))? {
                state.know_session(id, session);
            }
        }
    }
    Ok(state)
}
