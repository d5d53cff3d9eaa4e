#![allow(clippy::unwrap_used)]
use super::*;

fn at(root: &str, path: &str) -> Location {
    Location {
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
fn the_own_root_comes_first_and_then_the_alternates_in_order() {
    let roots = Roots::new(vec!["/users".into(), "/users/staff".into()]).unwrap();
    let alternates = [
        alternate("/users/", "/archive/./users"),
        alternate("/users/alice", "/cold"),
        alternate("/retired", "/archive/retired"),
    ];
    let found = |directory| locations(&roots, &alternates, directory);
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
