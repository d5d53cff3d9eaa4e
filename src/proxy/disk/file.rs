//! Open files of users' roots, and the disks of all roots.

use super::operation::next_step;
use super::threads::Disk;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

/// An open file of a users' root. The threads of the root close it.
#[derive(Debug)]
pub struct DiskFile {
    /// `None` only while it is dropped.
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

    /// The disk that it is on.
    #[must_use]
    pub fn disk(&self) -> &Arc<Disk> {
        &self.disk
    }
}

impl Deref for DiskFile {
    type Target = File;

    #[expect(clippy::expect_used, reason = "only drop takes the file")]
    fn deref(&self) -> &File {
        self.file.as_ref().expect("the file is there until it is dropped")
    }
}

/// Each read is a step of its own.
impl Read for &DiskFile {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        next_step();
        let mut file: &File = self;
        file.read(into)
    }
}

impl Drop for DiskFile {
    fn drop(&mut self) {
        if let Some(file) = self.file.take() {
            self.disk.close(file);
        }
    }
}

/// The disks of all roots, in the order of the configuration.
#[derive(Debug, Clone)]
pub struct Disks(Arc<[Arc<Disk>]>);

impl Disks {
    /// One for each of `paths`.
    #[must_use]
    pub fn new(paths: &[String], threads: usize, deadline: Duration) -> Self {
        let mut disks: Vec<Arc<Disk>> = Vec::new();
        for path in paths {
            if !disks.iter().any(|disk| disk.is_at(path)) {
                disks.push(Disk::new(disks.len() + 1, path.clone(), threads, deadline));
            }
        }
        Self(disks.into())
    }

    /// The disk of the root at `path`, which has no slash at its end.
    #[must_use]
    pub fn of(&self, path: &str) -> Option<&Arc<Disk>> {
        self.0.iter().find(|disk| disk.is_at(path))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Disk>> {
        self.0.iter()
    }
}
