//! What a facility file declares: kept in memory, for everything else refers to it.

use super::parts::Parts;
use super::Check;
use crate::keys::Table;
use crate::records::{
    AccessList, Automounter, Beamline, Beamtime, Container, ContainerType, DataType, Group, Project, Record,
    Sample,
};
use crate::store::ReadError;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The declared records that were met so far.
#[derive(Debug, Default)]
pub(super) struct Facility {
    ids: HashSet<(Table, u64)>,
    /// What names a record within its table, and the record that has the name.
    names: HashMap<(Table, String), u64>,
    /// Which record refers to which; told when all are known.
    references: Vec<(Table, u64, Table, u64)>,
    parents: BTreeMap<u64, Option<u64>>,
    /// Beamlines and containers of active automounters.
    active: HashMap<(Table, u64), u64>,
}

impl Facility {
    pub(super) fn has(&self, table: Table, id: u64) -> bool {
        self.ids.contains(&(table, id))
    }
}

impl Check<'_> {
    /// A record that another one, of the tables that come later, refers to.
    pub(super) fn declared(&mut self, what: &str, table: Table, id: u64) {
        if !self.facility.has(table, id) {
            self.problem(format!("{what}: {table:?} {id} does not exist"));
        }
    }

    fn entry<R: Record>(
        &mut self,
        parts: Parts<'_>,
        key: &[u8],
        value: &[u8],
    ) -> Result<Option<(u64, R)>, ReadError> {
        let table = parts.table();
        let Some(id) = parts.only_id() else {
            self.malformed(key);
            return Ok(None);
        };
        self.id(table, id);
        self.facility.ids.insert((table, id));
        let record = self.decoded::<R>(&format!("{table:?} {id}"), key, value)?;
        Ok(record.map(|record| (id, record)))
    }

    fn named(&mut self, table: Table, id: u64, name: String) {
        let first = self.facility.names.insert((table, name), id);
        if let Some(first) = first {
            self.problem(format!("{table:?} {id}: {table:?} {first} has the same name"));
        }
    }

    fn refers(&mut self, from: Table, id: u64, to: Table, other: u64) {
        self.facility.references.push((from, id, to, other));
    }

    pub(super) fn project(&mut self, parts: Parts<'_>, key: &[u8], value: &[u8]) -> Result<(), ReadError> {
        if let Some((id, project)) = self.entry::<Project>(parts, key, value)? {
            self.named(Table::Project, id, project.username);
        }
        Ok(())
    }

    pub(super) fn beamline(&mut self, parts: Parts<'_>, key: &[u8], value: &[u8]) -> Result<(), ReadError> {
        if let Some((id, beamline)) = self.entry::<Beamline>(parts, key, value)? {
            self.named(Table::Beamline, id, beamline.acronym);
        }
        Ok(())
    }

    pub(super) fn data_type(&mut self, parts: Parts<'_>, key: &[u8], value: &[u8]) -> Result<(), ReadError> {
        if let Some((id, kind)) = self.entry::<DataType>(parts, key, value)? {
            self.named(Table::DataType, id, kind.acronym);
        }
        Ok(())
    }

    pub(super) fn container_type(
        &mut self,
        parts: Parts<'_>,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), ReadError> {
        if let Some((id, kind)) = self.entry::<ContainerType>(parts, key, value)? {
            self.named(Table::ContainerType, id, kind.name);
        }
        Ok(())
    }

    pub(super) fn container(&mut self, parts: Parts<'_>, key: &[u8], value: &[u8]) -> Result<(), ReadError> {
        let Some((id, container)) = self.entry::<Container>(parts, key, value)? else {
            return Ok(());
        };
        let table = Table::Container;
        self.named(table, id, format!("{} {}", container.project, container.name));
        self.refers(table, id, Table::Project, container.project.0);
        self.refers(table, id, Table::ContainerType, container.kind.0);
        let parent = container.parent.map(|parent| parent.0);
        if let Some(parent) = parent {
            self.refers(table, id, table, parent);
        }
        self.facility.parents.insert(id, parent);
        Ok(())
    }

    pub(super) fn automounter(
        &mut self,
        parts: Parts<'_>,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), ReadError> {
        let Some((id, automounter)) = self.entry::<Automounter>(parts, key, value)? else {
            return Ok(());
        };
        let serves = [
            (Table::Beamline, automounter.beamline.0),
            (Table::Container, automounter.container.0),
        ];
        for (table, other) in serves {
            self.refers(Table::Automounter, id, table, other);
            let first = match automounter.active {
                true => self.facility.active.insert((table, other), id),
                false => None,
            };
            if let Some(first) = first {
                self.problem(format!(
                    "{table:?} {other}: automounters {first} and {id} are both active"
                ));
            }
        }
        Ok(())
    }

    pub(super) fn group(&mut self, parts: Parts<'_>, key: &[u8], value: &[u8]) -> Result<(), ReadError> {
        if let Some((id, group)) = self.entry::<Group>(parts, key, value)? {
            self.named(Table::Group, id, format!("{} {}", group.project, group.name));
            self.refers(Table::Group, id, Table::Project, group.project.0);
        }
        Ok(())
    }

    pub(super) fn sample(&mut self, parts: Parts<'_>, key: &[u8], value: &[u8]) -> Result<(), ReadError> {
        let Some((id, sample)) = self.entry::<Sample>(parts, key, value)? else {
            return Ok(());
        };
        let table = Table::Sample;
        let name = format!("{} {} {}", sample.project, sample.container, sample.location);
        self.named(table, id, name);
        self.refers(table, id, Table::Project, sample.project.0);
        self.refers(table, id, Table::Container, sample.container.0);
        if let Some(group) = sample.group {
            self.refers(table, id, Table::Group, group.0);
        }
        Ok(())
    }

    pub(super) fn access_list(
        &mut self,
        parts: Parts<'_>,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), ReadError> {
        let Some((id, list)) = self.entry::<AccessList>(parts, key, value)? else {
            return Ok(());
        };
        for user in list.users {
            self.refers(Table::AccessList, id, Table::Project, user.0);
        }
        for beamline in list.beamlines {
            self.refers(Table::AccessList, id, Table::Beamline, beamline.0);
        }
        self.named(Table::AccessList, id, list.name);
        Ok(())
    }

    pub(super) fn beamtime(&mut self, parts: Parts<'_>, key: &[u8], value: &[u8]) -> Result<(), ReadError> {
        if let Some((id, time)) = self.entry::<Beamtime>(parts, key, value)? {
            let name = format!("{} {} {}", time.project, time.beamline, time.start.0);
            self.named(Table::Beamtime, id, name);
            self.refers(Table::Beamtime, id, Table::Project, time.project.0);
            self.refers(Table::Beamtime, id, Table::Beamline, time.beamline.0);
        }
        Ok(())
    }

    /// What can be told only when every declared record is known.
    pub(super) fn whole_facility(&mut self) {
        for (from, id, to, other) in std::mem::take(&mut self.facility.references) {
            self.declared(&format!("{from:?} {id}"), to, other);
        }
        for id in self.facility.parents.keys().copied().collect::<Vec<_>>() {
            let (mut depth, mut next) = (0, Some(id));
            while let Some(container) = next.filter(|_| depth <= self.rules.deepest) {
                depth += 1;
                next = self.facility.parents.get(&container).copied().flatten();
            }
            if depth > self.rules.deepest {
                self.problem(format!(
                    "Container {id}: is in itself, or in more than {} others",
                    self.rules.deepest - 1
                ));
            }
        }
    }
}
