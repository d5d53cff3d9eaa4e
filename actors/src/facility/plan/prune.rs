//! Takes out what the file does not name.

use super::describe::{Described, Names};
use super::draft::{Draft, Drafts};
use super::resolve::Resolver;
use crate::facility::catalog::{Catalog, Declared};
use crate::facility::seed;
use beamlive_storage::ids::{AccessListId, BeamlineId, ProjectId};

impl Resolver<'_> {
    /// Removes every entry that the file does not name. What records refer to stays: of a project everything, a
    /// beamline or an access list as an inactive one; so do the data types that exist from the start.
    pub(super) fn prune(&mut self, catalog: &Catalog, in_use: &super::InUse) {
        self.remove_unnamed(catalog, |drafts| &mut drafts.samples, |_, _| false);
        self.remove_unnamed(catalog, |drafts| &mut drafts.groups, |_, _| false);
        self.remove_unnamed(catalog, |drafts| &mut drafts.automounters, |_, _| false);
        self.remove_unnamed(catalog, |drafts| &mut drafts.containers, |_, _| false);
        self.remove_unnamed(catalog, |drafts| &mut drafts.container_types, |_, _| false);
        self.remove_unnamed(
            catalog,
            |drafts| &mut drafts.data_types,
            |_, kind| seed::is_seeded(&kind.acronym),
        );
        let kept = self.remove_unnamed(
            catalog,
            |drafts| &mut drafts.access_lists,
            |id, _| in_use.access_lists.contains(&AccessListId(id)),
        );
        for id in kept {
            self.counts.kept += 1;
            let lists = &mut self.drafts.access_lists;
            let Some(mut record) = lists.entries.get(id).map(|entry| entry.record.clone()) else {
                continue;
            };
            record.active = false;
            record.users.clear();
            record.beamlines.clear();
            let name = record.name.clone();
            lists.settle(id, record);
            self.tell(|| format!("keep access list {name} as inactive: connections refer to it"));
        }
        self.remove_unnamed(catalog, |drafts| &mut drafts.beamtimes, |_, _| false);
        let kept = self.remove_unnamed(
            catalog,
            |drafts| &mut drafts.projects,
            |id, _| in_use.projects.contains(&ProjectId(id)),
        );
        for id in kept {
            self.counts.kept += 1;
            let name = catalog.username(ProjectId(id));
            self.tell(|| format!("keep project {name}: records refer to it"));
        }
        let kept = self.remove_unnamed(
            catalog,
            |drafts| &mut drafts.beamlines,
            |id, _| in_use.beamlines.contains(&BeamlineId(id)),
        );
        for id in kept {
            self.counts.kept += 1;
            let beamlines = &mut self.drafts.beamlines;
            let Some(mut record) = beamlines.entries.get(id).map(|entry| entry.record.clone()) else {
                continue;
            };
            record.active = false;
            beamlines.settle(id, record);
            let name = catalog.acronym(BeamlineId(id));
            self.tell(|| format!("keep beamline {name} as inactive: records refer to it"));
        }
    }

    /// Removes what the file does not name, except what `keep` says; returns that.
    fn remove_unnamed<R: Declared + Described>(
        &mut self,
        catalog: &Catalog,
        pick: fn(&mut Drafts) -> &mut Draft<R>,
        keep: impl Fn(u64, &R) -> bool,
    ) -> Vec<u64> {
        let names = Names {
            projects: &catalog.projects,
            beamlines: &catalog.beamlines,
            containers: &catalog.containers,
        };
        let mut kept = Vec::new();
        for id in pick(&mut self.drafts).unnamed() {
            let draft = pick(&mut self.drafts);
            let Some(record) = draft.entries.get(id).map(|entry| entry.record.clone()) else {
                continue;
            };
            if keep(id, &record) {
                kept.push(id);
            } else {
                draft.remove(id);
                self.counts.removed += 1;
                self.tell(|| format!("remove {}", record.label(names)));
            }
        }
        kept
    }
}
