//! `/api/v2/…`

mod accesslist;
mod close;
mod data;
mod idempotency;
mod keys;
mod launch;
mod project;
mod report;
mod routes;
mod samples;
mod schedule;
mod signature;
mod stretches;
mod survey;
