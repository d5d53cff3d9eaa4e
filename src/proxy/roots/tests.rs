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
fn directories_inside_a_root_are_normalized(#[case] directory: &str, #[case] expected: &str) {
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
fn directories_outside_are_refused(#[case] directory: &str) {
    assert_eq!(roots().resolve(directory), Err(OutsideRoots::Elsewhere));
}

#[test]
fn impossible_paths_are_refused() {
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
    fn resolved_paths_are_inside_a_root_and_stable(directory in r"[/.a\x00é]{0,40}|\PC{0,40}") {
        if let Ok(path) = roots().resolve(&directory) {
            prop_assert!(path.starts_with("/users/") || path.starts_with("/data/staff/"));
            prop_assert!(!path.split('/').any(|name| name == ".." || name == "."));
            prop_assert_eq!(roots().resolve(&path), Ok(path.clone()));
        }
    }
}
