//! One actor per session of a project, or per project outside of its sessions. It records datasets,
//! reports and answers to the survey.
//!
//! | file | what it holds |
//! |---|---|
//! | `session/actor.rs` | [`Session`], the actor |
//! | `session/commands.rs` | what the actor can be asked |
//! | `session/upload.rs` | [`Upload`]: what datasets and reports have in common, and what differs |
//! | `session/dataset.rs`, `session/frames.rs` | the rules of datasets |
//! | `session/report.rs` | the rules of reports |
//! | `session/idempotency.rs` | what an `Idempotency-Key` means |
//! | `session/lookup.rs`, `session/batch.rs` | what is read before an upload is written, and what is written |

mod actor;
mod batch;
pub mod commands;
pub mod dataset;
pub mod frames;
pub mod idempotency;
mod lookup;
pub mod report;
pub mod upload;

pub use actor::{Session, MAX_FEEDBACK};
pub use commands::UploadRefusal;
pub use upload::Upload;
