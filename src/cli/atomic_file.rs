//! A file that gets its final name when it is complete.

use beamlive_client::Failure;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A file that is being written under a temporary name in the same directory. It is removed when it
/// is dropped before it is published.
pub(super) struct AtomicFile {
    path: PathBuf,
    part: PathBuf,
    published: bool,
}

impl AtomicFile {
    /// Creates the file, which only its owner may read.
    pub(super) fn create(path: &Path) -> Result<(Self, File), Failure> {
        let name = path
            .file_name()
            .ok_or_else(|| format!("{} names no file", path.display()))?;
        let mut part = name.to_owned();
        part.push(format!(".part-{}", std::process::id()));
        let part = path.with_file_name(part);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&part)
            .map_err(|error| format!("can't write {}: {error}", part.display()))?;
        let created = Self {
            path: path.to_owned(),
            part,
            published: false,
        };
        Ok((created, file))
    }

    /// Gives the file its name, durably.
    pub(super) fn publish(mut self, file: &File) -> Result<(), Failure> {
        self.rename(file)
            .map_err(|error| format!("can't write {}: {error}", self.path.display()))?;
        Ok(())
    }

    fn rename(&mut self, file: &File) -> io::Result<()> {
        file.sync_all()?;
        fs::rename(&self.part, &self.path)?;
        self.published = true;
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if !self.published {
            // If this fails, the temporary name shows that the file is incomplete.
            let _ = fs::remove_file(&self.part);
        }
    }
}
