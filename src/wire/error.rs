//! Why a body can't be read. The messages say what is wrong and where, and repeat nothing of the
//! body.

use thiserror::Error;

/// Why a body can't be read. `at` is a byte offset.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BodyError {
    /// The body is cut short, or a length in it is too large.
    #[error("the MessagePack body ends too soon: the value at byte {at} needs more than the {size} bytes there are")]
    Truncated {
        /// Where the value begins.
        at: usize,
        /// Bytes of the whole body.
        size: usize,
    },
    /// The marker that MessagePack never uses.
    #[error("byte {at} of the MessagePack body is c1, which starts no value")]
    Reserved {
        /// Where it is.
        at: usize,
    },
    /// Lists and maps are nested too deep.
    #[error("the list or map at byte {at} is nested too deep: at most {max} levels are accepted")]
    TooDeep {
        /// Where the first one that is too deep begins.
        at: usize,
        /// Levels that are accepted.
        max: usize,
    },
    /// There is more than one value.
    #[error("the MessagePack body goes on at byte {at}, after its end")]
    Trailing {
        /// Where the value ends.
        at: usize,
    },
    /// A well-formed body of the wrong kind.
    #[error("the body must be {expected}, not {found}")]
    Kind {
        /// What it should be, with its article.
        expected: &'static str,
        /// What it is, with its article.
        found: &'static str,
    },
    /// A key of the body's map is not a string.
    #[error("the key at byte {at} must be a string in UTF-8")]
    Key {
        /// Where it begins.
        at: usize,
    },
    /// The list or map is too long.
    #[error("the body has {found} entries, at most {max} are accepted")]
    TooMany {
        /// The number of entries in its header.
        found: usize,
        /// Entries that are accepted.
        max: usize,
    },
    /// The text is not JSON, or nested too deep.
    #[error("the body is not acceptable JSON: {reason}")]
    Json {
        /// What is wrong, with line and column.
        reason: String,
    },
}
