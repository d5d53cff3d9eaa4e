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
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// How many of `names` are read, and how many are selected, if every `nth` is wanted.
    fn filter(names: usize, nth: usize, most: usize, longest: usize) -> (usize, Result<usize, FileError>) {
        let mut filter = DirectoryFilter::new(most, longest);
        let read = (1..=names)
            .find(|number| !filter.add(OsStr::new("a.png"), number.is_multiple_of(nth)))
            .unwrap_or(names);
        (read, filter.finish().map(|selected| selected.len()))
    }

    #[test]
    fn a_directory_may_have_so_many_names_and_no_more() {
        assert!(matches!(filter(10, 5, 3, 10), (10, Ok(2))));
        assert!(matches!(filter(11, 5, 3, 10), (11, Err(FileError::TooLarge(10)))));
        assert!(matches!(
            filter(1_000_000, 1_000_001, 3, 10),
            (11, Err(FileError::TooLarge(10)))
        ));
    }

    #[test]
    fn it_stops_after_one_name_too_many() {
        assert!(matches!(filter(100, 2, 3, 1000), (8, Ok(4))));
    }
}
