//! Why a file can't be served.

use beamlive_actors::ask::Unavailable;
use beamlive_storage::ReadError;
use rustix::io::Errno;
use std::io;
use thiserror::Error;

/// Why a file can't be served. It does not reveal whether other files exist.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FileError {
    /// 404: no such key, or it has expired.
    #[error("there is no such key, or it has expired")]
    NoKey,
    /// 404: there is no such file, or it may not be served.
    #[error("there is no such file behind this key")]
    NotFound,
    /// 422: the directory has more names than are searched.
    #[error("the directory of this file has more than {0} names, and none of those that were looked for first: name the file exactly")]
    TooLarge(usize),
    /// 503: not now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<ReadError> for FileError {
    fn from(error: ReadError) -> Self {
        Self::Unavailable(error.into())
    }
}

/// Errors that are temporary, or need an operator, are `503` and logged.
impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        match Errno::from_io_error(&error) {
            Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::AGAIN) => {
                tracing::error!(%error, "files can't be opened");
                Self::Unavailable(Unavailable::Busy)
            }
            Some(Errno::IO | Errno::STALE | Errno::TIMEDOUT | Errno::HOSTDOWN | Errno::NOTCONN) => {
                tracing::error!(%error, "the disk of a users' root can't be read");
                Self::Unavailable(Unavailable::Disk(error.to_string().into()))
            }
            Some(Errno::ACCESS | Errno::PERM) => {
                tracing::warn!(%error, "the service may not read a file that was asked for");
                Self::NotFound
            }
            _ => Self::NotFound,
        }
    }
}
