//! Removes what the file does not name.

use super::draft::Draft;
use crate::facility::catalog::Cataloged;
use crate::facility::seed;
use beamlive_storage::records::{
    AccessList, Automounter, Beamline, Beamtime, Container, ContainerType, DataType, Group, Person, Project,
    Sample,
};

/// Removes every entry that the file does not name. What records refer to is kept: a project as it
/// is, a beamline or an access list as inactive. The data types that exist from the start are kept
/// too.
pub(super) fn prune(draft: &mut Draft<'_>) {
    remove::<Sample>(draft, |_| true);
    remove::<Group>(draft, |_| true);
    remove::<Automounter>(draft, |_| true);
    remove::<Container>(draft, |_| true);
    remove::<ContainerType>(draft, |_| true);
    remove::<DataType>(draft, |kind| !seed::is_seeded(&kind.acronym));
    remove_or_keep(
        draft,
        " as inactive: connections refer to it",
        |list: &mut AccessList| {
            list.active = false;
            list.users.clear();
            list.beamlines.clear();
        },
    );
    remove::<Beamtime>(draft, |_| true);
    remove_or_keep(
        draft,
        " as inactive: connections refer to it",
        |person: &mut Person| {
            person.active = false;
            person.staff = None;
            person.member_of.clear();
        },
    );
    remove_or_keep(draft, ": records refer to it", |_: &mut Project| {});
    remove_or_keep(
        draft,
        " as inactive: records refer to it",
        |beamline: &mut Beamline| {
            beamline.active = false;
        },
    );
}

/// Removes what the file does not name and `may_go`, unless records refer to it.
fn remove<R: Cataloged>(draft: &mut Draft<'_>, may_go: fn(&R) -> bool) {
    let before = R::of(&draft.catalog).clone();
    for (id, entry) in before.iter() {
        let named = draft.place(R::SECTION, id).is_some();
        if named || draft.situation.in_use.contains(R::SECTION, id) || !may_go(&entry.record) {
            continue;
        }
        draft.counts.removed += 1;
        let catalog = &draft.catalog;
        draft
            .changes
            .add(|| format!("remove {}", entry.record.label(catalog)));
        draft.remove::<R>(id);
    }
}

/// Removes what the file does not name. What records refer to is changed with `keep`.
fn remove_or_keep<R: Cataloged>(draft: &mut Draft<'_>, how: &str, keep: fn(&mut R)) {
    remove::<R>(draft, |_| true);
    let left = R::of(&draft.catalog).clone();
    for (id, entry) in left.iter() {
        if draft.place(R::SECTION, id).is_some() {
            continue;
        }
        let mut record = entry.record.clone();
        keep(&mut record);
        draft.counts.kept += 1;
        let label = record.label(&draft.catalog);
        draft.changes.add(|| format!("keep {label}{how}"));
        if record != entry.record {
            draft.write(id, record);
        }
    }
}
