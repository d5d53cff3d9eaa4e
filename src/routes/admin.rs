//! `/api/admin/`: what operators, the command line and the console read and control. One file per
//! resource.
//!
//! Lists are sorted from new to old, `limit` rows at a time; `before` names the last row of the
//! page before. Parameters that are unknown, given twice or wrong are refused by name, so that a
//! typing error never shows everything.

pub mod accounts;
pub mod activity;
pub mod apply;
pub mod backup;
pub mod connections;
pub mod data;
pub mod events;
pub mod feedback;
pub mod import;
pub mod outbox;
pub mod people;
pub mod projects;
pub mod reports;
pub mod samples;
pub mod sessions;

mod answer;
mod form;
mod query;
