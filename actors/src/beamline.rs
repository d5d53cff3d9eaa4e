//! One actor per beamline. It owns who has the beamline, serializes launch and close, and says
//! which session an upload belongs to.
//!
//! | file | what it holds |
//! |---|---|
//! | `beamline/actor.rs` | [`Beamline`], the actor |
//! | `beamline/commands.rs` | launch and close as commands |
//! | `beamline/exclusive.rs` | how a launch or close is carried out |
//! | `beamline/state.rs` | the rules of launch and close |
//! | `beamline/lookup.rs`, `beamline/batch.rs` | what is read for them, and what is written |

mod actor;
pub(crate) mod batch;
pub mod commands;
mod exclusive;
mod lookup;
pub mod state;

pub use actor::Beamline;
pub use commands::{CloseSession, LaunchSession, Refusal, SessionLaunched};
