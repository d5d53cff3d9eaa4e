//! Pure: where directories may have been moved, for example to an archive.

use super::roots::{normal, Roots};
pub use crate::config::Alternate;

/// Where a directory may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The root or the `to` of an alternate: an absolute, normalized path.
    pub root: String,
    /// The path from there, without a slash at its beginning; empty for the root itself.
    pub path: String,
}

impl Alternate {
    /// Where `directory`, absolute and normalized, may have been moved.
    fn location(&self, directory: &str) -> Option<Location> {
        let (from, to) = (normal(&self.from), normal(&self.to));
        let rest = directory.strip_prefix(&from)?;
        let path = match rest.strip_prefix('/') {
            Some(path) => path,
            None if rest.is_empty() => "",
            None => return None,
        };
        Some(Location {
            root: to,
            path: path.to_owned(),
        })
    }
}

/// Where a directory may be: in its root, then in its alternates. Empty if there are neither.
#[must_use]
pub fn locations(roots: &Roots, alternates: &[Alternate], directory: &str) -> Vec<Location> {
    let Some(path) = roots.absolute(directory) else {
        return Vec::new();
    };
    let own = roots.innermost(&path).map(|(root, rest)| Location {
        root: root.to_owned(),
        path: rest.to_owned(),
    });
    let moved = alternates
        .iter()
        .filter_map(|alternate| alternate.location(&path));
    own.into_iter().chain(moved).collect()
}

#[cfg(test)]
mod tests;
