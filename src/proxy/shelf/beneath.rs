//! Opens what is beneath a directory, by its handle, so that nothing that is renamed or linked meanwhile leads out.
//!
//! The kernel does that itself where it knows `openat2`; elsewhere the path is walked name by name, each opened beneath
//! the handle before it, and links are resolved here.

use crate::proxy::disk::beat;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{fstat, openat, openat2, readlinkat, FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

/// Links on one way, as the operating system counts them.
const MOST_LINKS: usize = 40;
/// How often a walk that was disturbed by a rename is begun anew before it is done by hand.
const ATTEMPTS: usize = 4;
/// A file or a directory that is read. Nothing is waited for: a pipe that nobody writes to opens at once, and is refused.
pub(super) const TO_READ: OFlags = OFlags::RDONLY
    .union(OFlags::CLOEXEC)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY);
/// A directory that is only gone through.
const TO_PASS: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);

/// A directory that absolute links may lead into, by its path.
#[derive(Debug)]
pub(super) struct Root {
    /// Without a slash at the end; the file system's root is `""`.
    pub(super) path: String,
    pub(super) handle: OwnedFd,
}

/// Opens the directory at `path`, which the operator has named, links and all.
pub(super) fn root(path: &str) -> io::Result<OwnedFd> {
    let path = if path.is_empty() { "/" } else { path };
    Ok(rustix::fs::open(
        path,
        TO_PASS | OFlags::DIRECTORY,
        Mode::empty(),
    )?)
}

/// Opens `path` beneath `directory`. Links are followed as long as they stay beneath it.
///
/// # Errors
/// The operating system's; `EXDEV` for what leads out.
pub(super) fn open(directory: &impl AsFd, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
    let directory = directory.as_fd();
    match by_kernel(directory, path, flags) {
        // Some sandboxes refuse what they do not know, instead of not knowing it.
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
    let mut walk = Walk::begin(directory, &[], Way::to(path));
    while let Some(name) = walk.way.left.pop() {
        if !walk.way.left.is_empty() {
            walk.pass(name)?;
            continue;
        }
        if name == ".." || name == "." {
            walk.pass(name)?;
            break;
        }
        match openat(
            walk.here(),
            name.as_os_str(),
            flags | OFlags::NOFOLLOW,
            Mode::empty(),
        ) {
            // How a link is refused depends on what else is asked of it.
            Err(Errno::LOOP | Errno::NOTDIR) => {
                let target =
                    readlinkat(walk.here(), name.as_os_str(), Vec::new()).map_err(|error| match error {
                        Errno::INVAL => Errno::NOTDIR,
                        error => error,
                    })?;
                walk.follow(target.as_bytes())?;
            }
            opened => return Ok(opened?),
        }
    }
    // The last link led to a directory on the way here.
    Ok(openat(walk.here(), ".", flags, Mode::empty())?)
}

/// What a way led to.
#[derive(Debug)]
pub(super) enum Opened {
    /// The directory.
    Here(OwnedFd),
    /// A link into the root at this path, and what is left of the way there.
    Elsewhere(String, Way),
}

/// A way to a directory, as far as it has not been gone.
#[derive(Debug, Default)]
pub(super) struct Way {
    /// It led to the directory that it begins at from the start.
    is_empty: bool,
    /// The names still to go, the next one last.
    left: Vec<OsString>,
    /// Who made the links that were followed.
    owners: Vec<u32>,
    links: usize,
}

impl Way {
    pub(super) fn to(path: &Path) -> Self {
        let mut way = Self {
            is_empty: path.as_os_str().is_empty(),
            ..Self::default()
        };
        way.go(path.as_os_str().as_bytes());
        way
    }

    fn go(&mut self, path: &[u8]) {
        let names = path
            .split(|byte| *byte == b'/')
            .rev()
            .filter(|name| !name.is_empty());
        self.left
            .extend(names.map(|name| OsString::from_vec(name.to_vec())));
    }
}

/// Goes `way` beneath `root`. Links are followed into any of `roots`, as long as each belongs to the superuser or to the owner of
/// what is found in the end: nobody can lend a directory that is not their own. Another root is not touched: that is for its
/// own threads.
///
/// # Errors
/// The operating system's; `EXDEV` for what leads out, `EACCES` for a link that lends.
pub(super) fn open_directory(root: &Root, roots: &[String], way: Way) -> io::Result<Opened> {
    let mut walk = Walk::begin(root.handle.as_fd(), roots, way);
    while let Some(name) = walk.way.left.pop() {
        beat();
        walk.pass(name)?;
        match walk.elsewhere.take() {
            Some(path) if path == root.path => {}
            Some(path) => return Ok(Opened::Elsewhere(path, walk.way)),
            None => {}
        }
    }
    // A root would open the directories of all users at once.
    if walk.above.is_empty() && !walk.way.is_empty {
        return Err(Errno::XDEV.into());
    }
    let owner = fstat(walk.here())?.st_uid;
    if walk
        .way
        .owners
        .iter()
        .any(|of_link| *of_link != 0 && *of_link != owner)
    {
        return Err(Errno::ACCESS.into());
    }
    match walk.above.pop() {
        Some(directory) => Ok(Opened::Here(directory)),
        None => Ok(Opened::Here(walk.base.try_clone_to_owned()?)),
    }
}

/// A way that is being gone.
struct Walk<'a> {
    base: BorrowedFd<'a>,
    roots: &'a [String],
    /// The directories gone through since the base, the innermost last.
    above: Vec<OwnedFd>,
    way: Way,
    /// The root that the last link led into: the way goes on from there.
    elsewhere: Option<String>,
}

