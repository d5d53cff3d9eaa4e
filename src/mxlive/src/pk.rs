//! The primary keys of a dump.

use crate::value::{quoted, whole};
use rmpv::Value;
use std::fmt;

/// The greatest id that is kept: programs that read JSON numbers as floats still hold it exactly.
const GREATEST: u64 = 1 << 53;

/// What identifies a record of a model, and what other records refer to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pk {
    /// A number.
    Number(i64),
    /// A natural key, such as a username; or a key that is not a number.
    Text(String),
}

impl Pk {
    /// Reads a key or a reference. A natural key is a list of texts. `None` for null and for what
    /// cannot be a key.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Array(parts) => {
                let parts: Option<Vec<_>> = parts.iter().map(Value::as_str).collect();
                parts
                    .filter(|parts| !parts.is_empty())
                    .map(|parts| Self::Text(parts.join("/")))
            }
            Value::Nil | Value::Boolean(_) | Value::Map(_) => None,
            Value::String(text) => {
                let text = text.as_str()?;
                let number = text.parse().map(Self::Number);
                Some(number.unwrap_or_else(|_| Self::Text(text.to_owned())))
            }
            number => {
                let whole = whole(number).map(Self::Number);
                Some(whole.unwrap_or_else(|| Self::Text(number.to_string())))
            }
        }
    }

    /// The id, if beamlive can keep it: from 1 to 2⁵³.
    #[must_use]
    pub fn id(&self) -> Option<u64> {
        match self {
            Self::Number(number) => {
                let id = u64::try_from(*number).ok();
                id.filter(|id| (1..=GREATEST).contains(id))
            }
            Self::Text(_) => None,
        }
    }
}

impl fmt::Display for Pk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(&quoted(text)),
        }
    }
}
