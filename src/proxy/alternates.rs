//! Pure: where directories may have moved to, as archives do that.

use super::roots::{normal, Roots};
pub use crate::config::Alternate;

/// Where to look for a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The root or the alternate's directory that it is opened from: an absolute, normal path.
    pub root: String,
    /// The way from there, without a slash at its beginning; empty for the alternate's directory itself.
    pub path: String,
}

impl Alternate {
    /// Where `directory`, absolute and normal, may have moved to.
    fn place(&self, directory: &str) -> Option<Place> {
        let (from, to) = (normal(&self.from), normal(&self.to));
        let rest = directory.strip_prefix(&from)?;
        let path = match rest.strip_prefix('/') {
            Some(path) => path,
            None if rest.is_empty() => "",
            None => return None,
        };
        Some(Place {
            root: to,
            path: path.to_owned(),
        })
    }
}

/// Where to look for a directory, first its own place; nowhere when it is neither in a root nor has an alternate.
#[must_use]
pub fn places(roots: &Roots, alternates: &[Alternate], directory: &str) -> Vec<Place> {
    let own = roots.resolve(directory).ok().and_then(|path| {
        let inside = |root: &&String| {
            path.strip_prefix(root.as_str())
                .is_some_and(|rest| rest.starts_with('/'))
        };
        // The innermost: a root within a root may be a link of the operator's.
        let root = roots
            .paths()
            .iter()
            .filter(inside)
            .max_by_key(|root| root.len())?;
        Some(Place {
            root: root.clone(),
            path: path.get(root.len() + 1..)?.to_owned(),
        })
    });
    let absolute = roots.absolute(directory);
    let moved = alternates
        .iter()
        .filter_map(|alternate| alternate.place(absolute.as_deref()?));
    own.into_iter().chain(moved).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn at(root: &str, path: &str) -> Place {
        Place {
            root: root.to_owned(),
            path: path.to_owned(),
        }
    }

    fn alternate(from: &str, to: &str) -> Alternate {
        Alternate {
            from: from.to_owned(),
            to: to.to_owned(),
        }
    }

    #[test]
    fn its_own_place_comes_first_then_the_alternates_in_their_order() {
        let roots = Roots::new(vec!["/users".into(), "/users/staff".into()]).unwrap();
        let alternates = [
            alternate("/users/", "/archive/./users"),
            alternate("/users/alice", "/cold"),
            alternate("/retired", "/archive/retired"),
        ];
        let found = |directory| places(&roots, &alternates, directory);
        let expected = [
            at("/users", "alice/day"),
            at("/archive/users", "alice/day"),
            at("/cold", "day"),
        ];
        assert_eq!(found("/users/alice/day"), expected);
        assert_eq!(found("alice/day"), expected);
        assert_eq!(
            found("/users/alice"),
            [
                at("/users", "alice"),
                at("/archive/users", "alice"),
                at("/cold", "")
            ]
        );
        assert_eq!(found("/users/staff/x").first(), Some(&at("/users/staff", "x")));
        assert_eq!(
            found("/users/alicex"),
            [at("/users", "alicex"), at("/archive/users", "alicex")]
        );
        assert_eq!(found("/retired/x/y"), [at("/archive/retired", "x/y")]);
        for nowhere in [
            "/etc",
            "/usersx/a",
            "/users/../etc",
            "/retired/../etc",
            "/retiredx",
            "",
            "/a\0",
            "/users/alice/../..",
        ] {
            assert_eq!(found(nowhere), [], "{nowhere:?}");
        }
    }
}
