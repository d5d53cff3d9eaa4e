//! Finds what entries refer to, in the file or in the facility.

use super::resolve::Resolver;
use crate::facility::declaration::{owned, ContainerName};
use crate::facility::place::{quoted, Place, Section};
use beamlive_storage::ids::{BeamlineId, ContainerId, ContainerTypeId, GroupId, ProjectId};

impl Resolver<'_> {
    pub(super) fn project(&mut self, place: Place, field: &str, username: &str) -> Option<ProjectId> {
        let id = self.drafts.projects.find(&username.to_owned());
        let known = id.map(|id| (id, self.drafts.projects.place(id).is_some()));
        let kept = id.is_some_and(|id| self.situation.in_use.projects.contains(&ProjectId(id)));
        self.refer(place, field, Section::Project, username.to_owned(), known, kept)
            .map(ProjectId)
    }

    pub(super) fn beamline(&mut self, place: Place, field: &str, acronym: &str) -> Option<BeamlineId> {
        let id = self.drafts.beamlines.find(&acronym.to_owned());
        let known = id.map(|id| (id, self.drafts.beamlines.place(id).is_some()));
        let kept = id.is_some_and(|id| self.situation.in_use.beamlines.contains(&BeamlineId(id)));
        self.refer(place, field, Section::Beamline, acronym.to_owned(), known, kept)
            .map(BeamlineId)
    }

    pub(super) fn container_type(&mut self, place: Place, name: &str) -> Option<ContainerTypeId> {
        let id = self.drafts.container_types.find(&name.to_owned());
        let known = id.map(|id| (id, self.drafts.container_types.place(id).is_some()));
        self.refer(
            place,
            "type",
            Section::ContainerType,
            name.to_owned(),
            known,
            false,
        )
        .map(ContainerTypeId)
    }

    pub(super) fn container(
        &mut self,
        place: Place,
        field: &str,
        name: &ContainerName,
    ) -> Option<ContainerId> {
        let drafts = &self.drafts;
        let id = drafts
            .projects
            .find(&name.project)
            .and_then(|project| drafts.containers.find(&(ProjectId(project), name.name.clone())));
        let known = id.map(|id| (id, drafts.containers.place(id).is_some()));
        let full = owned(&name.project, &name.name);
        self.refer(place, field, Section::Container, full, known, false)
            .map(ContainerId)
    }

    pub(super) fn group(
        &mut self,
        place: Place,
        project: ProjectId,
        username: &str,
        name: &str,
    ) -> Option<GroupId> {
        let id = self.drafts.groups.find(&(project, name.to_owned()));
        let known = id.map(|id| (id, self.drafts.groups.place(id).is_some()));
        self.refer(
            place,
            "group",
            Section::Group,
            owned(username, name),
            known,
            false,
        )
        .map(GroupId)
    }

    /// Judges a reference to something that is `known`, with its id and whether the file names it. When that which the
    /// file does not name is to be removed, it can't be referred to, unless it is `kept` nevertheless.
    fn refer(
        &mut self,
        place: Place,
        field: &str,
        section: Section,
        name: String,
        known: Option<(u64, bool)>,
        kept: bool,
    ) -> Option<u64> {
        let noun = section.noun();
        let message = match known {
            Some((id, named)) if named || kept || !self.situation.prune => return Some(id),
            Some(_) => format!(
                "refers to {noun} {}, which the file leaves out, so it would be removed",
                quoted(&name)
            ),
            None => format!("there is no {noun} {}", quoted(&name)),
        };
        if !self.unread.contains(&(section, name)) {
            self.mistakes.field(place, field, message);
        }
        None
    }
}
