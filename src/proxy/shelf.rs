//! The shelf opens the files behind keys: it takes a key and a path, and returns an open file. No
//! other code opens paths of clients.
//!
//! - A key gives access to its directory until it expires.
//! - The directory is opened relative to the handle of its users' root, and a file relative to the
//!   handle of the directory, so that concurrent renames and links can't lead out
//!   (`shelf/beneath.rs`).
//! - Links inside the directory are followed if they stay in it. Links on the path to the directory
//!   are followed inside the roots, if they belong to the superuser or to the owner of the
//!   directory.
//! - Only regular files are opened.
//!
//! All of this blocks on the disk. [`Shelf::first`] runs it on the threads of the root, and on
//! those of another root if a link leads there.

mod beneath;
mod directory;
mod directory_filter;
mod error;
mod file_path;
mod identity;

pub use directory::{Entry, OpenDirectory, OpenFile};
pub use error::FileError;
pub use file_path::{FilePath, NoFilePath};
pub use identity::Identity;

use super::alternates::{locations, Alternate, Location};
use super::disk::Disks;
use super::roots::Roots;
use beamlive_actors::clock::Clock;
use beamlive_actors::published::Published;
use beamlive_actors::{pool, secure_path};
use beamlive_storage::ids::ProjectId;
use beamlive_storage::records::{SecureKey, SecurePath};
use beamlive_storage::Store;
use beneath::{Opened, Remaining, Root};
use chrono::TimeDelta;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Opens the files behind keys.
#[derive(Clone)]
pub struct Shelf {
    /// Holds the keys.
    pub store: Store,
    /// Holds requests while the store is away.
    pub published: Arc<Published>,
    /// Determines which have expired.
    pub clock: Arc<dyn Clock>,
    /// The directories that may be served, including those of `alternates`.
    pub roots: Arc<Roots>,
    /// Where directories may have been moved.
    pub alternates: Arc<[Alternate]>,
    /// The threads that access the roots.
    pub disks: Disks,
    /// How long keys are valid; `None` for ever.
    pub lifetime: Option<TimeDelta>,
}

impl Shelf {
    /// Calls `look` with the directory of `key` and then with its alternates, until it finds
    /// something. `look` runs on a thread of the root.
    ///
    /// # Errors
    /// [`FileError::NotFound`] if nothing is found, the errors of `look`, and
    /// [`FileError::Unavailable`] if a root does not answer.
    pub async fn first<T: Send + 'static>(
        &self,
        key: &str,
        look: impl Fn(&OpenDirectory) -> Result<T, FileError> + Send + Sync + 'static,
    ) -> Result<T, FileError> {
        let directory = self.resolve(key).await?.directory;
        let look = Arc::new(look);
        for location in locations(&self.roots, &self.alternates, &directory) {
            match self.look_in(location, &look).await {
                Err(FileError::NotFound) => {}
                found => return found,
            }
        }
        Err(FileError::NotFound)
    }

    /// The project of `key`; `None` if it belongs to no project.
    ///
    /// # Errors
    /// [`FileError::NoKey`], and [`FileError::Unavailable`] if the store can't be read.
    pub async fn owner(&self, key: &str) -> Result<Option<ProjectId>, FileError> {
        Ok(self.resolve(key).await?.project)
    }

    /// The record of a key that is valid now.
    async fn resolve(&self, key: &str) -> Result<SecurePath, FileError> {
        let key = SecureKey::parse(key).ok_or(FileError::NoKey)?;
        let find = async || {
            let store = self.store.clone();
            pool::read(move || secure_path::find(&store, &key)).await
        };
        let found = self.published.held(find).await?;
        let found = found.ok_or(FileError::NoKey)?;
        let expired = self
            .lifetime
            .is_some_and(|lifetime| found.created.plus(lifetime) <= self.clock.now());
        match expired {
            true => Err(FileError::NoKey),
            false => Ok(found),
        }
    }

    /// Calls `look` with one directory, on the threads of each root on the path to it.
    async fn look_in<T: Send + 'static>(
        &self,
        location: Location,
        look: &Arc<impl Fn(&OpenDirectory) -> Result<T, FileError> + Send + Sync + 'static>,
    ) -> Result<T, FileError> {
        let path = Path::new(&format!("{}/", location.root)).join(&location.path);
        let (mut root, mut remaining) = (location.root, Remaining::new(Path::new(&location.path)));
        loop {
            let disk = self.disks.of(&root).ok_or(FileError::NotFound)?;
            let (roots, look, location, on) = (self.roots.clone(), look.clone(), path.clone(), disk.clone());
            let step = disk.run(move || {
                let root = open_root(root)?;
                match beneath::open_directory(&root, roots.paths(), remaining)? {
                    Opened::Directory(handle) => {
                        let directory = OpenDirectory::new(handle, location, on);
                        look(&directory).map(Step::Found)
                    }
                    Opened::OtherRoot(root, remaining) => Ok(Step::OtherRoot(root, remaining)),
                }
            });
            match step.await?? {
                Step::Found(found) => return Ok(found),
                Step::OtherRoot(next, rest) => (root, remaining) = (next, rest),
            }
        }
    }
}

/// The result of a walk through one root.
enum Step<T> {
    Found(T),
    /// A link leads to another root.
    OtherRoot(String, Remaining),
}

/// Opens a root each time, because it may be mounted late or again.
fn open_root(path: String) -> Result<Root, FileError> {
    match beneath::root(&path) {
        Ok(handle) => Ok(Root { path, handle }),
        Err(error) => {
            tracing::warn!(%path, %error, "a users' root can't be opened");
            match FileError::from(error) {
                FileError::Unavailable(error) => Err(FileError::Unavailable(error)),
                _ => Err(FileError::NotFound),
            }
        }
    }
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shelf")
            .field("roots", &self.roots)
            .field("alternates", &self.alternates)
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
