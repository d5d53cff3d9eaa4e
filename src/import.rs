//! Moves a facility in from another server: reads its dump, and stores the result.
//!
//! `beamlive-mxlive` reads and mends the dump. What is here brings it into a store, all or nothing.
//!
//! | file | what it holds |
//! |---|---|
//! | `run.rs` | one import, from its files to its outcome |
//! | `batches.rs` | hands batches of records to the store |
//! | `offline.rs` | an import into a store that no service uses |
//! | `uploads.rs` | imports that are sent to a running service |
//! | `failure.rs` | why an import did nothing |
//! | `report.rs` | the lines about what was mended, and the counts |
//! | `secret.rs` | the secret that signs the tokens of the earlier server |

mod batches;
pub mod failure;
pub mod offline;
pub mod report;
pub mod run;
pub mod secret;
pub mod uploads;
