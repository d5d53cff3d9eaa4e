//! Stand-in keys: used when the account has no key of the signature's type, so that the answer
//! takes as long.
//!
//! Nobody has their private keys, and the result of verifying with them is ignored.

use super::kind::KeyKind;
use super::public::PublicKey;
use super::shape::{Shape, RSA_BYTES};
use super::verifier::RsaVerifier;
use sha2::{Digest, Sha256};
use std::sync::{LazyLock, OnceLock};

const ED25519: &str = include_str!("stand_in/ed25519.pub");
const P256: &str = include_str!("stand_in/p256.pub");
const P384: &str = include_str!("stand_in/p384.pub");
const DSA: &str = include_str!("stand_in/dsa.pub");
const DSA_2048: &str = include_str!("stand_in/dsa_2048.pub");

struct StandIns {
    ed25519: Option<PublicKey>,
    dsa: Option<PublicKey>,
    dsa_2048: Option<PublicKey>,
    p256: Option<PublicKey>,
    p384: Option<PublicKey>,
}

static KEYS: LazyLock<StandIns> = LazyLock::new(|| {
    let parse = |line| PublicKey::parse(line).ok();
    StandIns {
        ed25519: parse(ED25519),
        dsa: parse(DSA),
        dsa_2048: parse(DSA_2048),
        p256: parse(P256),
        p384: parse(P384),
    }
});

const RSA_LENGTHS: usize = *RSA_BYTES.end() - *RSA_BYTES.start() + 1;

/// One for each length of the modulus in bytes; made when first needed.
static RSA: [OnceLock<Option<RsaVerifier>>; RSA_LENGTHS] = [const { OnceLock::new() }; RSA_LENGTHS];

/// Verifies with a stand-in of each type that makes signatures of this shape, except the type
/// `done`.
pub(super) fn verify(message: &[u8], shape: &Shape<'_>, done: Option<KeyKind>) -> bool {
    let by = |key: &Option<PublicKey>| {
        key.as_ref()
            .filter(|key| Some(key.kind()) != done)
            .is_some_and(|key| key.verifier.verify(message, shape))
    };
    match shape {
        Shape::Ed25519(_) => by(&KEYS.ed25519),
        Shape::Dsa { .. } => by(&KEYS.dsa),
        // Two types of keys make this shape. A refusal takes the time of both, so that it does not
        // tell which of them the account has.
        Shape::P256OrDsa { .. } => by(&KEYS.p256) | by(&KEYS.dsa_2048),
        Shape::P384 { .. } => by(&KEYS.p384),
        Shape::Rsa(_) if done.is_some() => false,
        Shape::Rsa(signature) => rsa(signature.len()).is_some_and(|key| key.verify(message, signature)),
    }
}

/// The stand-in for RSA keys with a modulus of this length.
fn rsa(bytes: usize) -> Option<&'static RsaVerifier> {
    let slot = RSA.get(bytes.checked_sub(*RSA_BYTES.start())?)?;
    slot.get_or_init(|| RsaVerifier::with_modulus(modulus(bytes)))
        .as_ref()
}

/// An odd number of exactly this length. Verification does not check that it is a product of two
/// primes.
fn modulus(bytes: usize) -> Vec<u8> {
    let mut modulus: Vec<u8> = (0_u64..)
        .flat_map(|block| {
            Sha256::new()
                .chain_update(b"stand-in")
                .chain_update(block.to_be_bytes())
                .finalize()
        })
        .take(bytes)
        .collect();
    if let [first, .., last] = modulus.as_mut_slice() {
        *first |= 0x80;
        *last |= 1;
    }
    modulus
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::verifier::Verifier;
    use super::*;

    #[test]
    fn every_stand_in_is_a_key_of_its_type() {
        let keys = [&KEYS.ed25519, &KEYS.dsa, &KEYS.dsa_2048, &KEYS.p256, &KEYS.p384];
        let lines = [ED25519, DSA, DSA_2048, P256, P384];
        for (key, line) in keys.into_iter().zip(lines) {
            assert_eq!(key.as_ref().unwrap().line(), line.trim_end());
        }
        for bytes in RSA_BYTES {
            let key = Verifier::Rsa(rsa(bytes).unwrap().clone());
            assert!(key.takes(&Shape::Rsa(&vec![0; bytes])));
        }
        assert!(rsa(255).is_none() && rsa(1025).is_none());
    }
}
