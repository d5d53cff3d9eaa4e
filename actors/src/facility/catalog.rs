//! The declared records of the facility as one immutable snapshot: every reader sees one state of all of them.

use crate::key::PublicKey;
use beamlive_storage::ids::{BeamlineId, ContainerId, ProjectId};
use beamlive_storage::keys::{self, Table};
use beamlive_storage::records::{
    AccessList, Automounter, Beamline, Beamtime, Container, ContainerType, DataType, Group, Project, Record,
    Sample,
};
use beamlive_storage::{engine::Order, ReadError, Store, Timestamp, Versioned};
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::Arc;

/// A record that the facility file declares: its table, and the name that identifies it there.
pub trait Declared: Record + Clone + PartialEq {
    /// What identifies it besides its id.
    type Name: Hash + Eq + Ord + Clone + Send + Sync;
    /// Its table.
    const TABLE: Table;
    /// Its own name.
    fn identity(&self) -> Self::Name;
}

macro_rules! declared {
    ($($record:ident: $name:ty = $table:ident, $identity:expr;)*) => {$(
        impl Declared for $record {
            type Name = $name;
            const TABLE: Table = Table::$table;
            fn identity(&self) -> $name {
                let identity: fn(&Self) -> $name = $identity;
                identity(self)
            }
        }
    )*};
}

declared! {
    Project: String = Project, |r| r.username.clone();
    Beamline: String = Beamline, |r| r.acronym.clone();
    DataType: String = DataType, |r| r.acronym.clone();
    ContainerType: String = ContainerType, |r| r.name.clone();
    Container: (ProjectId, String) = Container, |r| (r.project, r.name.clone());
    Automounter: (BeamlineId, ContainerId) = Automounter, |r| (r.beamline, r.container);
    Group: (ProjectId, String) = Group, |r| (r.project, r.name.clone());
    Sample: (ContainerId, String) = Sample, |r| (r.container, r.location.clone());
    AccessList: String = AccessList, |r| r.name.clone();
    Beamtime: (ProjectId, BeamlineId, Timestamp) = Beamtime, |r| (r.project, r.beamline, r.start);
}

/// All records of one declared table, by id and by name. Cheap to clone; changed by copy on write.
#[derive(Debug, Clone)]
pub struct Entries<R: Declared> {
    by_id: Arc<BTreeMap<u64, Arc<Versioned<R>>>>,
    by_name: Arc<HashMap<R::Name, u64>>,
}

impl<R: Declared> Default for Entries<R> {
    fn default() -> Self {
        Self {
            by_id: Arc::default(),
            by_name: Arc::default(),
        }
    }
}

impl<R: Declared> Entries<R> {
    /// The record of an id.
    #[must_use]
    pub fn get(&self, id: u64) -> Option<&Versioned<R>> {
        self.by_id.get(&id).map(Arc::as_ref)
    }

    /// The id and record of a name.
    #[must_use]
    pub fn find<Q>(&self, name: &Q) -> Option<(u64, &Versioned<R>)>
    where
        R::Name: std::borrow::Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let id = *self.by_name.get(name)?;
        Some((id, self.get(id)?))
    }

    /// All of them, by id.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Versioned<R>)> {
        self.by_id.iter().map(|(id, entry)| (*id, entry.as_ref()))
    }

    /// Whether nothing was put or removed between the two. Costs one comparison; says no when a change was undone.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.by_id, &other.by_id)
    }

    /// The greatest id there is; 0 when there is none.
    #[must_use]
    pub fn last_id(&self) -> u64 {
        self.by_id.last_key_value().map_or(0, |(id, _)| *id)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Adds a record, or puts a new state in the place of the old one.
    pub fn put(&mut self, id: u64, entry: Versioned<R>) {
        let name = entry.record.identity();
        let by_name = Arc::make_mut(&mut self.by_name);
        if let Some(old) = Arc::make_mut(&mut self.by_id).insert(id, Arc::new(entry)) {
            by_name.remove(&old.record.identity());
        }
        by_name.insert(name, id);
    }

    /// Removes a record.
    pub fn remove(&mut self, id: u64) {
        if let Some(old) = Arc::make_mut(&mut self.by_id).remove(&id) {
            Arc::make_mut(&mut self.by_name).remove(&old.record.identity());
        }
    }

    /// Reads the table from the store.
    ///
    /// # Errors
    /// [`ReadError`] when a record can't be read.
    pub fn load(store: &Store) -> Result<Self, ReadError> {
        let (start, end) = keys::below(&keys::Key::of(R::TABLE), None);
        let mut entries = Self::default();
        for row in store.scan::<R>(&start, &end, Order::Ascending) {
            let (key, entry) = row?;
            if let Some(id) = keys::last_id(&key) {
                entries.put(id, entry);
            }
        }
        Ok(entries)
    }
}

/// The facility as it is declared now.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// One more with every change: what is derived from a catalog names it.
    pub generation: u64,
    /// Accounts.
    pub projects: Entries<Project>,
    /// Beamlines.
    pub beamlines: Entries<Beamline>,
    /// Data types.
    pub data_types: Entries<DataType>,
    /// Kinds of containers.
    pub container_types: Entries<ContainerType>,
    /// Containers.
    pub containers: Entries<Container>,
    /// Automounters.
    pub automounters: Entries<Automounter>,
    /// Groups.
    pub groups: Entries<Group>,
    /// Samples.
    pub samples: Entries<Sample>,
    /// Access lists.
    pub access_lists: Entries<AccessList>,
    /// Beamtimes.
    pub beamtimes: Entries<Beamtime>,
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
            projects: Entries::load(store)?,
            beamlines: Entries::load(store)?,
            data_types: Entries::load(store)?,
            container_types: Entries::load(store)?,
            containers: Entries::load(store)?,
            automounters: Entries::load(store)?,
            groups: Entries::load(store)?,
            samples: Entries::load(store)?,
            access_lists: Entries::load(store)?,
            beamtimes: Entries::load(store)?,
            signing_keys: Arc::default(),
        };
        let ids: Vec<_> = catalog.projects.iter().map(|(id, _)| ProjectId(id)).collect();
        for id in ids {
            catalog.parse_key(id);
        }
        Ok(catalog)
    }

    /// Puts a project's new state in, and parses its key.
    pub fn put_project(&mut self, id: ProjectId, entry: Versioned<Project>) {
        self.projects.put(id.0, entry);
        self.parse_key(id);
    }

    /// Takes over `projects`, and parses the keys of those that are in `changed`.
    pub fn set_projects(&mut self, projects: Entries<Project>, changed: impl IntoIterator<Item = ProjectId>) {
        self.projects = projects;
        for id in changed {
            self.parse_key(id);
        }
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

    fn parse_key(&mut self, id: ProjectId) {
        let line = self
            .projects
            .get(id.0)
            .and_then(|entry| entry.record.key.as_deref());
        let parsed = line.and_then(|line| match PublicKey::parse(line) {
            Ok(key) => Some(Arc::new(key)),
            Err(error) => {
                // Keys are checked before they are stored, so this one was written by another build.
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
