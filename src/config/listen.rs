//! Where a service listens.

use serde::{de, Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::net::{AddrParseError, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use thiserror::Error;

/// The prefix of a Unix socket's address.
const UNIX: &str = "unix:";

/// Where a service listens: an address, or the path of a Unix socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// An address; port 0 picks a free one.
    Tcp(SocketAddr),
    /// A Unix socket, for a front end on the same machine.
    Unix(PathBuf),
}

/// A text that is neither.
#[derive(Debug, Error)]
pub enum BadListen {
    /// It is not an address.
    #[error(
        "{0:?} is no address such as 127.0.0.1:8000 and no Unix socket such as unix:/run/beamlive.sock: {1}"
    )]
    Address(String, AddrParseError),
    /// The path of the socket depends on the directory in which the service is started.
    #[error("{0:?} is no absolute path: write unix:/run/beamlive/beamlive.sock")]
    Relative(String),
}

impl Listen {
    /// The address. `None` for a Unix socket.
    #[must_use]
    pub fn tcp(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }
}

impl From<SocketAddr> for Listen {
    fn from(address: SocketAddr) -> Self {
        Self::Tcp(address)
    }
}

impl FromStr for Listen {
    type Err = BadListen;

    fn from_str(text: &str) -> Result<Self, BadListen> {
        match text.strip_prefix(UNIX) {
            Some(path) if path.starts_with('/') => Ok(Self::Unix(path.into())),
            Some(path) => Err(BadListen::Relative(path.to_owned())),
            None => text
                .parse()
                .map(Self::Tcp)
                .map_err(|error| BadListen::Address(text.to_owned(), error)),
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "{UNIX}{}", path.display()),
        }
    }
}

impl Serialize for Listen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}
