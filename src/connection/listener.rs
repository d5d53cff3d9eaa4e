//! A socket that clients connect to: at an address, or a file.

use super::transport::Socket;
use crate::config::Listen;
use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// Who may connect to a Unix socket: its owner and its group.
const MODE: u32 = 0o660;

/// A socket that clients connect to.
#[derive(Debug)]
pub enum Listener {
    /// At an address.
    Tcp(TcpListener),
    /// A file, and its path if it is removed when the service stops.
    Unix(UnixListener, Option<PathBuf>),
}

impl Listener {
    /// Listens there. A socket that a service left behind is replaced.
    ///
    /// # Errors
    /// When another service listens there, or it is not allowed.
    pub fn bind(listen: &Listen) -> io::Result<Self> {
        match listen {
            Listen::Tcp(address) => TcpListener::bind(address).map(Self::Tcp),
            Listen::Unix(path) => Ok(Self::Unix(bind_unix(path)?, Some(path.clone()))),
        }
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn place(&self) -> io::Result<Listen> {
        match self {
            Self::Tcp(listener) => listener.local_addr().map(Listen::Tcp),
            Self::Unix(listener, _) => {
                let address = listener.local_addr()?;
                let path = address.as_pathname().map_or_else(PathBuf::new, Path::to_owned);
                Ok(Listen::Unix(path))
            }
        }
    }

    /// A second handle of the same socket.
    ///
    /// # Errors
    /// When the system has no file descriptor left.
    pub fn try_clone(&self) -> io::Result<Self> {
        match self {
            Self::Tcp(listener) => listener.try_clone().map(Self::Tcp),
            Self::Unix(listener, file) => Ok(Self::Unix(listener.try_clone()?, file.clone())),
        }
    }

    /// Its file, if it is removed when the service stops.
    pub(super) fn file(&self) -> Option<PathBuf> {
        match self {
            Self::Tcp(_) => None,
            Self::Unix(_, file) => file.clone(),
        }
    }

    pub(super) fn into_async(self) -> io::Result<AsyncListener> {
        match self {
            Self::Tcp(listener) => {
                listener.set_nonblocking(true)?;
                tokio::net::TcpListener::from_std(listener).map(AsyncListener::Tcp)
            }
            Self::Unix(listener, _) => {
                listener.set_nonblocking(true)?;
                tokio::net::UnixListener::from_std(listener).map(AsyncListener::Unix)
            }
        }
    }
}

fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    let left_behind = fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    if left_behind {
        if UnixStream::connect(path).is_ok() {
            return Err(ErrorKind::AddrInUse.into());
        }
        fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, Permissions::from_mode(MODE))?;
    Ok(listener)
}

/// A listener, to be awaited.
#[derive(Debug)]
pub(super) enum AsyncListener {
    Tcp(tokio::net::TcpListener),
    Unix(tokio::net::UnixListener),
}

impl AsyncListener {
    pub(super) async fn accept(&self) -> io::Result<Socket> {
        match self {
            Self::Tcp(listener) => listener.accept().await.map(|(io, _)| io.into()),
            Self::Unix(listener) => listener.accept().await.map(|(io, _)| io.into()),
        }
    }
}
