//! This file is the security boundary of the built-in Data Proxy. It opens paths beneath a
//! directory, relative to its handle, so that concurrent renames and links can't lead out of the
//! directory.
//!
//! Where the kernel has `openat2`, it enforces this itself. Otherwise the path is walked name by
//! name, each opened relative to the handle before it, and links are resolved here. By hand,
//! because no crate follows links between several roots and checks their owners.

use crate::proxy::disk::next_step;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{fstat, openat, openat2, readlinkat, FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

/// Most links in one path, as in Linux.
const MOST_LINKS: usize = 40;
/// Attempts with `openat2`, which fails when a rename interferes.
const ATTEMPTS: usize = 4;
/// To read a file or a directory. Nonblocking, so that a pipe without a writer opens at once and is
/// refused.
pub(super) const TO_READ: OFlags = OFlags::RDONLY
    .union(OFlags::CLOEXEC)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY);
/// To walk through a directory.
const TO_WALK: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);

/// A users' root. Absolute links may lead to it.
#[derive(Debug)]
pub(super) struct Root {
    /// Without a slash at its end; the root of the file system is `""`.
    pub(super) path: String,
    pub(super) handle: OwnedFd,
}

/// Opens the users' root at `path`. Links in it are followed, because the operator has configured
/// it.
pub(super) fn root(path: &str) -> io::Result<OwnedFd> {
    let path = if path.is_empty() { "/" } else { path };
    Ok(rustix::fs::open(
        path,
        TO_WALK | OFlags::DIRECTORY,
        Mode::empty(),
    )?)
}

/// Opens `path` beneath `directory`. Links are followed if they stay beneath it.
///
/// # Errors
/// The operating system's; `EXDEV` if the path leads out.
pub(super) fn open(directory: &impl AsFd, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
    let directory = directory.as_fd();
    match by_kernel(directory, path, flags) {
        // Some sandboxes answer EPERM to system calls that they do not know.
        Err(Errno::NOSYS | Errno::PERM | Errno::AGAIN) => by_hand(directory, path, flags),
        opened => Ok(opened?),
    }
}

fn by_kernel(directory: BorrowedFd<'_>, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    let mut opened = Err(Errno::AGAIN);
    for _ in 0..ATTEMPTS {
        opened = openat2(directory, path, flags, Mode::empty(), resolve);
        if !matches!(opened, Err(Errno::AGAIN | Errno::INTR)) {
            break;
        }
    }
    opened
}

fn by_hand(directory: BorrowedFd<'_>, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
    let mut walk = Walk::new(directory, &[], Remaining::new(path));
    while let Some(name) = walk.remaining.names.pop() {
        if !walk.remaining.names.is_empty() {
            walk.enter(name)?;
            continue;
        }
        if name == ".." || name == "." {
            walk.enter(name)?;
            break;
        }
        match openat(
            walk.current(),
            name.as_os_str(),
            flags | OFlags::NOFOLLOW,
            Mode::empty(),
        ) {
            // The error for a link depends on the other flags.
            Err(Errno::LOOP | Errno::NOTDIR) => {
                let target =
                    readlinkat(walk.current(), name.as_os_str(), Vec::new()).map_err(
                        |error| match error {
                            Errno::INVAL => Errno::NOTDIR,
                            error => error,
                        },
                    )?;
                walk.follow(target.as_bytes())?;
            }
            opened => return Ok(opened?),
        }
    }
    // The last name was `.` or `..`, so the path leads to a directory on the way.
    Ok(openat(walk.current(), ".", flags, Mode::empty())?)
}

/// The result of a walk.
#[derive(Debug)]
pub(super) enum Opened {
    /// The directory.
    Directory(OwnedFd),
    /// A link leads to the root at this path. The walk continues there.
    OtherRoot(String, Remaining),
}

/// The rest of a path to a directory.
#[derive(Debug, Default)]
pub(super) struct Remaining {
    /// The path was empty from the start: it is the directory where it begins.
    was_empty: bool,
    /// The names, the next one last.
    names: Vec<OsString>,
    /// The owners of the links that were followed.
    owners: Vec<u32>,
    links: usize,
}

impl Remaining {
    pub(super) fn new(path: &Path) -> Self {
        let mut remaining = Self {
            was_empty: path.as_os_str().is_empty(),
            ..Self::default()
        };
        remaining.push(path.as_os_str().as_bytes());
        remaining
    }

    /// Adds the names of `path` in front.
    fn push(&mut self, path: &[u8]) {
        let names = path
            .split(|byte| *byte == b'/')
            .rev()
            .filter(|name| !name.is_empty());
        self.names
            .extend(names.map(|name| OsString::from_vec(name.to_vec())));
    }
}

