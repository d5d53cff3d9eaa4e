//! Files of users' roots, which are closed by the threads of their disk, and the disks of all roots.

use super::Disk;
use std::fs::File;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

/// A file of a users' root. The root's threads close it.
#[derive(Debug)]
pub struct DiskFile {
    /// None only while it is dropped.
    file: Option<File>,
    disk: Arc<Disk>,
}

impl DiskFile {
    /// `file`, which is on `disk`.
    #[must_use]
    pub fn new(file: File, disk: Arc<Disk>) -> Self {
        Self {
            file: Some(file),
            disk,
        }
    }

    /// Where it is.
    #[must_use]
    pub fn disk(&self) -> &Arc<Disk> {
        &self.disk
    }
}

impl Deref for DiskFile {
    type Target = File;

    #[expect(clippy::expect_used, reason = "only its drop takes the file away")]
    fn deref(&self) -> &File {
        self.file.as_ref().expect("a file until it is dropped")
    }
}

impl Drop for DiskFile {
    fn drop(&mut self) {
        if let Some(file) = self.file.take() {
            self.disk.close(file);
        }
    }
}

/// All roots' disks, in the order of the configuration.
#[derive(Debug, Clone)]
pub struct Disks(Arc<[Arc<Disk>]>);

impl Disks {
    /// One for each of `paths`.
    #[must_use]
    pub fn new(paths: &[String], threads: usize, deadline: Duration) -> Self {
        let mut disks: Vec<Arc<Disk>> = Vec::new();
        for path in paths {
            if !disks.iter().any(|disk| disk.path == *path) {
                disks.push(Disk::new(disks.len() + 1, path.clone(), threads, deadline));
            }
        }
        Self(disks.into())
    }

    /// That of the root at `path`.
    #[must_use]
    pub fn of(&self, path: &str) -> Option<&Arc<Disk>> {
        self.0.iter().find(|disk| disk.path == path)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Disk>> {
        self.0.iter()
    }
}
