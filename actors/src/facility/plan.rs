//! What applying a facility file would do: pure, from the facility as it is and the file to the
//! facility as it will be.
//!
//! Rules are checked on the result, so a file may move things around in one go.
//!
//! | file | what it holds |
//! |---|---|
//! | `situation.rs` | what a plan depends on besides the facility and the file |
//! | `draft.rs` | the facility while the plan is made |
//! | `fields.rs` | reads the fields of an entry |
//! | `sections.rs` | from an entry to its record, for each section |
//! | `accounts.rs` | the same for projects and persons |
//! | `container_types.rs` | the same for types of containers |
//! | `moves.rs` | containers that are elsewhere afterwards |
//! | `prune.rs` | removes what the file does not name |
//! | `ids.rs` | the table `[ids]`: where ids begin |

mod accounts;
mod container_types;
pub(crate) mod draft;
mod fields;
mod ids;
mod moves;
mod prune;
mod sections;
mod situation;

pub use moves::ContainerMove;
pub use situation::{Counters, Counts, InUse, KeyChange, Situation};

use super::capped::Capped;
use super::catalog::Catalog;
use super::check;
use super::declaration::{Declaration, Format};
use super::place::{Mistake, Mistakes};
use beamlive_storage::ids::ProjectId;
use beamlive_storage::Batch;
use chrono_tz::Tz;
use draft::Draft;
use sections::declare;

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
    /// Containers that are elsewhere afterwards.
    pub moves: Vec<ContainerMove>,
    /// The writes. What is replaced or removed must still be as `catalog` had it.
    pub batch: Batch,
}

impl Plan {
    /// Reads a facility file and plans it over `catalog`. Times without an offset are in `zone`.
    ///
    /// # Errors
    /// All mistakes of both steps.
    pub fn of_file(
        catalog: &Catalog,
        (text, format): (&str, Format),
        zone: Tz,
        situation: &Situation<'_>,
    ) -> Result<Self, Vec<Mistake>> {
        let mut mistakes = Mistakes::new();
        Declaration::read(text, format, zone, &mut mistakes)
            .and_then(|declaration| Self::make_noting(catalog, &declaration, situation, &mut mistakes))
            .ok_or_else(|| mistakes.into_list())
    }

    /// Plans `declaration` over `catalog`. Mistakes are added to `mistakes`; with any, also of
    /// reading the file, there is no plan.
    pub(crate) fn make_noting(
        catalog: &Catalog,
        declaration: &Declaration,
        situation: &Situation<'_>,
        mistakes: &mut Mistakes,
    ) -> Option<Self> {
        let first_id = ids::read(declaration, mistakes);
        let mut draft = Draft::new(catalog, first_id.unwrap_or(0), situation, mistakes);
        draft.reserve_ids(declaration.ids());
        let raised = first_id.map(|first| (first, ids::lower(&mut draft, first)));
        declare(&mut draft, declaration, accounts::project);
        declare(&mut draft, declaration, accounts::person);
        declare(&mut draft, declaration, sections::beamline);
        declare(&mut draft, declaration, sections::data_type);
        declare(&mut draft, declaration, container_types::container_type);
        sections::reserve_containers(&mut draft, declaration);
        declare(&mut draft, declaration, sections::container);
        declare(&mut draft, declaration, sections::automounter);
        declare(&mut draft, declaration, sections::group);
        declare(&mut draft, declaration, sections::sample);
        declare(&mut draft, declaration, sections::access_list);
        declare(&mut draft, declaration, sections::beamtime);
        if situation.prune {
            prune::prune(&mut draft);
        }
        let mut found = std::mem::take(draft.mistakes);
        check::check(&draft, &mut found);
        *draft.mistakes = found;
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
        let Capped { mut listed, more } = draft.changes;
        if more > 0 {
            listed.push(format!("… and {more} more"));
        }
        let keys = key_changes(catalog, &draft.catalog);
        let moves = moves::moves(catalog, &draft.catalog);
        Some(Self {
            catalog: draft.catalog,
            counts: draft.counts,
            changes: listed,
            keys,
            moves,
            batch: draft.batch,
        })
    }
}

/// The keys that are set or replaced.
fn key_changes(before: &Catalog, after: &Catalog) -> Vec<KeyChange> {
    let changes = after.projects.iter().filter_map(|(id, entry)| {
        let line = entry.record.key.clone()?;
        let old = before.projects.get(id).and_then(|old| old.record.key.as_ref());
        (old != Some(&line)).then_some(KeyChange {
            project: ProjectId(id),
            replaced: old.is_some(),
            line,
        })
    });
    changes.collect()
}

#[cfg(test)]
mod tests;
