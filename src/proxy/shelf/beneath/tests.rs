#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
use super::*;
use rstest::rstest;
use std::fs;
use std::io::Read;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

type Opening = fn(BorrowedFd<'_>, &Path, OFlags) -> io::Result<OwnedFd>;

fn kernel(directory: BorrowedFd<'_>, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
    Ok(by_kernel(directory, path, flags)?)
}

/// `inside/` with files and links, and `outside/secret` beside it.
fn tree() -> TempDir {
    let tree = TempDir::new().unwrap();
    let at = |path: &str| tree.path().join(path);
    fs::create_dir_all(at("inside/sub/deep")).unwrap();
    fs::create_dir(at("outside")).unwrap();
    fs::write(at("outside/secret"), "secret").unwrap();
    fs::write(at("inside/file"), "file").unwrap();
    fs::write(at("inside/sub/other"), "other").unwrap();
    for (link, target) in [
        ("inside/to-file", "file"),
        ("inside/to-sub", "sub"),
        ("inside/sub/back", "../file"),
        ("inside/sub/deep/way", "../../to-sub/./other"),
        ("inside/twice", "to-sub/back"),
        ("inside/up", "../outside/secret"),
        ("inside/parent", ".."),
        ("inside/here", "."),
        ("inside/sub/far", "../../outside/secret"),
        ("inside/detour", "../inside/file"),
        ("inside/loop", "loop"),
        ("inside/dangling", "nothing"),
        ("inside/proc", "/proc/self/root"),
    ] {
        symlink(target, at(link)).unwrap();
    }
    symlink(at("outside/secret"), at("inside/absolute")).unwrap();
    symlink(at("inside/file"), at("inside/absolute-inside")).unwrap();
    symlink(at("outside"), at("inside/sub/absolute-directory")).unwrap();
    tree
}

fn contents(handle: OwnedFd) -> String {
    let mut text = String::new();
    fs::File::from(handle).read_to_string(&mut text).unwrap();
    text
}

#[rstest]
#[case::kernel(kernel)]
#[case::by_hand(by_hand)]
fn no_path_leads_out(#[case] open: Opening) {
    let tree = tree();
    let inside = root(tree.path().join("inside").to_str().unwrap()).unwrap();
    for (path, expected) in [
        ("file", Ok("file")),
        ("sub/other", Ok("other")),
        ("to-file", Ok("file")),
        ("to-sub/other", Ok("other")),
        ("sub/back", Ok("file")),
        ("sub/deep/way", Ok("other")),
        ("twice", Ok("file")),
        ("here/here/file", Ok("file")),
        ("sub/../file", Ok("file")),
        ("up", Err(Errno::XDEV)),
        ("sub/far", Err(Errno::XDEV)),
        ("parent/outside/secret", Err(Errno::XDEV)),
        ("parent/inside/file", Err(Errno::XDEV)),
        ("detour", Err(Errno::XDEV)),
        ("absolute", Err(Errno::XDEV)),
        ("absolute-inside", Err(Errno::XDEV)),
        ("sub/absolute-directory/secret", Err(Errno::XDEV)),
        ("proc/etc/passwd", Err(Errno::XDEV)),
        ("../outside/secret", Err(Errno::XDEV)),
        ("sub/../../outside/secret", Err(Errno::XDEV)),
        ("..", Err(Errno::XDEV)),
        ("loop", Err(Errno::LOOP)),
        ("dangling", Err(Errno::NOENT)),
        ("nothing", Err(Errno::NOENT)),
        ("file/x", Err(Errno::NOTDIR)),
    ] {
        let opened = open(inside.as_fd(), Path::new(path), TO_READ);
        let found = opened
            .map(contents)
            .map_err(|error| Errno::from_io_error(&error).unwrap());
        assert_eq!(found, expected.map(str::to_owned), "{path}");
    }
}

/// The directory at `path` beneath the first of `roots`, also through other roots.
fn go(roots: &[String], path: &str) -> io::Result<OwnedFd> {
    let (mut from, mut remaining) = (roots[0].clone(), Remaining::new(Path::new(path)));
    loop {
        let handle = root(&from).unwrap();
        match open_directory(&Root { path: from, handle }, roots, remaining)? {
            Opened::Directory(directory) => return Ok(directory),
            Opened::OtherRoot(root, rest) => (from, remaining) = (root, rest),
        }
    }
}

#[rstest]
#[case::kernel(kernel)]
#[case::by_hand(by_hand)]
fn no_path_leads_out_while_links_change(#[case] open: Opening) {
    let tree = tree();
    let at = |path: &str| tree.path().join(path);
    fs::create_dir(at("inside/target")).unwrap();
    fs::write(at("inside/target/secret"), "harmless").unwrap();
    symlink(at("outside"), at("inside/link")).unwrap();
    symlink("../outside", at("inside/relative")).unwrap();
    let inside = root(at("inside").to_str().unwrap()).unwrap();
    let over = AtomicBool::new(false);
    let mut seen = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                for link in ["inside/link", "inside/relative"] {
                    fs::rename(at("inside/target"), at("inside/aside")).unwrap();
                    fs::rename(at(link), at("inside/target")).unwrap();
                    fs::rename(at("inside/target"), at(link)).unwrap();
                    fs::rename(at("inside/aside"), at("inside/target")).unwrap();
                }
            }
        });
        // The swapping thread may be suspended while neither name exists.
        for round in 0..1_000_000 {
            if round > 3_000 && seen > 1_000 {
                break;
            }
            for path in ["target/secret", "sub/../target/secret", "here/target/secret"] {
                if let Ok(handle) = open(inside.as_fd(), Path::new(path), TO_READ) {
                    assert_eq!(contents(handle), "harmless");
                    seen += 1;
                }
            }
        }
        over.store(true, Ordering::Relaxed);
    });
    assert!(seen > 100, "only {seen} were opened at all");
}

