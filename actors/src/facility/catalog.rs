//! The declared records of the facility as one immutable snapshot: every reader sees one state of
//! all of them.
//!
//! What is derived from them is part of the snapshot: the index of each table.

mod beamtimes;
mod entries;
mod holdings;
mod signing_keys;

pub use beamtimes::BeamtimeIndex;
pub use entries::{Declared, Entries};
pub use holdings::{ContainerIndex, SampleIndex};
pub use signing_keys::SigningKeys;

use super::place::Section;
use crate::key::PublicKey;
use beamlive_storage::ids::{Account, BeamlineId, ContainerId, PersonId, ProjectId};
use beamlive_storage::keys::{self, Table};
use beamlive_storage::records::{
    AccessList, Automounter, Beamline, Beamtime, Container, ContainerType, DataType, FacilityRevision, Group,
    Person, Project, Sample, SignIn,
};
use beamlive_storage::{ReadError, Store, Timestamp};
use chrono::SecondsFormat;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A record whose table is part of the catalog.
pub trait Cataloged: Declared {
    /// Its table.
    fn of(catalog: &Catalog) -> &Entries<Self>;
    /// Its table, to be changed.
    fn of_mut(catalog: &mut Catalog) -> &mut Entries<Self>;
    /// How people name it: `alice/CLS-0042/3`
    fn path(&self, catalog: &Catalog) -> String;
    /// The fields, as the file calls them, in which it differs from `old`.
    fn changes(&self, old: &Self) -> Vec<&'static str>;

    /// `sample alice/CLS-0042/3`
    fn label(&self, catalog: &Catalog) -> String {
        format!("{} {}", Self::SECTION.noun(), self.path(catalog))
    }
}

