//! The state of the routes that serve files.

use super::archive::compressors::Compressors;
use super::disk::Disk;
use super::pictures::Pictures;
use super::shelf::Shelf;
use super::slots::{NoSlot, Slot, SlotLimits, Slots};
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

/// Characters that are escaped in the path of a URL.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The state of the routes that serve files.
#[derive(Debug)]
pub struct Files {
    /// Opens files by their keys.
    pub shelf: Shelf,
    /// Makes pictures of frames and snapshots.
    pub pictures: Arc<Pictures>,
    /// Compresses archives.
    pub compressors: Compressors,
    /// Suffixes that are tried for the names of several files.
    pub suffixes: Vec<String>,
    delegate: Option<(Delegate, String)>,
    slots: Slots,
}

impl Files {
    /// Serves the files of `shelf`.
    ///
    /// # Errors
    /// If the system can't start threads.
    pub fn new(shelf: Shelf, pictures: Pictures, settings: &Proxy) -> io::Result<Self> {
        let prefix = settings.delegate_prefix.trim_end_matches('/').to_owned();
        Ok(Self {
            shelf,
            pictures: Arc::new(pictures),
            compressors: Compressors::start().map_err(io::Error::other)?,
            suffixes: settings.suffixes.clone(),
            delegate: settings.delegate.map(|delegate| (delegate, prefix)),
            slots: Slots::new(SlotLimits {
                all: settings.archives,
                per_address: settings.archives_per_address,
                per_project: settings.archives_per_project,
                slowest: settings.archive_bytes_per_second,
                window: Duration::from_secs(settings.archive_pace_seconds),
            }),
        })
    }

    /// A slot for a body that a thread makes from the directory of `key` for `address`.
    ///
    /// # Errors
    /// 503 if all slots are in use, 429 if the limit of the address or of the project is reached.
    pub async fn slot(&self, key: &str, address: IpAddr) -> Result<Slot, ApiError> {
        let project = self.shelf.owner(key).await?;
        let acquired = self.slots.acquire(address, project, Instant::now());
        acquired.map_err(|error| match error {
            NoSlot::All => Unavailable::Busy.into(),
            NoSlot::Address(_) | NoSlot::Project(_) => ApiError::TooMany(error.to_string()),
        })
    }

    /// The disks of the users' roots.
    pub fn disks(&self) -> impl Iterator<Item = &Arc<Disk>> {
        self.shelf.disks.iter()
    }

    /// The header that makes the front end send the file at `location`; `None` if the service sends
    /// files itself.
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
