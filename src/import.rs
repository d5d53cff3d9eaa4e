//! Moves a facility in from another server: reads its dump, and stores what becomes of it.
//!
//! `beamlive-mxlive` reads and mends the dump. What is here brings it into a store, all or nothing.
//!
//! | file | what it holds |
//! |---|---|
//! | `run.rs` | one import, from its files to its outcome |
//! | `writer.rs` | stores records with their indexes, as far as they are not there already |
//! | `rows.rs` | the index rows of a record |
//! | `ids.rs` | counters, and the ids that nothing has |
//! | `report.rs` | the lines about what was mended, and the counts |
//! | `secret.rs` | the secret that signs the tokens of the earlier server |

mod ids;
pub mod report;
mod rows;
pub mod run;
pub mod secret;
mod writer;