/// For each table: its record, the fields that may change, what is derived from all of them, what
/// identifies one, and how people name it.
macro_rules! catalog {
    ($($(#[$doc:meta])* $table:ident: $record:ident, [$($field:ident),*], $index:ty,
        |$this:ident, $catalog:ident| $name:ty = $identity:expr, $path:expr;)*) => {
        /// The facility as it is declared now.
        #[derive(Debug, Clone, Default)]
        pub struct Catalog {
            /// Grows by one with every change. What is derived from a catalog stores it.
            pub generation: u64,
            /// The revision that the next facility file replaces; `None` before the first file.
            pub revision: Option<u64>,
            $($(#[$doc])* pub $table: Entries<$record>,)*
        }

        impl Catalog {
            /// Reads all declared tables.
            ///
            /// # Errors
            /// [`ReadError`] when a record can't be read.
            pub fn load(store: &Store) -> Result<Self, ReadError> {
                // Read first: if a file is applied meanwhile, the next one is refused.
                let revision = store.get::<FacilityRevision>(&keys::facility_revision())?;
                Ok(Self {
                    generation: 1,
                    revision: revision.map(|read| read.revision),
                    $($table: Entries::load(store)?,)*
                })
            }

            /// Reads the rows of `keys` again. Returns whether any has changed. One of them may be
            /// of a later change than the others, whose keys are then still to come.
            ///
            /// # Errors
            /// [`ReadError`] when a record can't be read.
            pub(super) fn follow(&mut self, store: &Store, keys: &BTreeSet<Vec<u8>>) -> Result<bool, ReadError> {
                let mut changed = false;
                $(changed |= self.$table.follow(store, keys)?;)*
                Ok(changed)
            }

            /// How many records there are.
            #[must_use]
            pub fn records(&self) -> usize {
                0 $(+ self.$table.len())*
            }
        }

        $(
            impl Declared for $record {
                type Name = $name;
                type Index = $index;
                const TABLE: Table = Table::$record;
                const SECTION: Section = Section::$record;

                fn identity(&self) -> $name {
                    let $this = self;
                    $identity
                }
            }

            impl Cataloged for $record {
                fn of(catalog: &Catalog) -> &Entries<Self> {
                    &catalog.$table
                }

                fn of_mut(catalog: &mut Catalog) -> &mut Entries<Self> {
                    &mut catalog.$table
                }

                fn path(&self, $catalog: &Catalog) -> String {
                    let $this = self;
                    $path
                }

                fn changes(&self, old: &Self) -> Vec<&'static str> {
                    let fields = [$((stringify!($field), self.$field != old.$field)),*];
                    let changed = fields.into_iter().filter(|(_, changed)| *changed);
                    changed.map(|(field, _)| in_file(field)).collect()
                }
            }
        )*
    };
}

/// What the file calls a field of a record.
fn in_file(field: &'static str) -> &'static str {
    match field {
        "kind" => "type",
        "sign_in" => "password_hash",
        other => other,
    }
}

catalog! {
    /// Projects.
    projects: Project, [name, key, ssh_keys, sign_in], SigningKeys,
        |r, _c| String = r.username.clone(), r.username.clone();
    /// Persons.
    persons: Person, [name, email, ssh_keys, active, staff, member_of, sign_in], (),
        |r, _c| String = r.username.clone(), r.username.clone();
    /// Beamlines.
    beamlines: Beamline, [name, active, simulated, energy, contact], (),
        |r, _c| String = r.acronym.clone(), r.acronym.clone();
    /// Data types.
    data_types: DataType, [name, aliases, metadata], (),
        |r, _c| String = r.acronym.clone(), r.acronym.clone();
    /// Kinds of containers.
    container_types: ContainerType, [locations, drawing], (),
        |r, _c| String = r.name.clone(), r.name.clone();
    /// Containers.
    containers: Container, [kind, status, parent, location], ContainerIndex,
        |r, c| (ProjectId, String) = (r.project, r.name.clone()),
            format!("{}/{}", c.username(r.project), r.name);
    /// Automounters.
    automounters: Automounter, [active], (),
        |r, c| (BeamlineId, ContainerId) = (r.beamline, r.container),
            format!("{} {}", c.acronym(r.beamline), c.container_name(r.container));
    /// Groups.
    groups: Group, [priority], (),
        |r, c| (ProjectId, String) = (r.project, r.name.clone()),
            format!("{}/{}", c.username(r.project), r.name);
    /// Samples.
    samples: Sample, [name, barcode, comments, group, priority], SampleIndex,
        |r, c| (ContainerId, String) = (r.container, r.location.clone()),
            format!("{}/{}", c.container_name(r.container), r.location);
    /// Access lists.
    access_lists: AccessList, [address, users, beamlines, active], (),
        |r, _c| String = r.name.clone(), r.name.clone();
    /// Beamtimes.
    beamtimes: Beamtime, [end, remote, cancelled], BeamtimeIndex,
        |r, c| (ProjectId, BeamlineId, Timestamp) = (r.project, r.beamline, r.start), {
            let start = r.start.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true);
            format!("{} {} {start}", c.username(r.project), c.acronym(r.beamline))
        };
}

impl Catalog {
    /// The account of a username.
    #[must_use]
    pub fn project(&self, username: &str) -> Option<(ProjectId, &Project)> {
        let (id, entry) = self.projects.find(username)?;
        Some((ProjectId(id), &entry.record))
    }

    /// The project or the person of a username.
    #[must_use]
    pub fn account(&self, username: &str) -> Option<Account> {
        let project = || self.projects.id(username).map(|id| ProjectId(id).into());
        let person = || self.persons.id(username).map(|id| PersonId(id).into());
        project().or_else(person)
    }

    /// A person.
    #[must_use]
    pub fn person(&self, id: PersonId) -> Option<&Person> {
        self.persons.get(id.0).map(|entry| &entry.record)
    }

    /// The username of a project, for people: `""` when it is gone.
    #[must_use]
    pub fn username(&self, id: ProjectId) -> &str {
        self.projects
            .get(id.0)
            .map_or("", |entry| entry.record.username.as_str())
    }

    /// The username of a project or a person. `None` when it is gone.
    #[must_use]
    pub fn account_name(&self, account: Account) -> Option<&str> {
        Some(match account {
            Account::Project(id) => &self.projects.get(id.0)?.record.username,
            Account::Person(id) => &self.persons.get(id.0)?.record.username,
        })
    }

    /// How an account signs in. `None` when it is gone, or a person who is not active.
    #[must_use]
    pub fn sign_in(&self, account: Account) -> Option<&SignIn> {
        match account {
            Account::Project(id) => Some(&self.projects.get(id.0)?.record.sign_in),
            Account::Person(id) => {
                let person = self.person(id)?;
                person.active.then_some(&person.sign_in)
            }
        }
    }

    /// The login keys of an account.
    #[must_use]
    pub fn ssh_keys(&self, account: Account) -> &[String] {
        match account {
            Account::Project(id) => self.projects.get(id.0).map_or(&[], |it| &it.record.ssh_keys),
            Account::Person(id) => self.person(id).map_or(&[], |it| &it.ssh_keys),
        }
    }

    /// The data type of an acronym or an alias.
    #[must_use]
    pub fn data_type(&self, name: &str) -> Option<&DataType> {
        if let Some((_, entry)) = self.data_types.find(name) {
            return Some(&entry.record);
        }
        self.data_types
            .iter()
            .map(|(_, entry)| &entry.record)
            .find(|kind| kind.aliases.iter().any(|alias| alias == name))
    }

    /// The beamline of an acronym.
    #[must_use]
    pub fn beamline(&self, acronym: &str) -> Option<(BeamlineId, &Beamline)> {
        let (id, entry) = self.beamlines.find(acronym)?;
        Some((BeamlineId(id), &entry.record))
    }

    /// The acronym of a beamline, for people: `""` when it is gone.
    #[must_use]
    pub fn acronym(&self, id: BeamlineId) -> &str {
        self.beamlines
            .get(id.0)
            .map_or("", |entry| entry.record.acronym.as_str())
    }

    /// `username/name` of a container, for people: `"?"` when it is gone.
    #[must_use]
    pub fn container_name(&self, id: ContainerId) -> String {
        let entry = self.containers.get(id.0);
        entry.map_or_else(|| "?".to_owned(), |entry| entry.record.path(self))
    }

    /// The parsed key of an account.
    #[must_use]
    pub fn signing_key(&self, id: ProjectId) -> Option<&Arc<PublicKey>> {
        self.projects.index().get(id)
    }
}