impl<'a> Walk<'a> {
    fn begin(base: BorrowedFd<'a>, roots: &'a [String], way: Way) -> Self {
        Self {
            base,
            roots,
            above: Vec::new(),
            way,
            elsewhere: None,
        }
    }

    fn here(&self) -> BorrowedFd<'_> {
        self.above.last().map_or(self.base, AsFd::as_fd)
    }

    /// Goes through the directory `name`.
    fn pass(&mut self, name: OsString) -> io::Result<()> {
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
            self.here(),
            name.as_os_str(),
            TO_PASS | OFlags::NOFOLLOW,
            Mode::empty(),
        )?;
        let stat = fstat(&entry)?;
        match kind(&stat) {
            FileType::Directory => self.above.push(entry),
            FileType::Symlink => {
                self.way.owners.push(stat.st_uid);
                let target = readlinkat(&entry, "", Vec::new())?;
                self.follow(target.as_bytes())?;
            }
            _ => return Err(Errno::NOTDIR.into()),
        }
        Ok(())
    }

    fn follow(&mut self, target: &[u8]) -> io::Result<()> {
        self.way.links += 1;
        if self.way.links > MOST_LINKS {
            return Err(Errno::LOOP.into());
        }
        if target.first() != Some(&b'/') {
            self.way.go(target);
            return Ok(());
        }
        let into = self.roots.iter().find_map(|root| {
            let rest = target.strip_prefix(root.as_bytes())?;
            matches!(rest.first(), None | Some(b'/')).then_some((root, rest))
        });
        let Some((root, rest)) = into else {
            return Err(Errno::XDEV.into());
        };
        self.elsewhere = Some(root.clone());
        self.above.clear();
        self.way.go(rest);
        Ok(())
    }
}

/// Opens `name`, which is in `directory`, to be read; none for a link and for what can't be opened for what it is.
///
/// # Errors
/// The operating system's.
pub(super) fn open_entry(directory: &impl AsFd, name: &OsStr) -> io::Result<Option<OwnedFd>> {
    match openat(directory, name, TO_READ | OFlags::NOFOLLOW, Mode::empty()) {
        Ok(handle) => Ok(Some(handle)),
        // A link; a socket; a device that is not there.
        Err(Errno::LOOP | Errno::NXIO | Errno::NODEV) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What something is.
pub(super) fn kind(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

/// Tells `look` the names in a directory, without `.` and `..`, until it returns false.
///
/// # Errors
/// The operating system's.
pub(super) fn each_name(directory: &impl AsFd, mut look: impl FnMut(&OsStr) -> bool) -> io::Result<()> {
    let listing = openat(directory, ".", TO_READ | OFlags::DIRECTORY, Mode::empty())?;
    for entry in rustix::fs::Dir::new(listing)? {
        beat();
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if !matches!(name, b"." | b"..") && !look(OsStr::from_bytes(name)) {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
