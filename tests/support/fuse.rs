//! A file system that a test can make hang: a FUSE server that stops reading the requests of the
//! kernel.
//!
//! The kernel can abandon requests that were never read when a process is killed, as with an
//! unreachable NFS server.

use rustix::io::{fcntl_setfd, Errno, FdFlags};
use rustix::net::{recvmsg, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags};
use std::fs::File;
use std::io::{IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long the server waits when there is no request.
const PAUSE: Duration = Duration::from_millis(1);

/// The modification time of a file with this name is in the year 11476.
pub const FUTURE: &str = "future.txt";

/// A mounted file system with the directory `alice/day`. It is unmounted when this is dropped.
pub struct Hanging {
    mount: PathBuf,
    shared: Arc<Shared>,
    server: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(PartialEq)]
enum State {
    Answers,
    Hangs,
    Ended,
}

/// The nodes: 1 is the root, 2 `alice`, 3 `day`, and the files are numbered from 4.
struct Tree {
    files: Vec<(&'static str, Vec<u8>)>,
}

impl Hanging {
    /// Mounts it at an empty directory, with these files in `alice/day`. Prints a message and
    /// returns `None` if that fails.
    ///
    /// # Panics
    /// In continuous integration, where no test may be skipped.
    pub fn mount(at: &Path, files: Vec<(&'static str, Vec<u8>)>) -> Option<Self> {
        let device = match mounted(at) {
            Ok(device) => device,
            Err(error) if std::env::var("CI").is_ok_and(|ci| ci == "true") => panic!("no FUSE: {error}"),
            Err(error) => {
                eprintln!(
                    "skipped: a file system can't be mounted here (Debian: fuse3, and /dev/fuse): {error}"
                );
                return None;
            }
        };
        rustix::fs::fcntl_setfl(&device, rustix::fs::OFlags::NONBLOCK).unwrap();
        let shared = Arc::new(Shared {
            state: Mutex::new(State::Answers),
            changed: Condvar::new(),
        });
        let (served, tree) = (shared.clone(), Tree { files });
        let server = std::thread::spawn(move || serve(&served, File::from(device), &tree));
        Some(Self {
            mount: at.to_owned(),
            shared,
            server: Some(server),
        })
    }

    /// The path of `alice/day`.
    pub fn day(&self) -> PathBuf {
        self.mount.join("alice/day")
    }

    /// Answers no requests from now on.
    pub fn hang(&self) {
        // Here the kernel learns that FLUSH is not supported. Otherwise it would wait for an answer
        // when it closes the files of a process that ends, and the process would never end. With a
        // network file system, closing does not wait.
        for file in std::fs::read_dir(self.day()).unwrap().flatten() {
            drop(File::open(file.path()));
        }
        self.set(State::Hangs);
    }

    /// Answers pending and new requests.
    pub fn answer(&self) {
        self.set(State::Answers);
    }

    fn set(&self, state: State) {
        *self.shared.state.lock().unwrap() = state;
        self.shared.changed.notify_all();
    }
}

impl Drop for Hanging {
    fn drop(&mut self) {
        // The device is closed first, so that unmounting can't hang.
        self.set(State::Ended);
        if let Some(server) = self.server.take() {
            let _ = server.join();
        }
        let _ = Command::new("fusermount3")
            .args(["-u", "-z"])
            .arg(&self.mount)
            .status();
    }
}

/// Mounts with `fusermount3`, which sends the device over a socket.
fn mounted(at: &Path) -> Result<OwnedFd, String> {
    let (ours, theirs) = UnixStream::pair().map_err(|error| error.to_string())?;
    fcntl_setfd(&theirs, FdFlags::empty()).map_err(|error| error.to_string())?;
    let helper = Command::new("fusermount3")
        .args(["-o", "fsname=beamlive-test", "--"])
        .arg(at)
        .env("_FUSE_COMMFD", theirs.as_raw_fd().to_string())
        .output()
        .map_err(|error| format!("fusermount3: {error}"))?;
    if !helper.status.success() {
        return Err(String::from_utf8_lossy(&helper.stderr).into_owned());
    }
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0; 1];
    let mut into = [IoSliceMut::new(&mut byte)];
    recvmsg(&ours, &mut into, &mut control, RecvFlags::empty()).map_err(|error| error.to_string())?;
    let device = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut devices) => devices.next(),
        _ => None,
    });
    device.ok_or_else(|| "fusermount3 sent no device".to_owned())
}

fn serve(shared: &Shared, mut device: File, tree: &Tree) {
    let mut request = vec![0; 256 << 10];
    let mut state = shared.state.lock().unwrap();
    loop {
        match *state {
            State::Ended => return,
            State::Hangs => state = shared.changed.wait(state).unwrap(),
            State::Answers => match device.read(&mut request) {
                Ok(length) => answer(&mut device, &request[..length], tree),
                Err(error) if Errno::from_io_error(&error) == Some(Errno::NODEV) => return,
                Err(_) => state = shared.changed.wait_timeout(state, PAUSE).unwrap().0,
            },
        }
    }
}

