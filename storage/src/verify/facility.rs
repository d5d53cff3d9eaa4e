//! What a facility file declares. It is kept in memory, because all other records refer to it.

use super::check::Check;
use super::row::{Checked, Row};
use crate::ids::Account;
use crate::keys::Table;
use crate::records::{
    AccessList, Automounter, Beamline, Beamtime, Container, ContainerType, DataType, Group, Person, Project,
    Sample,
};
use std::collections::{BTreeMap, HashMap};

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Facility {
    /// The record of each name.
    names: HashMap<(Table, String), (Table, u64)>,
    /// References between records, checked when all records are known.
    references: Vec<(Table, u64, Table, u64)>,
    /// The container that each container is in.
    parents: BTreeMap<u64, Option<u64>>,
    /// The active automounter of each beamline and container.
    active: HashMap<(Table, u64), u64>,
}

/// The name of a record, unique within its table, and the records that it refers to.
type Declared = (Option<String>, Vec<(Table, u64)>);

/// The record of an account.
pub(super) fn declared_account(account: Account) -> (Table, u64) {
    match account {
        Account::Project(id) => (Table::Project, id.0),
        Account::Person(id) => (Table::Person, id.0),
    }
}

impl Facility {
    pub(super) fn record(&mut self, check: &mut Check<'_>, row: Row<'_>) -> Checked {
        let [id] = row.ids()?;
        let table = row.table;
        check.found_id(table, id);
        check.declared.insert((table, id));
        let (name, references) = self.decode(check, row, id)?;
        // Projects and persons share their names.
        let names = if table == Table::Person {
            Table::Project
        } else {
            table
        };
        if let Some((other, first)) = name.and_then(|name| self.names.insert((names, name), (table, id))) {
            check.problem(format!("{table:?} {id}: {other:?} {first} has the same name"));
        }
        let references = references.into_iter().map(|(to, other)| (table, id, to, other));
        self.references.extend(references);
        Ok(())
    }

    fn decode(&mut self, check: &mut Check<'_>, row: Row<'_>, id: u64) -> Checked<Declared> {
        let what = format!("{:?} {id}", row.table);
        Ok(match row.table {
            Table::Project => (Some(check.decode::<Project>(&what, row)?.username), Vec::new()),
            Table::Person => {
                let person: Person = check.decode(&what, row)?;
                let projects = person.member_of.iter();
                let projects = projects.map(|member| (Table::Project, member.project.0));
                (Some(person.username), projects.collect())
            }
            Table::Beamline => (Some(check.decode::<Beamline>(&what, row)?.acronym), Vec::new()),
            Table::DataType => (Some(check.decode::<DataType>(&what, row)?.acronym), Vec::new()),
            Table::ContainerType => (Some(check.decode::<ContainerType>(&what, row)?.name), Vec::new()),
            Table::Container => {
                let container: Container = check.decode(&what, row)?;
                let parent = container.parent.map(|parent| parent.0);
                self.parents.insert(id, parent);
                let mut references = vec![
                    (Table::Project, container.project.0),
                    (Table::ContainerType, container.kind.0),
                ];
                references.extend(parent.map(|parent| (Table::Container, parent)));
                (
                    Some(format!("{} {}", container.project, container.name)),
                    references,
                )
            }
            Table::Automounter => {
                let automounter: Automounter = check.decode(&what, row)?;
                let references = vec![
                    (Table::Beamline, automounter.beamline.0),
                    (Table::Container, automounter.container.0),
                ];
                for (table, other) in references.iter().filter(|_| automounter.active) {
                    if let Some(first) = self.active.insert((*table, *other), id) {
                        check.problem(format!(
                            "{table:?} {other}: automounters {first} and {id} are both active"
                        ));
                    }
                }
                (None, references)
            }
            Table::Group => {
                let group: Group = check.decode(&what, row)?;
                let name = format!("{} {}", group.project, group.name);
                (Some(name), vec![(Table::Project, group.project.0)])
            }
            Table::Sample => {
                let sample: Sample = check.decode(&what, row)?;
                let name = format!("{} {} {}", sample.project, sample.container, sample.location);
                let mut references = vec![
                    (Table::Project, sample.project.0),
                    (Table::Container, sample.container.0),
                ];
                references.extend(sample.group.map(|group| (Table::Group, group.0)));
                (Some(name), references)
            }
            Table::AccessList => {
                let list: AccessList = check.decode(&what, row)?;
                let users = list.users.iter().copied().map(declared_account);
                let beamlines = list
                    .beamlines
                    .iter()
                    .map(|beamline| (Table::Beamline, beamline.0));
                (Some(list.name), users.chain(beamlines).collect())
            }
            Table::Beamtime => {
                let time: Beamtime = check.decode(&what, row)?;
                let name = format!("{} {} {}", time.project, time.beamline, time.start.0);
                let references = vec![
                    (Table::Project, time.project.0),
                    (Table::Beamline, time.beamline.0),
                ];
                (Some(name), references)
            }
            _ => (None, Vec::new()),
        })
    }

    /// The checks that need all declared records.
    pub(super) fn finish(&mut self, check: &mut Check<'_>) {
        for (from, id, to, other) in std::mem::take(&mut self.references) {
            check.require_declared(&format!("{from:?} {id}"), to, other);
        }
        let deepest = check.rules.deepest;
        for id in self.parents.keys() {
            let (mut depth, mut next) = (0, Some(*id));
            while let Some(container) = next.filter(|_| depth <= deepest) {
                depth += 1;
                next = self.parents.get(&container).copied().flatten();
            }
            if depth > deepest {
                check.problem(format!(
                    "Container {id}: is in itself, or in more than {} others",
                    deepest - 1
                ));
            }
        }
    }
}