/// Walks the rest of a path beneath `root`. Links are followed to any of `roots` if each belongs to
/// the superuser or to the owner of the final directory, so that no user can give access to a
/// directory of another. Other roots are not accessed here, but by their own threads.
///
/// # Errors
/// The operating system's; `EXDEV` if the path leads out, `EACCES` for a link of another owner.
pub(super) fn open_directory(root: &Root, roots: &[String], remaining: Remaining) -> io::Result<Opened> {
    let mut walk = Walk::new(root.handle.as_fd(), roots, remaining);
    while let Some(name) = walk.remaining.names.pop() {
        next_step();
        walk.enter(name)?;
        match walk.other_root.take() {
            Some(path) if path == root.path => {}
            Some(path) => return Ok(Opened::OtherRoot(path, walk.remaining)),
            None => {}
        }
    }
    // A key for a root would give access to the directories of all users.
    if walk.above.is_empty() && !walk.remaining.was_empty {
        return Err(Errno::XDEV.into());
    }
    let owner = fstat(walk.current())?.st_uid;
    if walk
        .remaining
        .owners
        .iter()
        .any(|of_link| *of_link != 0 && *of_link != owner)
    {
        return Err(Errno::ACCESS.into());
    }
    match walk.above.pop() {
        Some(directory) => Ok(Opened::Directory(directory)),
        None => Ok(Opened::Directory(walk.base.try_clone_to_owned()?)),
    }
}

/// A walk along a path.
struct Walk<'a> {
    base: BorrowedFd<'a>,
    roots: &'a [String],
    /// The directories between the base and the current one, the innermost last.
    above: Vec<OwnedFd>,
    remaining: Remaining,
    /// The root that the last link leads to. The walk continues from there.
    other_root: Option<String>,
}

impl<'a> Walk<'a> {
    fn new(base: BorrowedFd<'a>, roots: &'a [String], remaining: Remaining) -> Self {
        Self {
            base,
            roots,
            above: Vec::new(),
            remaining,
            other_root: None,
        }
    }

    fn current(&self) -> BorrowedFd<'_> {
        self.above.last().map_or(self.base, AsFd::as_fd)
    }

    /// Enters the directory `name`.
    fn enter(&mut self, name: OsString) -> io::Result<()> {
        if name == "." {
            return Ok(());
        }
        if name == ".." {
            return match self.above.pop() {
                Some(_) => Ok(()),
                None => Err(Errno::XDEV.into()),
            };
        }
        let entry = openat(
            self.current(),
            name.as_os_str(),
            TO_WALK | OFlags::NOFOLLOW,
            Mode::empty(),
        )?;
        let stat = fstat(&entry)?;
        match kind(&stat) {
            FileType::Directory => self.above.push(entry),
            FileType::Symlink => {
                self.remaining.owners.push(stat.st_uid);
                let target = readlinkat(&entry, "", Vec::new())?;
                self.follow(target.as_bytes())?;
            }
            _ => return Err(Errno::NOTDIR.into()),
        }
        Ok(())
    }

    fn follow(&mut self, target: &[u8]) -> io::Result<()> {
        self.remaining.links += 1;
        if self.remaining.links > MOST_LINKS {
            return Err(Errno::LOOP.into());
        }
        if target.first() != Some(&b'/') {
            self.remaining.push(target);
            return Ok(());
        }
        let into = self.roots.iter().find_map(|root| {
            let rest = target.strip_prefix(root.as_bytes())?;
            matches!(rest.first(), None | Some(b'/')).then_some((root, rest))
        });
        let Some((root, rest)) = into else {
            return Err(Errno::XDEV.into());
        };
        self.other_root = Some(root.clone());
        self.above.clear();
        self.remaining.push(rest);
        Ok(())
    }
}

/// Opens the entry `name` of `directory` to be read; `None` for links and other entries that can't
/// be read.
///
/// # Errors
/// The operating system's.
pub(super) fn open_entry(directory: &impl AsFd, name: &OsStr) -> io::Result<Option<OwnedFd>> {
    match openat(directory, name, TO_READ | OFlags::NOFOLLOW, Mode::empty()) {
        Ok(handle) => Ok(Some(handle)),
        // A link, a socket, or a device that does not exist.
        Err(Errno::LOOP | Errno::NXIO | Errno::NODEV) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The type of a file.
pub(super) fn kind(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

/// Calls `visit` with the names in a directory, except `.` and `..`, until it returns false.
///
/// # Errors
/// The operating system's.
pub(super) fn each_name(directory: &impl AsFd, mut visit: impl FnMut(&OsStr) -> bool) -> io::Result<()> {
    let listing = openat(directory, ".", TO_READ | OFlags::DIRECTORY, Mode::empty())?;
    for entry in rustix::fs::Dir::new(listing)? {
        next_step();
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if !matches!(name, b"." | b"..") && !visit(OsStr::from_bytes(name)) {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
