//! What the routes that serve files share.

use super::archive::compressors::Compressors;
use super::disk::Disk;
use super::pictures::Pictures;
use super::shares::{Bounds, Full, Place, Shares};
use super::shelf::Shelf;
use crate::config::{Delegate, Proxy};
use crate::error::ApiError;
use actix_web::http::header::{HeaderName, HeaderValue};
use beamlive_actors::ask::Unavailable;
use percent_encoding::{percent_encode, AsciiSet, NON_ALPHANUMERIC};
use std::io;
use std::net::IpAddr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What may stand in the path of a URL.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What the routes that serve files share.
#[derive(Debug)]
pub struct Files {
    /// The only way to the files.
    pub shelf: Shelf,
    /// Makes pictures of frames and snapshots.
    pub pictures: Arc<Pictures>,
    /// Compress archives.
    pub compressors: Compressors,
    /// What the names of several files are tried with.
    pub suffixes: Vec<String>,
    delegate: Option<(Delegate, String)>,
    shares: Shares,
}

impl Files {
    /// Serves what is on `shelf`.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn new(shelf: Shelf, pictures: Pictures, settings: &Proxy) -> io::Result<Self> {
        let prefix = settings.delegate_prefix.trim_end_matches('/').to_owned();
        Ok(Self {
            shelf,
            pictures: Arc::new(pictures),
            compressors: Compressors::start()?,
            suffixes: settings.suffixes.clone(),
            delegate: settings.delegate.map(|delegate| (delegate, prefix)),
            shares: Shares::new(Bounds {
                all: settings.archives,
                per_address: settings.archives_per_address,
                per_project: settings.archives_per_project,
                slowest: settings.archive_bytes_per_second,
                window: Duration::from_secs(settings.archive_pace_seconds),
            }),
        })
    }

    /// The right to have a body of what is behind `key` made on a thread of its own, for `address`; it ends with the body.
    ///
    /// # Errors
    /// 503 while there are as many as are allowed at once, 429 when the address or the key's project has its share of them.
    pub async fn place(&self, key: &str, address: IpAddr) -> Result<Place, ApiError> {
        let project = self.shelf.owner(key).await?;
        let entered = self.shares.enter(address, project, Instant::now());
        entered.map_err(|full| match full {
            Full::All => Unavailable::Busy.into(),
            Full::Address(_) | Full::Project(_) => ApiError::TooMany(full.to_string()),
        })
    }

    /// The disks of the users' roots.
    pub fn disks(&self) -> impl Iterator<Item = &Arc<Disk>> {
        self.shelf.disks.iter()
    }

    /// Runs what blocks on this service's own disk. What may touch a users' root is for [`Shelf::first`].
    ///
    /// # Errors
    /// What `work` fails with, and [`Unavailable::Lost`] when it panics.
    pub async fn on_pool<T, E>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Unavailable> + Send + 'static,
    {
        let files = self.clone();
        match tokio::task::spawn_blocking(move || work(&files)).await {
            Ok(done) => done,
            Err(_) => Err(Unavailable::Lost("file reader").into()),
        }
    }

    /// The header by which a front end is told to send the file at `location`; none when files are sent from here.
    #[must_use]
    pub fn delegated(&self, location: &Path) -> Option<(HeaderName, HeaderValue)> {
        let (delegate, prefix) = self.delegate.as_ref()?;
        let path = percent_encode(location.as_os_str().as_bytes(), PATH).to_string();
        let (name, value) = match delegate {
            Delegate::XAccelRedirect => ("x-accel-redirect", format!("{prefix}{path}")),
            Delegate::XSendfile => ("x-sendfile", path),
        };
        Some((HeaderName::from_static(name), HeaderValue::try_from(value).ok()?))
    }
}
