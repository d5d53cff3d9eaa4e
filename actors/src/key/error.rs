//! Why a line is no key we take, said so that a person knows what to do.

use super::{KeyKind, MAX_LINE};
use thiserror::Error;

/// Longest foreign text repeated in a message, in characters.
const SHOWN: usize = 40;

/// Why a line is refused as a key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Nothing there.
    #[error("the key is empty: send one OpenSSH public key line, `ssh-ed25519 AAAA… comment`")]
    Empty,
    /// More than [`MAX_LINE`].
    #[error("a key line of {bytes} bytes is too long: at most {MAX_LINE} are accepted")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Newlines or other control characters.
    #[error("a key must be one line without control characters: send one OpenSSH public key line")]
    NotOneLine,
    /// The secret half was sent.
    #[error("this is a private key, which must stay with its owner: send the public key (the .pub file)")]
    Private,
    /// The line is not of the form, is cut short, or its base64 holds something else than its type says.
    #[error("this is not an OpenSSH public key line: expected `type base64 comment`, as in a .pub file")]
    Malformed,
    /// A type that is not known here.
    #[error(
        "keys of type {kind:?} are not supported: use ssh-ed25519, ecdsa-sha2-nistp256, ecdsa-sha2-nistp384, ssh-rsa \
         or ssh-dss"
    )]
    Unsupported {
        /// The type as it was sent, shortened.
        kind: String,
    },
    /// An RSA modulus out of bounds.
    #[error("an ssh-rsa key of {bits} bits is refused: use 2048 to 8192 bits")]
    RsaSize {
        /// Bits of the modulus.
        bits: usize,
    },
    /// An unusual exponent, which would cost an unusual time to verify.
    #[error("this ssh-rsa key has an unusual public exponent: make a new key, with the exponent 65537")]
    RsaExponent,
    /// DSA parameters of another size.
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
    /// Numbers no key of this type can have, or with which anyone could sign.
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