fn number(bytes: &[u8], at: usize, length: usize) -> u64 {
    bytes[at..at + length]
        .iter()
        .rev()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Answers one request in the format of `fuse.h`.
fn answer(device: &mut File, request: &[u8], tree: &Tree) {
    let (operation, unique, node) = (
        number(request, 4, 4),
        number(request, 8, 8),
        number(request, 16, 8),
    );
    let body = &request[40..];
    let range = |data: &[u8]| {
        let (from, most) = (number(body, 8, 8), number(body, 16, 4));
        let from = usize::try_from(from).unwrap().min(data.len());
        let to = from
            .saturating_add(usize::try_from(most).unwrap())
            .min(data.len());
        data[from..to].to_vec()
    };
    let answered = match operation {
        // FORGET, INTERRUPT, BATCH_FORGET have no answer.
        2 | 36 | 42 => return,
        // LOOKUP
        1 => match tree.find(node, &body[..body.len() - 1]) {
            Some(found) => Ok([words(&[found, 0, 0, 0, 0]), tree.attributes(found)].concat()),
            None => Err(Errno::NOENT),
        },
        // GETATTR
        3 => Ok([words(&[0, 0]), tree.attributes(node)].concat()),
        // OPEN, OPENDIR
        14 | 27 => Ok(words(&[0, 0])),
        // READ
        15 => Ok(range(tree.contents(node))),
        // READDIR
        28 => Ok(range(&tree.listing(node))),
        // STATFS
        17 => Ok(vec![0; 80]),
        // INIT: version 7.31, without options.
        26 => {
            let mut answer = vec![0; 64];
            answer[..8].copy_from_slice(&[7, 0, 0, 0, 31, 0, 0, 0]);
            answer[20..24].copy_from_slice(&(128_u32 << 10).to_le_bytes());
            answer[24] = 1;
            Ok(answer)
        }
        // RELEASE, RELEASEDIR, ACCESS, DESTROY. FLUSH is not supported, so the kernel sends it only
        // once.
        18 | 29 | 34 | 38 => Ok(Vec::new()),
        _ => Err(Errno::NOSYS),
    };
    let (error, payload) = match answered {
        Ok(payload) => (0, payload),
        Err(error) => (-error.raw_os_error(), Vec::new()),
    };
    let mut reply = u32::try_from(16 + payload.len()).unwrap().to_le_bytes().to_vec();
    reply.extend(error.to_le_bytes());
    reply.extend(unique.to_le_bytes());
    reply.extend(payload);
    // Fails if the request was abandoned.
    let _ = device.write(&reply);
}

fn words(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

impl Tree {
    fn find(&self, node: u64, name: &[u8]) -> Option<u64> {
        match (node, name) {
            (1, b"alice") => Some(2),
            (2, b"day") => Some(3),
            (3, name) => {
                let place = self.files.iter().position(|(file, _)| file.as_bytes() == name);
                place.map(|place| place as u64 + 4)
            }
            _ => None,
        }
    }

    fn contents(&self, node: u64) -> &[u8] {
        let place = usize::try_from(node).unwrap().checked_sub(4);
        place
            .and_then(|place| self.files.get(place))
            .map_or(&[], |(_, contents)| contents)
    }

    fn attributes(&self, node: u64) -> Vec<u8> {
        let (mode, length) = match node {
            ..4 => (0o040_755_u32, 0),
            _ => (0o100_644, self.contents(node).len() as u64),
        };
        let modified = match node
            .checked_sub(4)
            .and_then(|place| self.files.get(usize::try_from(place).ok()?))
        {
            Some((FUTURE, _)) => 300_000_000_000,
            _ => 1_700_000_000,
        };
        let mut bytes = words(&[node, length, length.div_ceil(512), 0, modified, 0]);
        for number in [0, 0, 0, mode, 1, 0, 0, 0, 4096, 0] {
            bytes.extend(u32::to_le_bytes(number));
        }
        bytes
    }

    fn listing(&self, node: u64) -> Vec<u8> {
        let names: Vec<&str> = match node {
            1 => vec!["alice"],
            2 => vec!["day"],
            _ => self.files.iter().map(|(name, _)| *name).collect(),
        };
        let mut bytes = Vec::new();
        for name in names {
            let length = 24 + name.len().next_multiple_of(8);
            let next = bytes.len() + length;
            bytes.extend(words(&[1, next as u64]));
            bytes.extend(u32::try_from(name.len()).unwrap().to_le_bytes());
            bytes.extend(0_u32.to_le_bytes());
            bytes.extend(name.as_bytes());
            bytes.resize(next, 0);
        }
        bytes
    }
}
