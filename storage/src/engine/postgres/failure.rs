//! What an error of the database means for a transaction.

use crate::engine::error::EngineError;
use std::fmt;
use tokio_postgres::error::SqlState;

/// Why a step of a transaction failed.
#[derive(Debug)]
pub(super) enum Stop {
    /// Another node came first: the same group can be tried again at once.
    Again(String),
    /// What is to be stored does not fit the tables that people read, or one of them is gone.
    Unreadable(String),
    /// The connection can't be used any more, or the server does not take writes.
    Away(String),
    /// What is stored can't be used.
    Engine(EngineError),
}

impl Stop {
    pub(super) fn timeout(what: &str) -> Self {
        Self::Away(format!("{what} did not end in time"))
    }
}

/// What the store is told of it, when nothing took effect.
impl From<Stop> for EngineError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Engine(error) => error,
            Stop::Again(text) | Stop::Unreadable(text) | Stop::Away(text) => Self::Away(text),
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Engine(error) => error.fmt(f),
            Self::Again(text) | Self::Unreadable(text) | Self::Away(text) => text.fmt(f),
        }
    }
}

impl From<EngineError> for Stop {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<tokio_postgres::Error> for Stop {
    fn from(error: tokio_postgres::Error) -> Self {
        let text = describe(&error);
        let Some(code) = error.code() else {
            return Self::Away(text);
        };
        let lost_a_race = [
            SqlState::UNIQUE_VIOLATION,
            SqlState::T_R_SERIALIZATION_FAILURE,
            SqlState::T_R_DEADLOCK_DETECTED,
        ];
        // Class 22: data exception, 42: a table or column that is missing, 54: a limit exceeded.
        let is_data = ["22", "42", "54"]
            .iter()
            .any(|class| code.code().starts_with(class));
        match code {
            code if lost_a_race.contains(code) => Self::Again(text),
            _ if is_data => Self::Unreadable(text),
            _ => Self::Away(text),
        }
    }
}

/// The error and its causes, in one line. PostgreSQL's own message is a cause.
pub(super) fn describe(error: &tokio_postgres::Error) -> String {
    if let Some(error) = error.as_db_error() {
        return format!("{} ({})", error.message(), error.code().code());
    }
    let first: &dyn std::error::Error = error;
    std::iter::successors(Some(first), |cause| (*cause).source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
