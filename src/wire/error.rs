//! Why a body can't be read. The messages say what is wrong and where, and repeat nothing of the
//! body.

use thiserror::Error;

/// Why bytes are not a body. `at` counts bytes from 0.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BodyError {
    /// The body is cut short, or claims an impossible length.
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
        /// Where the first excessive level begins.
        at: usize,
        /// Levels that are accepted.
        max: usize,
    },
    /// There is more than one value.
    #[error("the MessagePack body goes on at byte {at}, after its end")]
    Trailing {
        /// Where the first value ends.
        at: usize,
    },
    /// The body is well-formed, but of another kind.
    #[error("the body must be {expected}, not {found}")]
    Kind {
        /// The expected kind, with its article.
        expected: &'static str,
        /// The actual kind, with its article.
        found: &'static str,
    },
    /// A key of the body's map is not text.
    #[error("the key at byte {at} must be a string in UTF-8")]
    Key {
        /// Where it begins.
        at: usize,
    },
    /// A list or map is too long.
    #[error("the body has {found} entries, at most {max} are accepted")]
    TooMany {
        /// Entries according to its header.
        found: usize,
        /// Entries that are accepted.
        max: usize,
    },
    /// The text is not JSON, or is nested too deep.
    #[error("the body is not acceptable JSON: {reason}")]
    Json {
        /// What is wrong, with line and column.
        reason: String,
    },
}
