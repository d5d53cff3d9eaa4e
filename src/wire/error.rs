//! Why bytes are no body. Every message says what is wrong and where, and repeats nothing of the body.

use thiserror::Error;

/// Why bytes are no body. `at` counts bytes from the start, beginning with 0.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BodyError {
    /// Cut short, or a length that cannot be true.
    #[error("the MessagePack body ends too soon: the value at byte {at} needs more than the {size} bytes there are")]
    Truncated {
        /// Where the value begins.
        at: usize,
        /// Bytes of the whole body.
        size: usize,
    },
    /// The one marker that MessagePack never uses.
    #[error("byte {at} of the MessagePack body is c1, which starts no value")]
    Reserved {
        /// Where it stands.
        at: usize,
    },
    /// Lists and maps in one another.
    #[error("the list or map at byte {at} is nested too deep: at most {max} levels are accepted")]
    TooDeep {
        /// Where the first one too many begins.
        at: usize,
        /// Levels that are accepted.
        max: usize,
    },
    /// More than one value.
    #[error("the MessagePack body goes on at byte {at}, after its end")]
    Trailing {
        /// Where the value has ended.
        at: usize,
    },
    /// A well-formed body of another kind.
    #[error("the body must be {expected}, not {found}")]
    Kind {
        /// What it should be, with its article.
        expected: &'static str,
        /// What it is, with its article.
        found: &'static str,
    },
    /// A key of the body's map that is no text.
    #[error("the key at byte {at} must be a string in UTF-8")]
    Key {
        /// Where it begins.
        at: usize,
    },
    /// A list or map that is too long.
    #[error("the body has {found} entries, at most {max} are accepted")]
    TooMany {
        /// Entries its header tells of.
        found: usize,
        /// Entries that are accepted.
        max: usize,
    },
    /// Text that is no JSON, or nested too deep.
    #[error("the body is not acceptable JSON: {reason}")]
    Json {
        /// What is wrong, with line and column.
        reason: String,
    },
}
