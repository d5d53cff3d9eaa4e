//! What applying a facility file would do: pure, from the facility as it is and the file to the
//! facility as it will be.
//!
//! Rules are checked on the result, so a file may move things around in one go.
//!
//! | file | what it holds |
//! |---|---|
//! | `situation.rs` | what a plan depends on besides the facility and the file |
//! | `draft.rs` | the facility while the plan is made |
//! | `resolve.rs` | from an entry to its record, for each section |
//! | `prune.rs` | removes what the file does not name |
//! | `ids.rs` | where ids begin |
//! | `describe.rs` | the changes in words |

mod describe;
pub(crate) mod draft;
mod ids;
mod prune;
mod resolve;
mod situation;

pub use situation::{Counters, Counts, InUse, KeyChange, Situation};

use super::catalog::{key, Catalog};
use super::check;
use super::declaration::Declaration;
use super::place::Mistakes;
use beamlive_storage::ids::ProjectId;
use beamlive_storage::Batch;
use draft::Draft;
use resolve::section;

/// What applying a file does.
#[derive(Debug)]
pub struct Plan {
    /// The facility afterwards, one generation on.
    pub catalog: Catalog,
    /// The number of entries by outcome.
    pub counts: Counts,
    /// The changes in words; of very many, the first and how many more there are.
    pub changes: Vec<String>,
    /// Signing keys that are set or replaced.
    pub keys: Vec<KeyChange>,
    /// The writes. What is replaced or removed must still be as `catalog` had it.
    pub batch: Batch,
}

impl Plan {
    /// Plans `declaration` over `catalog`. Mistakes are added to `mistakes`; with any, also of
    /// reading the file, there is no plan.
    pub fn make_noting(
        catalog: &Catalog,
        declaration: &Declaration,
        situation: &Situation<'_>,
        mistakes: &mut Mistakes,
    ) -> Option<Self> {
        let mut draft = Draft::new(catalog, declaration, situation, mistakes);
        let raised = declaration
            .first_id
            .map(|first| (first, ids::lower(&mut draft, first)));
        section(&mut draft, &declaration.projects, resolve::project);
        section(&mut draft, &declaration.beamlines, resolve::beamline);
        section(&mut draft, &declaration.data_types, resolve::data_type);
        section(&mut draft, &declaration.container_types, resolve::container_type);
        resolve::reserve_containers(&mut draft, &declaration.containers);
        section(&mut draft, &declaration.containers, resolve::container);
        section(&mut draft, &declaration.automounters, resolve::automounter);
        section(&mut draft, &declaration.groups, resolve::group);
        section(&mut draft, &declaration.samples, resolve::sample);
        section(&mut draft, &declaration.access_lists, resolve::access_list);
        section(&mut draft, &declaration.beamtimes, resolve::beamtime);
        draft.mark_unread();
        if situation.prune {
            prune::prune(&mut draft);
        }
        let violations = check::check(&draft);
        draft.mistakes.append(violations);
        if !draft.mistakes.is_empty() {
            return None;
        }
        draft.write_counters();
        if let Some((first, tables)) = raised {
            for table in tables {
                draft.batch.raise(table, first);
            }
        }
        draft.catalog.generation += 1;
        let keys = key_changes(catalog, &mut draft.catalog);
        Some(Self {
            catalog: draft.catalog,
            counts: draft.counts,
            changes: draft.changes.into_list(),
            keys,
            batch: draft.batch,
        })
    }
}

/// Parses the keys that are set or replaced, and lists them.
fn key_changes(before: &Catalog, after: &mut Catalog) -> Vec<KeyChange> {
    let changed = after.update_keys(&before.projects);
    let change = |id| {
        Some(KeyChange {
            project: ProjectId(id),
            line: key(&after.projects, id)?.to_owned(),
            replaced: key(&before.projects, id).is_some(),
        })
    };
    changed.into_iter().filter_map(change).collect()
}

#[cfg(test)]
mod tests;
