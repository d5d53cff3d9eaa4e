//! Pure: which directories the built-in Data Proxy may serve.

use std::path::PathBuf;
use thiserror::Error;

/// Bytes of a path, as the operating system limits them.
const LONGEST: usize = 4096;

/// The users' roots, at least one, absolute and normal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roots {
    /// Each ends without a slash; the file system's root is `""`.
    roots: Vec<String>,
}

/// Why a directory is not served. It says nothing of what exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum OutsideRoots {
    /// In none of the roots, or a root itself.
    #[error("the directory is in no users' root")]
    Elsewhere,
    /// No directory can have this name.
    #[error("the directory is empty, has a null byte, or is longer than 4096 bytes")]
    NoPath,
}

/// Why there are no roots.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadRoots {
    /// Relative directories would have nowhere to start.
    #[error("there is no users' root")]
    None,
    /// Not absolute, or not UTF-8.
    #[error("the users' root {0:?} is not an absolute path in UTF-8")]
    Unusable(PathBuf),
}

impl Roots {
    /// Roots by their absolute paths; relative directories start at the first.
    ///
    /// # Errors
    /// [`BadRoots`] when there is none, or one is not an absolute path.
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

    /// The absolute, normal path of `directory`, which is inside a root, and is not a root itself: that would open the
    /// directories of all users at once. `.`, `..` and doubled slashes are resolved by the text alone; symbolic links
    /// are the business of whoever opens the directory.
    ///
    /// # Errors
    /// [`OutsideRoots`] when there is no such path.
    pub fn resolve(&self, directory: &str) -> Result<String, OutsideRoots> {
        let path = self.absolute(directory).ok_or(OutsideRoots::NoPath)?;
        let inside = |root: &String| {
            path.strip_prefix(root.as_str())
                .is_some_and(|rest| rest.starts_with('/'))
        };
        match self.roots.iter().any(inside) {
            true => Ok(path),
            false => Err(OutsideRoots::Elsewhere),
        }
    }

    /// The absolute, normal path of `directory`, wherever it is; none when no directory can be called that.
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

    /// Each ends without a slash; the file system's root is `""`.
    #[must_use]
    pub fn paths(&self) -> &[String] {
        &self.roots
    }
}

/// Resolves `.`, `..` and doubled slashes of an absolute path; what is above the file system's root is the root.
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
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn roots() -> Roots {
        Roots::new(vec!["/users/".into(), "/data/./staff".into()]).unwrap()
    }

    #[rstest]
    #[case("/users/alice/sess-1", "/users/alice/sess-1")]
    #[case("alice/sess-1/", "/users/alice/sess-1")]
    #[case("./alice", "/users/alice")]
    #[case("//users//alice/./x/../y", "/users/alice/y")]
    #[case("/data/staff/test", "/data/staff/test")]
    #[case("/users/..hidden", "/users/..hidden")]
    #[case("/users/alice\n", "/users/alice\n")]
    fn directories_inside_a_root_are_made_normal(#[case] directory: &str, #[case] expected: &str) {
        assert_eq!(roots().resolve(directory).as_deref(), Ok(expected));
    }

    #[rstest]
    #[case::elsewhere("/etc/passwd")]
    #[case::same_beginning("/users2/alice")]
    #[case::root_itself("/users")]
    #[case::root_itself_by_detour("alice/..")]
    #[case::dot(".")]
    #[case::upwards("../etc")]
    #[case::far_upwards("../../../../../../etc")]
    #[case::upwards_inside("/users/alice/../../etc")]
    #[case::parent_of_a_root("/data")]
    #[case::beside_a_root("/data/other")]
    #[case::file_systems_root("/")]
    fn all_else_is_refused(#[case] directory: &str) {
        assert_eq!(roots().resolve(directory), Err(OutsideRoots::Elsewhere));
    }

    #[test]
    fn what_no_directory_can_be_called_is_refused() {
        for directory in [
            "",
            "/users/a\0b",
            &"a/".repeat(2049),
            &format!("{}b", "a/".repeat(2046)),
        ] {
            assert_eq!(
                roots().resolve(directory),
                Err(OutsideRoots::NoPath),
                "{}",
                directory.len()
            );
        }
    }

    #[test]
    fn the_whole_file_system_can_be_the_root() {
        let all = Roots::new(vec!["/".into()]).unwrap();
        assert_eq!(all.resolve("/etc").as_deref(), Ok("/etc"));
        assert_eq!(all.resolve("etc").as_deref(), Ok("/etc"));
        assert_eq!(all.resolve("/"), Err(OutsideRoots::Elsewhere));
    }

    #[test]
    fn roots_must_be_absolute() {
        assert_eq!(Roots::new(Vec::new()), Err(BadRoots::None));
        assert_eq!(
            Roots::new(vec!["users".into()]),
            Err(BadRoots::Unusable("users".into()))
        );
    }

    proptest! {
        #[test]
        fn whatever_is_sent_the_result_is_inside_and_stays_the_same(directory in r"[/.a\x00é]{0,40}|\PC{0,40}") {
            if let Ok(path) = roots().resolve(&directory) {
                prop_assert!(path.starts_with("/users/") || path.starts_with("/data/staff/"));
                prop_assert!(!path.split('/').any(|name| name == ".." || name == "."));
                prop_assert_eq!(roots().resolve(&path), Ok(path.clone()));
            }
        }
    }
}
