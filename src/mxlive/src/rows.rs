//! The records of a dump, typed. Each is read as MxLIVE and as BasicLIVE write it.
//!
//! | file | what it holds |
//! |---|---|
//! | `table.rs` | all records of one model |
//! | `accounts.rs` | projects, users, keys, beamlines, data types |
//! | `inventory.rs` | containers, groups, samples |
//! | `access.rs` | access lists, connections, beamtimes |
//! | `visits.rs` | sessions, feedback, the activity log |
//! | `uploads.rs` | datasets and reports |

mod access;
mod accounts;
mod inventory;
mod table;
mod uploads;
mod visits;

pub(crate) use access::{AccessList, AccessType, Beamtime, Connection};
pub(crate) use accounts::{Beamline, DataType, Member, Project, SshKey, User};
pub(crate) use inventory::{Automounter, Container, ContainerType, Group, Location, Sample};
pub(crate) use table::{Rank, Row, Rows};
pub(crate) use uploads::{Dataset, Report};
pub(crate) use visits::{Activity, Area, AreaFeedback, ContentType, Feedback, Session, Stretch};
