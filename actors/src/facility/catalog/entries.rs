//! One declared table in memory.

use crate::facility::place::Section;
use beamlive_storage::ids::IdRef;
use beamlive_storage::keys::{self, Table};
use beamlive_storage::records::Record;
use beamlive_storage::{engine::Order, ReadError, Store, Versioned};
use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::{Arc, OnceLock};

/// A record that the facility file declares: its table, its section, and the name that identifies
/// it there.
pub trait Declared: Record + Clone + PartialEq {
    /// What identifies it besides its id.
    type Name: Hash + Eq + Ord + Clone + Send + Sync;
    /// What is derived from all records of the table, so that a request need not go through them.
    type Index: for<'a> From<&'a Entries<Self>> + Clone + Debug + Send + Sync;
    /// Its table.
    const TABLE: Table;
    /// Its section of the facility file.
    const SECTION: Section;
    /// Its own name.
    fn identity(&self) -> Self::Name;
}

/// Nothing is derived.
impl<R: Declared> From<&Entries<R>> for () {
    fn from(_: &Entries<R>) {}
}

/// All records of one declared table, by id and by name. Cheap to clone; changed by copy on write.
#[derive(Debug, Clone)]
pub struct Entries<R: Declared> {
    by_id: Arc<BTreeMap<u64, Arc<Versioned<R>>>>,
    by_name: Arc<HashMap<R::Name, u64>>,
    index: Arc<OnceLock<R::Index>>,
}

impl<R: Declared> Default for Entries<R> {
    fn default() -> Self {
        Self {
            by_id: Arc::default(),
            by_name: Arc::default(),
            index: Arc::default(),
        }
    }
}

impl<R: Declared> Entries<R> {
    /// The record of an id.
    #[must_use]
    pub fn get(&self, id: u64) -> Option<&Versioned<R>> {
        self.by_id.get(&id).map(Arc::as_ref)
    }

    /// The id of a name.
    #[must_use]
    pub fn id<Q>(&self, name: &Q) -> Option<u64>
    where
        R::Name: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.by_name.get(name).copied()
    }

    /// The id and record of a name.
    #[must_use]
    pub fn find<Q>(&self, name: &Q) -> Option<(u64, &Versioned<R>)>
    where
        R::Name: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let id = self.id(name)?;
        Some((id, self.get(id)?))
    }

    /// All of them, by id.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &Versioned<R>)> {
        self.by_id.iter().map(|(id, entry)| (*id, entry.as_ref()))
    }

    /// What is derived from all of them: made when it is first asked for, and again after a change.
    #[must_use]
    pub fn index(&self) -> &R::Index {
        self.index.get_or_init(|| self.into())
    }

    /// Whether nothing was put or removed between the two. Costs one comparison; says no when a
    /// change was undone.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.by_id, &other.by_id)
    }

    /// The greatest id there is; 0 when there is none.
    #[must_use]
    pub fn last_id(&self) -> u64 {
        self.by_id.last_key_value().map_or(0, |(id, _)| *id)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Gives a name its id before its record is put.
    pub(crate) fn reserve(&mut self, name: R::Name, id: u64) {
        Arc::make_mut(&mut self.by_name).insert(name, id);
    }

    /// Adds a record, or replaces the one of the same id.
    pub fn put(&mut self, id: u64, entry: Versioned<R>) {
        let name = entry.record.identity();
        if let Some(old) = Arc::make_mut(&mut self.by_id).insert(id, Arc::new(entry)) {
            self.forget(&old.record.identity(), id);
        }
        Arc::make_mut(&mut self.by_name).insert(name, id);
        self.index = Arc::default();
    }

    /// Removes a record.
    pub fn remove(&mut self, id: u64) {
        if let Some(old) = Arc::make_mut(&mut self.by_id).remove(&id) {
            self.forget(&old.record.identity(), id);
        }
        self.index = Arc::default();
    }

    /// Removes the name of a record, unless another one has it already.
    fn forget(&mut self, name: &R::Name, id: u64) {
        if self.by_name.get(name) == Some(&id) {
            Arc::make_mut(&mut self.by_name).remove(name);
        }
    }

    /// Reads the rows of `keys` again, as far as they are of this table. Returns whether any has
    /// changed.
    pub(super) fn follow(&mut self, store: &Store, keys: &BTreeSet<Vec<u8>>) -> Result<bool, ReadError> {
        let ids = keys.range(vec![R::TABLE as u8]..vec![R::TABLE as u8 + 1]);
        let mut changed = false;
        for id in ids.filter_map(|key| keys::last_id(key)) {
            let row = store.get::<R>(&keys::record(R::TABLE, IdRef::Known(id)))?;
            match (row, self.get(id)) {
                (Some(new), Some(old)) if new.revision == old.revision => {}
                (None, None) => {}
                (Some(new), _) => {
                    self.put(id, new);
                    changed = true;
                }
                (None, Some(_)) => {
                    self.remove(id);
                    changed = true;
                }
            }
        }
        Ok(changed)
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
