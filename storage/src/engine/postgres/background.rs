//! The threads that serve the connections, and the way to the database.

use super::failure::Stop;
use super::session::Connector;
use super::settings::PostgresSettings;
use crate::engine::open_error::OpenError;
use std::future::Future;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Threads that serve the connections. Callers wait on their own thread.
pub(super) struct Background(Option<Runtime>);

impl Background {
    fn start() -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("store-postgres")
            .enable_all()
            .build()?;
        Ok(Self(Some(runtime)))
    }

    /// Runs `future` on this thread, which waits. Its connections and timers are the background's.
    pub(super) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        let _context = self.0.as_ref().map(Runtime::enter);
        // The caller's thread may belong to another tokio runtime. Its task budget must not count
        // here: a future that used it up would be woken only by that runtime, which waits for this
        // call.
        futures_executor::block_on(tokio::task::unconstrained(future))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // Without waiting: the last handle of a store may be dropped in async code.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Threads and a way to connect, for the database of `settings`.
pub(super) fn prepare(settings: &PostgresSettings) -> Result<(Arc<Background>, Arc<Connector>), OpenError> {
    let background = Background::start().map_err(OpenError::NoThreads)?;
    let connector = Connector::new(settings)?;
    Ok((Arc::new(background), Arc::new(connector)))
}

/// The error of a database that can't be used.
pub(super) fn unreachable(connector: &Connector, stop: &Stop) -> OpenError {
    OpenError::Unreachable {
        database: connector.name().to_owned(),
        reason: stop.to_string(),
    }
}
