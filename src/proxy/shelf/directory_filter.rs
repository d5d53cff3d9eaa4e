//! Pure: selects a few names from a large directory.

use super::error::FileError;
use std::ffi::{OsStr, OsString};

/// The names selected so far.
#[derive(Debug)]
pub(super) struct DirectoryFilter {
    most: usize,
    longest: usize,
    seen: usize,
    selected: Vec<OsString>,
}

impl DirectoryFilter {
    /// Selects up to `most` names and one more, from a directory of at most `longest` names.
    pub(super) fn new(most: usize, longest: usize) -> Self {
        Self {
            most,
            longest,
            seen: 0,
            selected: Vec::new(),
        }
    }

    /// Adds a name if it is wanted. Returns whether to continue.
    pub(super) fn add(&mut self, name: &OsStr, is_wanted: bool) -> bool {
        self.seen += 1;
        if is_wanted {
            self.selected.push(name.to_owned());
        }
        self.selected.len() <= self.most && self.seen <= self.longest
    }

    /// The selected names.
    ///
    /// # Errors
    /// [`FileError::TooLarge`] if the directory has more than `longest` names.
    pub(super) fn finish(self) -> Result<Vec<OsString>, FileError> {
        match self.seen > self.longest {
            true => Err(FileError::TooLarge(self.longest)),
            false => Ok(self.selected),
        }
    }
}

#[cfg(test)]
mod tests;
