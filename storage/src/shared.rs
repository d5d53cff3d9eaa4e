//! A database that several processes write: how each learns what the others changed.
//!
//! The groups of all processes form one sequence. Each entry of its log names the rows that a group
//! changed, as far as processes keep such rows in memory ([`crate::keys::Table::is_followed`]).

use crate::engine::EngineError;
use std::sync::Arc;
use tokio::sync::Notify;

/// The log of groups. All methods may block.
pub trait GroupLog: Send + Sync + 'static {
    /// Reads what other processes changed after group `after`, and the number of the newest group.
    /// When it returns, the database has confirmed by a durable write that it is the one that
    /// takes writes, so the answer is not older than this call.
    ///
    /// # Errors
    /// [`EngineError::Away`]: nothing is known about the present.
    fn news(&self, after: u64) -> Result<News, EngineError>;

    /// Notified when another process probably wrote. A notification may be lost.
    fn woken(&self) -> Arc<Notify>;

    /// The name of this process among those that write, unique for each start.
    fn node(&self) -> &str;
}

/// What other processes changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// The number of the newest group.
    pub groups: u64,
    /// The changes.
    pub changes: Changes,
}

/// The rows that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changes {
    /// Their keys; each may come several times.
    Keys(Vec<Vec<u8>>),
    /// Too many, or the log no longer has them: read everything again.
    Unknown,
}
