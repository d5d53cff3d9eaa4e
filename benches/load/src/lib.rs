//! Simulates a facility, and measures the service under its load: `beamlive load`.
//!
//! From the bottom to the top; a file uses those above it only:
//!
//! | file | what it holds |
//! |---|---|
//! | `plan.rs`, `options.rs` | mixes, rates, when requests are due; the options |
//! | [`http`], [`template`], [`machine`] | parts that benches share |
//! | `credentials.rs` | what accounts have, and the requests that they send with it |
//! | `names.rs`, `ledger.rs` | names of records; what one program has sent |
//! | `program.rs`, `bodies.rs`, `mxdc.rs`, `host.rs` | the simulated programs: which request is next |
//! | `measure.rs` | counts and latencies, in total and second by second |
//! | `accounts.rs`, [`facility`] | accounts of a file; the facility of a run |
//! | `timer.rs`, `drive.rs`, `programs.rs` | runs the programs, each on its own connection |
//! | `live.rs`, `hdr.rs`, `monitor.rs` | what is shown and logged during the run |
//! | `audit.rs`, `records.rs` | whether the service has what it acknowledged |
//! | `prepare.rs` | declares the facility, registers keys or sets passwords, cleans up |
//! | `about.rs`, `results.rs`, `report/` | the results, as JSON, text and a page |
//! | `run.rs` | [`run`] |
//!
//! Invariants: the latency of a request counts from when it was due, so one slow answer also counts
//! for the requests that had to wait; only requests that succeed have a latency; each acknowledged
//! record is looked up; the run changes nothing that the operator has declared.

mod about;
mod accounts;
mod audit;
mod bodies;
mod credentials;
mod drive;
pub mod facility;
mod hdr;
mod host;
pub mod http;
mod ledger;
mod live;
pub mod machine;
mod measure;
mod monitor;
mod mxdc;
pub mod names;
mod options;
mod plan;
mod prepare;
mod program;
mod programs;
mod records;
mod report;
mod results;
mod run;
pub mod template;
mod timer;

pub use options::Options;
pub use run::run;