#[test]
fn links_on_the_path_to_a_directory_lead_only_to_the_roots() {
    let tree = tree();
    let path = |name: &str| tree.path().join(name).to_str().unwrap().to_owned();
    fs::create_dir_all(tree.path().join("second/kept")).unwrap();
    symlink(path("second/kept"), tree.path().join("inside/moved")).unwrap();
    symlink(path("second"), tree.path().join("inside/to-root")).unwrap();
    symlink(
        format!("{}/../outside", path("second")),
        tree.path().join("inside/tricky"),
    )
    .unwrap();
    symlink(format!("{}x", path("second")), tree.path().join("inside/similar")).unwrap();
    let roots = [path("inside"), path("second")];
    for (directory, expected) in [
        ("sub/deep", Ok(())),
        ("to-sub/deep", Ok(())),
        ("moved", Ok(())),
        ("to-root/kept", Ok(())),
        ("", Ok(())),
        ("to-root", Err(Errno::XDEV)),
        ("here", Err(Errno::XDEV)),
        ("sub/..", Err(Errno::XDEV)),
        ("tricky", Err(Errno::XDEV)),
        ("similar", Err(Errno::XDEV)),
        ("parent/outside", Err(Errno::XDEV)),
        ("sub/absolute-directory", Err(Errno::XDEV)),
        ("proc", Err(Errno::XDEV)),
        ("loop", Err(Errno::LOOP)),
        ("file", Err(Errno::NOTDIR)),
        ("to-file", Err(Errno::NOTDIR)),
        ("nothing", Err(Errno::NOENT)),
    ] {
        let opened = go(&roots, directory);
        let found = opened
            .map(drop)
            .map_err(|error| Errno::from_io_error(&error).unwrap());
        assert_eq!(found, expected, "{directory}");
    }
}

/// Needs the right to change owners, which tests have in continuous integration.
#[test]
fn links_of_other_owners_are_not_followed() {
    let tree = tree();
    let [alice, bob] = [4001, 4002];
    let own = |path: &str, owner| std::os::unix::fs::lchown(tree.path().join(path), Some(owner), None);
    if own("inside/to-sub", alice).is_err() {
        return;
    }
    let path = tree.path().join("inside").to_str().unwrap().to_owned();
    let roots = [path];
    let open = || go(&roots, "to-sub").map(drop);
    own("inside/sub", bob).unwrap();
    assert_eq!(open().unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    own("inside/sub", alice).unwrap();
    open().unwrap();
    own("inside/sub", bob).unwrap();
    own("inside/to-sub", 0).unwrap();
    open().unwrap();
}

#[test]
fn only_files_and_directories_are_opened_by_name() {
    let tree = tree();
    let inside = root(tree.path().join("inside").to_str().unwrap()).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(tree.path().join("inside/socket")).unwrap();
    for name in ["to-file", "to-sub", "up", "socket", "loop"] {
        assert!(open_entry(&inside, OsStr::new(name)).unwrap().is_none(), "{name}");
    }
    for name in ["file", "sub"] {
        assert!(open_entry(&inside, OsStr::new(name)).unwrap().is_some(), "{name}");
    }
}
