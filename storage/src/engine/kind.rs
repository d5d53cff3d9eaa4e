//! The names of the engines.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};
use thiserror::Error;

/// Which database holds a store. Each engine has its own directory in the store's, so no engine
/// opens the files of another.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", parse_err_ty = UnknownEngine, parse_err_fn = unknown)]
pub enum EngineKind {
    /// sled 0.34.
    #[default]
    Sled,
    /// fjall 3.
    Fjall,
    /// PostgreSQL, which several nodes may share.
    Postgres,
    /// A map in memory, lost when the process ends.
    Memory,
}

impl EngineKind {
    /// All engines.
    pub const ALL: [Self; 4] = [Self::Sled, Self::Fjall, Self::Postgres, Self::Memory];

    /// Its name, in the configuration and on the disk.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether the database is part of this process, with files in the store's directory.
    pub fn is_embedded(self) -> bool {
        matches!(self, Self::Sled | Self::Fjall)
    }

    /// Whether what is acknowledged survives a restart.
    pub fn is_durable(self) -> bool {
        self != Self::Memory
    }
}

/// There is no engine of this name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no engine {0:?}: choose sled, fjall, postgres, or memory for tests")]
pub struct UnknownEngine(String);

fn unknown(name: &str) -> UnknownEngine {
    UnknownEngine(name.to_owned())
}
