//! From what was read to what beamlive's rules accept: pure, and the same for any order of records.
//!
//! | file | what it holds |
//! |---|---|
//! | `accounts.rs` | projects and persons |
//! | `rules.rs` | the rules of the service that a dump does not know |
//! | `passwords.rs` | the forms of passwords that can be kept |
//! | `beamlines.rs` | beamlines and data types |
//! | `containers.rs` | containers, automounters |
//! | `container_types.rs` | container types and their locations |
//! | `samples.rs` | groups and samples |
//! | `access.rs` | access lists and beamtimes |
//! | `sessions.rs` | sessions, one of a name at a time |
//! | `stretches.rs` | stretches, one on a beamline at a time |
//! | `uploads.rs` | which datasets and reports are kept, and whose they are |

mod access;
mod accounts;
mod beamlines;
mod container_types;
mod containers;
mod passwords;
mod rules;
mod samples;
mod sessions;
mod stretches;
mod uploads;

pub(crate) use access::Lists;
pub(crate) use accounts::Accounts;
pub(crate) use beamlines::{Beamlines, UNKNOWN_TYPE};
pub use rules::Rules;
pub(crate) use rules::NO_DATE;
pub(crate) use samples::Samples;
pub(crate) use sessions::Sessions;
pub(crate) use uploads::{Kept, KeptReport, Uploads};

use crate::facility::Facility;
use crate::notes::Notes;
use crate::rows::{Row, Rows};
use crate::tables::Tables;

/// A dump, mended.
#[derive(Debug)]
pub struct Mended {
    /// The declared part.
    pub facility: Facility,
    pub(crate) accounts: Accounts,
    pub(crate) beamlines: Beamlines,
    pub(crate) samples: Samples,
    pub(crate) lists: Lists,
    pub(crate) sessions: Sessions,
    pub(crate) uploads: Uploads,
}

/// Mends what was read. Each change is a line in `notes`.
#[must_use]
pub fn mend(tables: &Tables, rules: &Rules, notes: &mut Notes) -> Mended {
    repeated(tables, notes);
    let mut facility = Facility {
        all_ids: tables.origin.is_some(),
        ..Facility::default()
    };
    let accounts = accounts::mend(tables, &mut facility, notes);
    let beamlines = beamlines::mend(tables, &mut facility, notes);
    let mut types = container_types::mend(tables, notes);
    let containers = containers::mend(tables, &accounts, &beamlines, &mut types, &mut facility, notes);
    let samples = samples::mend(tables, &accounts, &containers, &mut types, &mut facility, notes);
    facility.container_type = types.into_entries(notes);
    let lists = access::mend(tables, &accounts, &beamlines, &mut facility, notes);
    let sessions = sessions::mend(tables, &accounts, &beamlines, rules, notes);
    let uploads = uploads::mend(tables, &accounts, &beamlines, &sessions, &mut facility, notes);
    Mended {
        facility,
        accounts,
        beamlines,
        samples,
        lists,
        sessions,
        uploads,
    }
}

/// Notes the records whose key another has.
fn repeated(tables: &Tables, notes: &mut Notes) {
    fn of<R: Row>(rows: &Rows<R>, notes: &mut Notes) {
        for pk in &rows.repeated {
            let text = "there are two records of this key: the one that was modified last is kept";
            notes.left_out(R::LABEL, pk, text);
        }
    }
    of(&tables.projects, notes);
    of(&tables.users, notes);
    of(&tables.members, notes);
    of(&tables.ssh_keys, notes);
    of(&tables.beamlines, notes);
    of(&tables.data_types, notes);
    of(&tables.container_types, notes);
    of(&tables.locations, notes);
    of(&tables.containers, notes);
    of(&tables.automounters, notes);
    of(&tables.groups, notes);
    of(&tables.samples, notes);
    of(&tables.sessions, notes);
    of(&tables.stretches, notes);
    of(&tables.feedback, notes);
    of(&tables.area_feedback, notes);
    of(&tables.areas, notes);
    of(&tables.content_types, notes);
    of(&tables.access_lists, notes);
    of(&tables.connections, notes);
    of(&tables.access_types, notes);
    of(&tables.beamtimes, notes);
}
