//! The keys that sign requests, and the verification of signatures.
//!
//! How long [`verify`] takes depends on the form of the signature, not on the account. A signature
//! that cannot be the account's is verified too, with a stand-in key of its type.

mod error;
mod kind;
mod public;
mod shape;
mod stand_in;
#[cfg(test)]
mod tests;
mod verifier;

pub use error::{KeyError, MAX_LINE};
pub use kind::KeyKind;
pub use public::{check_ssh_line, PublicKey};

use shape::Shape;
use verifier::Verifier;

/// Whether `signature` over `message` was made with `key`.
///
/// `key` is none for an account that does not exist; that takes the same time, and the result is
/// false.
pub fn verify(key: Option<&PublicKey>, message: &[u8], signature: &[u8]) -> bool {
    let Some(shape) = Shape::of(signature) else {
        return false;
    };
    let own = key
        .map(|key| &key.verifier)
        .filter(|verifier| verifier.takes(&shape));
    if own.is_some_and(|verifier| verifier.verify(message, &shape)) {
        return true;
    }
    let other = own.map(Verifier::kind);
    std::hint::black_box(stand_in::verify(message, &shape, other));
    false
}

/// Whether the verification of `signature` takes more than about 100 µs and belongs on a thread
/// pool.
///
/// Only Ed25519 signatures are quick, and bytes that are not a signature.
pub fn is_slow(signature: &[u8]) -> bool {
    !matches!(Shape::of(signature), None | Some(Shape::Ed25519(_)))
}
