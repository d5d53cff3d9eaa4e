//! Keys that stand in where the account has none of a signature's type, so that the answer takes as long.
//!
//! Nobody has their private halves, and [`super::verify`] answers no whatever they say.

use super::shape::{Shape, RSA_BYTES};
use super::verifier::RsaVerifier;
use super::PublicKey;
use sha2::{Digest, Sha256};
use std::sync::{LazyLock, OnceLock};

const ED25519: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGufDdbtjBIBbDv6cDIWdChGf/TJLf8de/a86tsn+nQ0";
const P256: &str =
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEQB/g4hAWMZzGO5OfKuLCdqa+\
    xZO85+RhE60JkpaVZb5zsBszOvuSV9u6oR4P2e9S6KZCO+f+7Tljjy3PGKHMM=";
const P384: &str = "ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBAO8kyDLd6QYPuaZ1ZcYINfqRa\
    jj5is3g9+lfYHNEGVcflc7xwBGdsQO54bzJOfbBraKM5qsiyP/AIhnaGuvvgWR/WrntMMGlX0XYqqYbZCh9CkoHpQqaCama9P6rnngNQ==";
const DSA: &str = "ssh-dss AAAAB3NzaC1kc3MAAACBANRnwlU5pYJs2omgSnvEXe3rQD8LX6owHMAeA8ggwqeeLfF/meNz0Fsj0hESatCNrBvOwN\
    SW/yxD4sQXfA8QNnZAHo7xiRQ0N2dRSEyEk8arzqWcnkSm8LPKkLkWNQ9Hw/ucagyBn1xaRzLDuafdhnhg0mTSLmE97xKyy5AN0KV7AAAAFQCZsmZaUgD\
    Pm7RBqgLpogey4paRsQAAAIEAt0l5Ka1BTNsS/PNzI/hcVvbRXvX3YxO2m2W4MT8UfbwqZX5oX4OFamnujs0iWyYpNg4wVgJSDtPqUEEPyuumooJBuNM\
    IIWgnD7MS0/nAxo9flhM17xQQXCVHcU+RBkSfnpHPb69urro/gjkQ5wXXUeVtO4+RVZ9/y89wno0zQKcAAACAfyeYITfsC3DJcmvMB6peMnjyQ2S4plh\
    cHwgmm/HZRkrF+cw4HZjL869o/LK1crZtPwg/1oqNgWkHdMYjwaRP5W0wIHpWlETlOgo5EbIuZvcxRsRTWzm9OTuGiHGm1Jk358PKsVXjcPnWUl69rHE\
    Q1eOEI7n/czdZBGhgebc/qvA=";

struct StandIns {
    ed25519: Option<PublicKey>,
    dsa: Option<PublicKey>,
    p256: Option<PublicKey>,
    p384: Option<PublicKey>,
}

static KEYS: LazyLock<StandIns> = LazyLock::new(|| {
    let parse = |line| PublicKey::parse(line).ok();
    StandIns {
        ed25519: parse(ED25519),
        dsa: parse(DSA),
        p256: parse(P256),
        p384: parse(P384),
    }
});

const RSA_LENGTHS: usize = *RSA_BYTES.end() - *RSA_BYTES.start() + 1;

/// One for each length of modulus, in bytes, made when first needed.
static RSA: [OnceLock<Option<RsaVerifier>>; RSA_LENGTHS] = [const { OnceLock::new() }; RSA_LENGTHS];

/// Does the work of verifying with a key of the shape's type.
pub(super) fn verify(message: &[u8], shape: &Shape<'_>) -> bool {
    let by = |key: &Option<PublicKey>| {
        key.as_ref()
            .is_some_and(|key| key.verifier.verify(message, shape))
    };
    match shape {
        Shape::Ed25519(_) => by(&KEYS.ed25519),
        Shape::Dsa { .. } => by(&KEYS.dsa),
        Shape::P256 { .. } => by(&KEYS.p256),
        Shape::P384 { .. } => by(&KEYS.p384),
        Shape::Rsa(signature) => rsa(signature.len()).is_some_and(|key| key.verify(message, signature)),
    }
}

/// The stand-in for RSA keys with a modulus of so many bytes.
fn rsa(bytes: usize) -> Option<&'static RsaVerifier> {
    let slot = RSA.get(bytes.checked_sub(*RSA_BYTES.start())?)?;
    slot.get_or_init(|| RsaVerifier::with_modulus(modulus(bytes)))
        .as_ref()
}

/// An odd number of exactly so many bytes. Verification does not ask whether it is a product of two primes.
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
        let keys = [&KEYS.ed25519, &KEYS.dsa, &KEYS.p256, &KEYS.p384];
        let lines = [ED25519, DSA, P256, P384];
        for (key, line) in keys.into_iter().zip(lines) {
            assert_eq!(key.as_ref().unwrap().line(), line);
        }
        for bytes in RSA_BYTES {
            let key = Verifier::Rsa(rsa(bytes).unwrap().clone());
            assert!(key.takes(&Shape::Rsa(&vec![0; bytes])));
        }
        assert!(rsa(255).is_none() && rsa(1025).is_none());
    }
}
