//! When changed files are read. Certificate and key are two files, so they are read when nothing
//! has changed since the last look: then whoever replaces them has replaced both.

use crate::config::TlsFiles;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What distinguishes a file from the one that was there before. `None` when there is none.
type Print = Option<(u64, u64, u64, i64, i64)>;
/// Those of all files.
pub(super) type Prints = [Print; 3];

/// The files as they are now. Links are followed.
pub(super) fn prints(files: &TlsFiles) -> Prints {
    let print = |path: &Path| {
        let of = fs::metadata(path).ok()?;
        Some((of.dev(), of.ino(), of.size(), of.mtime(), of.mtime_nsec()))
    };
    let client_ca = files.client_ca.as_deref().and_then(print);
    [print(&files.certificate), print(&files.key), client_ca]
}

/// What was seen of the files.
#[derive(Debug)]
pub(super) struct Changes {
    /// When they were last read.
    read: Prints,
    /// At the last look, if that was something else.
    seen: Option<Prints>,
}

impl Changes {
    /// The files were just read.
    pub(super) fn since(read: Prints) -> Self {
        Self { read, seen: None }
    }

    /// Whether the files, which are `now` like this, are to be read.
    pub(super) fn are_complete(&mut self, now: Prints) -> bool {
        if now == self.read {
            self.seen = None;
            return false;
        }
        let complete = self.seen == Some(now);
        self.seen = (!complete).then_some(now);
        if complete {
            self.read = now;
        }
        complete
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn print(number: i64) -> Print {
        Some((1, 1, 1, number, 0))
    }

    #[test]
    fn files_are_read_once_when_all_of_them_are_there() {
        let before = [print(1), print(1), None];
        let half = [print(2), print(1), None];
        let whole = [print(2), print(2), None];
        let mut changes = Changes::since(before);
        let mut looks = |now| changes.are_complete(now);
        assert!(!looks(before) && !looks(before));
        assert!(!looks(half));
        assert!(!looks(whole));
        assert!(looks(whole));
        assert!(!looks(whole) && !looks(whole));
        // A change that is taken back is none.
        assert!(!looks(before) && !looks(whole) && !looks(whole));
        let gone = [None, print(2), None];
        assert!(!looks(gone) && looks(gone));
    }
}
