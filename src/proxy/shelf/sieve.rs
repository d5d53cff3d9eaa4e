//! Pure: keeps a few of very many names.

use super::FileError;
use std::ffi::{OsStr, OsString};

/// Names that were kept so far.
#[derive(Debug)]
pub(super) struct Sieve {
    most: usize,
    longest: usize,
    seen: usize,
    kept: Vec<OsString>,
}

impl Sieve {
    /// Keeps `most` names and one more, of a directory of at most `longest`.
    pub(super) fn new(most: usize, longest: usize) -> Self {
        Self {
            most,
            longest,
            seen: 0,
            kept: Vec::new(),
        }
    }

    /// Looks at a name, and says whether to go on.
    pub(super) fn look(&mut self, name: &OsStr, is_wanted: bool) -> bool {
        self.seen += 1;
        if is_wanted {
            self.kept.push(name.to_owned());
        }
        self.kept.len() <= self.most && self.seen <= self.longest
    }

    /// What was kept.
    ///
    /// # Errors
    /// [`FileError::TooLarge`] when the directory has more names than may be looked at.
    pub(super) fn end(self) -> Result<Vec<OsString>, FileError> {
        match self.seen > self.longest {
            true => Err(FileError::TooLarge(self.longest)),
            false => Ok(self.kept),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// How many of `names` are looked at, and how many are kept, where every `nth` is wanted.
    fn sift(names: usize, nth: usize, most: usize, longest: usize) -> (usize, Result<usize, FileError>) {
        let mut sieve = Sieve::new(most, longest);
        let looked = (1..=names)
            .find(|number| !sieve.look(OsStr::new("a.png"), number.is_multiple_of(nth)))
            .unwrap_or(names);
        (looked, sieve.end().map(|kept| kept.len()))
    }

    #[test]
    fn a_directory_may_have_so_many_names_and_no_more() {
        assert!(matches!(sift(10, 5, 3, 10), (10, Ok(2))));
        assert!(matches!(sift(11, 5, 3, 10), (11, Err(FileError::TooLarge(10)))));
        assert!(matches!(
            sift(1_000_000, 1_000_001, 3, 10),
            (11, Err(FileError::TooLarge(10)))
        ));
    }

    #[test]
    fn one_name_more_than_wanted_is_enough_to_know() {
        assert!(matches!(sift(100, 2, 3, 1000), (8, Ok(4))));
    }
}
