//! The entry point of this crate for HTTP handlers: [`Directory`] finds actors, starts them, and
//! replaces lost ones.
//!
//! | file | what it holds |
//! |---|---|
//! | `directory/requests.rs` | [`Directory`], with a method for each request |
//! | `directory/sessions.rs` | whose a session is |
//! | `directory/tokens.rs` | refresh tokens that were used |
//! | `directory/setup.rs` | [`Setup`]: which actors run, where, and with what |
//! | `directory/status.rs` | [`ActorsStatus`]: counters of the actors, for metrics |

mod requests;
mod sessions;
mod setup;
mod status;
mod tokens;

pub use requests::Directory;
pub use setup::Setup;
pub use status::ActorsStatus;
