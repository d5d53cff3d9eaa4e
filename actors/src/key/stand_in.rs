//! Keys that stand in where the account has none of a signature's type, so that the answer takes as long.
//!
//! Nobody has their private halves, and [`super::verify`] answers no whatever they say.

use super::shape::{Shape, RSA_BYTES};
use super::verifier::RsaVerifier;
use super::{KeyKind, PublicKey};
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
const DSA_2048: &str = "ssh-dss AAAAB3NzaC1kc3MAAAEBAIGDNye7sGiJYIP8ezP/5aPW60I3giZbA2RbsxM9DN7TWA9LU5UhfkIPDSGBtZrMnzDVynPasV5tD864Pj\
    7C5M8QhBXL3yVJ1ORLuiUqlc4P7CdGReUneefHSFpHR7SHj5hbBA+SB7nGVlypCEjjViz06SUGcCI6nWoixRoBNjOWfHuaiNFUBXf9t6UzGtuY\
    3vEgcm+Bb0grthouVQ9vt9kVl0eeFq2A+yaFt4Sqc+s+197S/aMtSVuHxKyV6Sz/Rtlmwb50pwr/y/ue2DojiWdP67spYWbAdXnOBWBjW9XSWD\
    rkuguL+R92ss9vVGRRjuTXgZgIEZ+xsVDvaNPzkC8AAAAhAJSv8/X+mVBnyV8DNRDtiX7aLz+L6/Q23Hqw8Csh0F6NAAABADReEZuXjId8/RqY\
    K+VDkRNJMuO1mfJSghFQt0LYHy6eMmyFEqDqj9SbQNfRtn7A1yvqh8ppHQomvEh2wq9WENWM0rAeal/1WnrW+AiapnT8ydS1mRI4g4JMsG7JVQ\
    Yyk2rhkEVfgzmdS5BHmpwrs7hcB7k2rfeah3dmkj7ZvfsPE1uv5pim5g5LM6F36HuK1MkBjz/mHElp0tpogTN93uE9tRbBucFBdzNLSXVSq7Kv\
    jkNP6vb0kTnVVGX6rLcvMyv2UrwFQ/GNDhy4PZyKtxFxv3YTMKoC4P2SpDDF9KRXWLa4QZJ+fpHePe87V5aK/Xay8Pj+8fwDmgBUK9wp7fMAAA\
    EAVUin015rl5sIxJmGtrIAIu/AJb2eiMuwlP3NqB0A7UMSxvqMCAb3h+qQv6GoXtbfUjGTEUvw626s7odwJ2507birL1iplJjjTyfxGDEG1zhC\
    485qMGmQHTvShjzp5Zx/V/k4YMkSGbx9LPy/7WzuTSk4vR500NUEO6khrOikXbbWoKpRFP4EJLnn30r5IHIU7m7dBmYgbkTvfPNm3w4ZgBZM4k\
    v1zR/2P4DIhvnmuzKFr4nRXHPXLt/fpn1LxHXItWkc6cwAce2PLWiW4bKeWhI07S+FO+T5l0w8+/iRKv7rvTiPww8VNW8eq+WECtXXX/6T844p\
    7i4GloIDSS2AvA==";

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

/// One for each length of modulus, in bytes, made when first needed.
static RSA: [OnceLock<Option<RsaVerifier>>; RSA_LENGTHS] = [const { OnceLock::new() }; RSA_LENGTHS];

/// Does the work of verifying with a key of each type that makes such a shape, but for the type `done`.
pub(super) fn verify(message: &[u8], shape: &Shape<'_>, done: Option<KeyKind>) -> bool {
    let by = |key: &Option<PublicKey>| {
        key.as_ref()
            .filter(|key| Some(key.kind()) != done)
            .is_some_and(|key| key.verifier.verify(message, shape))
    };
    match shape {
        Shape::Ed25519(_) => by(&KEYS.ed25519),
        Shape::Dsa { .. } => by(&KEYS.dsa),
        // Two types of keys make this shape. Who is refused pays for both, so that the time does not tell which of them
        // an account has.
        Shape::P256OrDsa { .. } => by(&KEYS.p256) | by(&KEYS.dsa_2048),
        Shape::P384 { .. } => by(&KEYS.p384),
        Shape::Rsa(_) if done.is_some() => false,
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
        let keys = [&KEYS.ed25519, &KEYS.dsa, &KEYS.dsa_2048, &KEYS.p256, &KEYS.p384];
        let lines = [ED25519, DSA, DSA_2048, P256, P384];
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
