//! `/api/v2/…`

mod accesslist;
mod close;
mod data;
mod encodings;
mod idempotency;
mod keys;
mod launch;
mod long_dsa;
mod project;
mod report;
mod routes;
mod samples;
mod schedule;
mod signature;
mod stretches;
mod survey;
