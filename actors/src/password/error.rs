//! What is wrong with a hash, or with a new password.

use thiserror::Error;

/// Why the hash of a password is refused. The text follows the name of its field in a facility
/// file, and shows nothing of the hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HashError {
    /// It is of no kind that can be checked.
    #[error("is no hash of a password that can be checked: it starts with `$argon2id$` or `pbkdf2_sha256$`")]
    UnknownKind,
    /// It is of a known kind, and damaged.
    #[error(
        "is damaged: write `$argon2id$v=19$m=…,t=…,p=…$salt$hash` or `pbkdf2_sha256$iterations$salt$hash`"
    )]
    Malformed,
    /// Django's mark for an account without a password.
    #[error("starts with `!`, which is Django's mark for an account without a password: leave it out")]
    Unusable,
    /// It was made with a secret of its server, or for its data.
    #[error("was made with `keyid` or `data`, which cannot be checked here")]
    Keyed,
    /// Its check would cost too much.
    #[error(
        "would cost too much to check: at most 3,000,000 iterations, or 131,072 KiB in 8 passes and 16 lanes"
    )]
    TooCostly,
    /// It is longer than any hash.
    #[error("is longer than 512 bytes")]
    TooLong,
    /// No hash could be made.
    #[error("could not be made")]
    NotMade,
}

/// Why a password cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unfit {
    /// A new password is too short.
    #[error("A password has at least 10 characters.")]
    TooShort,
    /// It is longer than what is hashed.
    #[error("A password has at most 4096 bytes.")]
    TooLong,
    /// A new password is the username.
    #[error("A password must not be the username.")]
    Username,
}
