//! Removes what the file does not name.

use super::describe::Described;
use super::draft::Draft;
use crate::facility::catalog::Cataloged;
use crate::facility::seed;
use beamlive_storage::records::{
    AccessList, Automounter, Beamline, Beamtime, Container, ContainerType, DataType, Group, Project, Sample,
};

/// Removes every entry that the file does not name. What records refer to is kept: a project as it
/// is, a beamline or an access list as inactive. The data types that exist from the start are kept
/// too.
pub(super) fn prune(draft: &mut Draft<'_>) {
    remove::<Sample>(draft, |_| false);
    remove::<Group>(draft, |_| false);
    remove::<Automounter>(draft, |_| false);
    remove::<Container>(draft, |_| false);
    remove::<ContainerType>(draft, |_| false);
    remove::<DataType>(draft, |kind| seed::is_seeded(&kind.acronym));
    for id in remove::<AccessList>(draft, |_| false) {
        change(draft, id, |list: &mut AccessList| {
            list.active = false;
            list.users.clear();
            list.beamlines.clear();
        });
        keep::<AccessList>(draft, id, " as inactive: connections refer to it");
    }
    remove::<Beamtime>(draft, |_| false);
    for id in remove::<Project>(draft, |_| false) {
        keep::<Project>(draft, id, ": records refer to it");
    }
    for id in remove::<Beamline>(draft, |_| false) {
        change(draft, id, |beamline: &mut Beamline| beamline.active = false);
        keep::<Beamline>(draft, id, " as inactive: records refer to it");
    }
}

/// Removes what the file does not name, unless it is `kept`. Returns the ids of what records refer
/// to.
fn remove<R: Described>(draft: &mut Draft<'_>, kept: fn(&R) -> bool) -> Vec<u64> {
    let entries = R::of(&draft.catalog).clone();
    let mut in_use = Vec::new();
    for (id, entry) in entries.iter() {
        if draft.place(R::SECTION, id).is_some() || kept(&entry.record) {
            continue;
        }
        if draft.situation.in_use.contains(R::SECTION, id) {
            in_use.push(id);
            continue;
        }
        draft.counts.removed += 1;
        let catalog = &draft.catalog;
        draft
            .changes
            .add(|| format!("remove {}", entry.record.label(catalog)));
        draft.remove::<R>(id);
    }
    in_use
}

/// Changes a record that is kept.
fn change<R: Cataloged>(draft: &mut Draft<'_>, id: u64, change: fn(&mut R)) {
    let Some(old) = R::of(&draft.catalog).get(id) else {
        return;
    };
    let mut record = old.record.clone();
    change(&mut record);
    if record != old.record {
        draft.write(id, record);
    }
}

/// Counts and lists a record that is kept.
fn keep<R: Described>(draft: &mut Draft<'_>, id: u64, how: &str) {
    draft.counts.kept += 1;
    let catalog = &draft.catalog;
    if let Some(entry) = R::of(catalog).get(id) {
        draft
            .changes
            .add(|| format!("keep {}{how}", entry.record.label(catalog)));
    }
}
