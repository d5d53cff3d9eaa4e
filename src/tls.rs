//! TLS at the service's own address: its certificate, and how it is replaced while the service
//! runs.
//!
//! | file | what it holds |
//! |---|---|
//! | `files.rs` | reads the files, and says what is wrong with them |
//! | `changes.rs` | when changed files are read |
//!
//! A connection keeps the configuration that it began with, and the next one takes the newest. So
//! the certificate, its key and the certificates of clients change together, and no session of the
//! old ones is resumed.

mod changes;
mod files;

pub use files::{chain, ends, load, Loaded, TlsError};

use crate::config::TlsFiles;
use arc_swap::ArcSwap;
use changes::{prints, Changes, Prints};
use prometheus::IntGauge;
use rustls::ServerConfig;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::server::TlsStream;
use tokio_rustls::TlsAcceptor;

/// The TLS configuration of a service, which can be replaced.
#[derive(Debug)]
pub struct Secure {
    files: TlsFiles,
    /// The files as they were when they were first read.
    read: Prints,
    config: ArcSwap<ServerConfig>,
    ends: IntGauge,
}

impl Secure {
    /// Reads the files. `end` always shows when the certificate in use ends.
    ///
    /// # Errors
    /// [`TlsError`], which says what is wrong with which file.
    pub fn load(files: TlsFiles, end: IntGauge) -> Result<Self, TlsError> {
        // Before they are read, so that no change is missed.
        let read = prints(&files);
        let loaded = load(&files)?;
        end.set(loaded.ends);
        Ok(Self {
            files,
            read,
            config: ArcSwap::from_pointee(loaded.config),
            ends: end,
        })
    }

    /// When the certificate ends, in seconds since 1970.
    #[must_use]
    pub fn ends(&self) -> i64 {
        self.ends.get()
    }

    /// Reads the files again. If one of them can't be used, everything stays as it was.
    ///
    /// # Errors
    /// [`TlsError`], which says what is wrong with which file.
    pub fn reload(&self) -> Result<(), TlsError> {
        let Loaded { config, ends } = load(&self.files)?;
        self.config.store(Arc::new(config));
        self.ends.set(ends);
        Ok(())
    }

    /// As [`Self::reload`], and logs what came of it.
    pub fn reload_and_log(&self) {
        match self.reload() {
            Ok(()) => tracing::info!(ends = day(self.ends()), "a new certificate is in use"),
            Err(error) => tracing::error!(
                %error,
                ends = day(self.ends()),
                "the certificate in use stays: fix the files, and they are read again"
            ),
        }
    }

    /// Looks at the files `every` so often, and reads them when they have changed.
    pub async fn follow(self: Arc<Self>, every: Duration) {
        let mut changes = Changes::since(self.read);
        loop {
            tokio::time::sleep(every).await;
            let secure = Arc::clone(&self);
            // The files may be on a disk that hangs.
            let looked = tokio::task::spawn_blocking(move || {
                if changes.are_complete(prints(&secure.files)) {
                    secure.reload_and_log();
                }
                changes
            });
            match looked.await {
                Ok(looked) => changes = looked,
                Err(error) => {
                    tracing::error!(%error, "changes of the certificate are no longer noticed");
                    return;
                }
            }
        }
    }

    /// Does the handshake with a client. If it fails, the connection is returned with the error.
    ///
    /// # Errors
    /// What is wrong with the client's side.
    pub async fn accept<Io>(&self, io: Io) -> Result<TlsStream<Io>, (io::Error, Io)>
    where
        Io: AsyncRead + AsyncWrite + Unpin,
    {
        let acceptor = TlsAcceptor::from(self.config.load_full());
        acceptor.accept(io).into_fallible().await
    }
}

/// The day of a time in seconds since 1970.
#[must_use]
pub fn day(seconds: i64) -> String {
    match chrono::DateTime::from_timestamp(seconds, 0) {
        Some(time) => time.format("%Y-%m-%d").to_string(),
        None => "never".to_owned(),
    }
}
