//! What the beamline's rules ask the store for.

use super::state::{Missing, State};
use crate::ask::Unavailable;
use crate::pool;
use crate::secure_path;
use crate::services::{Forwarding, Services};
use beamlive_storage::ids::{BeamlineId, ProjectId, SessionId};
use beamlive_storage::keys;
use beamlive_storage::records::{BeamlineState, SecureKey, Session};
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

/// The key that opens a session's directory already, with the built-in Data Proxy.
pub(super) async fn live_key(
    services: &Services,
    project: ProjectId,
    directory: String,
) -> Result<Option<SecureKey>, Unavailable> {
    match services.forwarding {
        Forwarding::External(_) => Ok(None),
        Forwarding::BuiltIn => {
            let store = services.store.clone();
            pool::read(move || secure_path::live_key(&store, Some(project), &directory)).await
        }
    }
}
