//! Pure: which directories the built-in Data Proxy may serve.

use std::path::PathBuf;
use thiserror::Error;

/// The limit of the operating system on a path, in bytes.
const LONGEST: usize = 4096;

/// The users' roots: at least one, absolute and normalized.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roots {
    /// Without slashes at the end; the root of the file system is `""`.
    roots: Vec<String>,
}

/// Why a directory is not served. It does not depend on what exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum OutsideRoots {
    /// In none of the roots, or a root itself.
    #[error("the directory is in no users' root")]
    Elsewhere,
    /// Not a possible path of a directory.
    #[error("the directory is empty, has a null byte, or is longer than 4096 bytes")]
    NoPath,
}

/// Why the roots are refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadRoots {
    /// There is none, so relative directories have no base.
    #[error("there is no users' root")]
    None,
    /// Not absolute, or not UTF-8.
    #[error("the users' root {0:?} is not an absolute path in UTF-8")]
    Unusable(PathBuf),
}

impl Roots {
    /// Roots by their absolute paths. The first is the base of relative directories.
    ///
    /// # Errors
    /// [`BadRoots`] if there is none, or one is not an absolute path.
    pub fn new(roots: Vec<PathBuf>) -> Result<Self, BadRoots> {
        if roots.is_empty() {
            return Err(BadRoots::None);
        }
        let roots = roots.into_iter().map(|root| match root.to_str() {
            Some(path) if path.starts_with('/') => Ok(normal(path)),
            _ => Err(BadRoots::Unusable(root)),
        });
        Ok(Self {
            roots: roots.collect::<Result<_, _>>()?,
        })
    }

    /// The absolute, normalized path of `directory`, which must be inside a root. It can't be a
    /// root, which would give access to the directories of all users. Only the text is resolved:
    /// symbolic links are checked when the directory is opened.
    ///
    /// # Errors
    /// [`OutsideRoots`] if it is not inside a root.
    pub fn resolve(&self, directory: &str) -> Result<String, OutsideRoots> {
        let path = self.absolute(directory).ok_or(OutsideRoots::NoPath)?;
        match self.innermost(&path) {
            Some(_) => Ok(path),
            None => Err(OutsideRoots::Elsewhere),
        }
    }

    /// Splits an absolute, normalized path into the innermost root that it is inside, and the rest.
    /// A root within a root may be a link made by the operator.
    pub(super) fn innermost<'a>(&'a self, path: &'a str) -> Option<(&'a str, &'a str)> {
        let split = |root: &'a String| {
            Some((
                root.as_str(),
                path.strip_prefix(root.as_str())?.strip_prefix('/')?,
            ))
        };
        self.roots
            .iter()
            .filter_map(split)
            .max_by_key(|(root, _)| root.len())
    }

    /// The absolute, normalized path of `directory`, inside a root or not; `None` if it is not a
    /// possible path.
    pub(super) fn absolute(&self, directory: &str) -> Option<String> {
        if directory.is_empty() || directory.len() > LONGEST || directory.contains('\0') {
            return None;
        }
        let path = match (directory.starts_with('/'), self.roots.first()) {
            (false, Some(first)) => normal(&format!("{first}/{directory}")),
            _ => normal(directory),
        };
        (path.len() <= LONGEST).then_some(path)
    }

    /// Without slashes at the end; the root of the file system is `""`.
    #[must_use]
    pub fn paths(&self) -> &[String] {
        &self.roots
    }
}

/// Resolves `.`, `..` and repeated slashes in an absolute path.
pub(super) fn normal(path: &str) -> String {
    let mut names = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                names.pop();
            }
            name => names.push(name),
        }
    }
    names
        .iter()
        .fold(String::with_capacity(path.len()), |path, name| path + "/" + name)
}

#[cfg(test)]
mod tests;
