//! The declared records of the facility as one immutable snapshot: every reader sees one state of
//! all of them.
//!
//! What is derived from them is part of the snapshot: the index of each table, and the parsed keys.

mod beamtimes;
mod entries;

pub use beamtimes::BeamtimeIndex;
pub use entries::{Declared, Entries, Index};

use super::place::Section;
use crate::key::PublicKey;
use beamlive_storage::ids::{BeamlineId, ContainerId, ProjectId};
use beamlive_storage::keys::Table;
use beamlive_storage::records::{
    AccessList, Automounter, Beamline, Beamtime, Container, ContainerType, DataType, Group, Project, Sample,
};
use beamlive_storage::{ReadError, Store, Timestamp, Versioned};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// A record whose table is part of the catalog.
pub trait Cataloged: Declared {
    /// Its table.
    fn of(catalog: &Catalog) -> &Entries<Self>;
    /// Its table, to be changed.
    fn of_mut(catalog: &mut Catalog) -> &mut Entries<Self>;
}

macro_rules! catalog {
    ($($(#[$doc:meta])* $table:ident: $record:ident, $name:ty = |$this:ident| $identity:expr, $index:ty;)*) => {
        /// The facility as it is declared now.
        #[derive(Debug, Clone, Default)]
        pub struct Catalog {
            /// One more with every change: what is derived from a catalog names it.
            pub generation: u64,
            $($(#[$doc])* pub $table: Entries<$record>,)*
            /// The parsed key of every account that has one; follows `projects`.
            pub signing_keys: Arc<HashMap<ProjectId, Arc<PublicKey>>>,
        }

        impl Catalog {
            /// Reads all declared tables.
            ///
            /// # Errors
            /// [`ReadError`] when a record can't be read.
            pub fn load(store: &Store) -> Result<Self, ReadError> {
                let mut catalog = Self {
                    generation: 1,
                    $($table: Entries::load(store)?,)*
                    signing_keys: Arc::default(),
                };
                catalog.update_keys(&Entries::default());
                Ok(catalog)
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
            }
        )*
    };
}

catalog! {
    /// Accounts.
    projects: Project, String = |r| r.username.clone(), ();
    /// Beamlines.
    beamlines: Beamline, String = |r| r.acronym.clone(), ();
    /// Data types.
    data_types: DataType, String = |r| r.acronym.clone(), ();
    /// Kinds of containers.
    container_types: ContainerType, String = |r| r.name.clone(), ();
    /// Containers.
    containers: Container, (ProjectId, String) = |r| (r.project, r.name.clone()), ();
    /// Automounters.
    automounters: Automounter, (BeamlineId, ContainerId) = |r| (r.beamline, r.container), ();
    /// Groups.
    groups: Group, (ProjectId, String) = |r| (r.project, r.name.clone()), ();
    /// Samples.
    samples: Sample, (ContainerId, String) = |r| (r.container, r.location.clone()), ();
    /// Access lists.
    access_lists: AccessList, String = |r| r.name.clone(), ();
    /// Beamtimes.
    beamtimes: Beamtime, (ProjectId, BeamlineId, Timestamp) = |r| (r.project, r.beamline, r.start), BeamtimeIndex;
}

impl Catalog {
    /// Puts a project's new state in, and parses its key.
    pub fn put_project(&mut self, id: ProjectId, entry: Versioned<Project>) {
        self.projects.put(id.0, entry);
        self.parse_key(id);
    }

    /// Updates `signing_keys`, which were those of `before`, to those of `projects`. Returns the
    /// projects whose keys differ, by id.
    pub(crate) fn update_keys(&mut self, before: &Entries<Project>) -> BTreeSet<u64> {
        let mut ids: BTreeSet<_> = before
            .iter()
            .chain(self.projects.iter())
            .map(|(id, _)| id)
            .collect();
        ids.retain(|id| key(before, *id) != key(&self.projects, *id));
        for id in &ids {
            self.parse_key(ProjectId(*id));
        }
        ids
    }

    /// The account of a username.
    #[must_use]
    pub fn project(&self, username: &str) -> Option<(ProjectId, &Project)> {
        let (id, entry) = self.projects.find(username)?;
        Some((ProjectId(id), &entry.record))
    }

    /// The username of an account, for people: `""` when it is gone.
    #[must_use]
    pub fn username(&self, id: ProjectId) -> &str {
        self.projects
            .get(id.0)
            .map_or("", |entry| entry.record.username.as_str())
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
        self.containers.get(id.0).map_or_else(
            || "?".to_owned(),
            |entry| format!("{}/{}", self.username(entry.record.project), entry.record.name),
        )
    }

    fn parse_key(&mut self, id: ProjectId) {
        let parsed = key(&self.projects, id.0).and_then(|line| match PublicKey::parse(line) {
            Ok(key) => Some(Arc::new(key)),
            Err(error) => {
                // Keys are checked before they are stored, so this one was written by another
                // build.
                tracing::error!(project = id.0, %error, "a stored key can't be used; its owner can't sign in");
                None
            }
        });
        let keys = Arc::make_mut(&mut self.signing_keys);
        match parsed {
            Some(key) => keys.insert(id, key),
            None => keys.remove(&id),
        };
    }
}

/// The key of an account.
pub(super) fn key(projects: &Entries<Project>, id: u64) -> Option<&str> {
    projects.get(id)?.record.key.as_deref()
}
