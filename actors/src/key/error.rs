//! Why a line is refused as a key.

use super::kind::KeyKind;
use thiserror::Error;

/// Longest key line, in bytes. An 8192-bit RSA key with its comment is far below it.
pub const MAX_LINE: usize = 16 * 1024;
/// Characters of the sent text that a message shows.
const SHOWN: usize = 40;

/// Why a line is refused as a key. The messages are for the person who sent it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyError {
    /// The line is empty.
    #[error("the key is empty: send one OpenSSH public key line, `ssh-ed25519 AAAA… comment`")]
    Empty,
    /// The line is longer than [`MAX_LINE`].
    #[error("a key line of {bytes} bytes is too long: at most {MAX_LINE} are accepted")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// The line has newlines or other control characters.
    #[error("a key must be one line without control characters: send one OpenSSH public key line")]
    NotOneLine,
    /// It is a private key.
    #[error("this is a private key, which must stay with its owner: send the public key (the .pub file)")]
    Private,
    /// The line has another form, is incomplete, or its data do not match its type.
    #[error("this is not an OpenSSH public key line: expected `type base64 comment`, as in a .pub file")]
    Malformed,
    /// The key's type is not supported.
    #[error(
        "keys of type {kind:?} are not supported: use ssh-ed25519, ecdsa-sha2-nistp256, ecdsa-sha2-nistp384, ssh-rsa \
         or ssh-dss"
    )]
    Unsupported {
        /// The type as it was sent, shortened.
        kind: String,
    },
    /// The RSA modulus is too short or too long.
    #[error("an ssh-rsa key of {bits} bits is refused: use 2048 to 8192 bits")]
    RsaSize {
        /// Bits of the modulus.
        bits: usize,
    },
    /// The RSA exponent is not 65537. The time to verify depends on it.
    #[error("this ssh-rsa key has an unusual public exponent: make a new key, with the exponent 65537")]
    RsaExponent,
    /// The DSA parameters have another size.
    #[error(
        "an ssh-dss key must have a p of 1024 bits and a q of 160, or 2048 and 256; this one has {p} and {q}: make a \
         new key"
    )]
    DsaSize {
        /// Bits of p.
        p: usize,
        /// Bits of q.
        q: usize,
    },
    /// Its numbers are not those of a key, or let anyone forge signatures.
    #[error("this {kind} key is not a sound one: make a new key")]
    Unsound {
        /// The key's type.
        kind: KeyKind,
    },
}

impl KeyError {
    pub(super) fn unsupported(kind: &str) -> Self {
        KeyError::Unsupported {
            kind: kind.chars().take(SHOWN).collect(),
        }
    }
}
