//! The numbers of a key, checked once, and the verification with each type of key.
//!
//! The crates reject a DSA or RSA signature at once if its numbers are not below those of the key.
//! That would take less time for some accounts than for others. So such a signature is reduced to
//! the right size and verified all the same, and the result is false.

use super::error::KeyError;
use super::kind::KeyKind;
use super::shape::Shape;
use dsa::BigUint;
use rsa::signature::hazmat::PrehashVerifier;
use rsa::traits::PublicKeyParts;
use sha2::{Digest, Sha256};
use ssh_key::public::{DsaPublicKey, EcdsaPublicKey, KeyData, RsaPublicKey};
use ssh_key::Mpint;

const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
const RSA_EXPONENT: u32 = 65_537;

/// A key's numbers, ready to verify with.
#[derive(Clone)]
pub(super) enum Verifier {
    Ed25519(ed25519_dalek::VerifyingKey),
    Dsa(Box<DsaVerifier<20>>),
    Dsa2048(Box<DsaVerifier<32>>),
    Rsa(RsaVerifier),
    P256(p256::ecdsa::VerifyingKey),
    P384(Box<p384::ecdsa::VerifyingKey>),
}

/// A DSA key whose order q has `Q` bytes.
#[derive(Clone)]
pub(super) struct DsaVerifier<const Q: usize> {
    key: dsa::VerifyingKey,
    order: [u8; Q],
}

#[derive(Clone)]
pub(super) struct RsaVerifier {
    key: rsa::pkcs1v15::VerifyingKey<Sha256>,
    modulus: Vec<u8>,
}

impl Verifier {
    /// Checks the key's numbers, its type and its size.
    pub(super) fn new(data: &KeyData) -> Result<Verifier, KeyError> {
        match data {
            KeyData::Ed25519(key) => ed25519_dalek::VerifyingKey::from_bytes(&key.0)
                .ok()
                .filter(|key| !key.is_weak())
                .map(Verifier::Ed25519)
                .ok_or(KeyError::Unsound {
                    kind: KeyKind::Ed25519,
                }),
            KeyData::Dsa(key) => dsa_key(key),
            KeyData::Rsa(key) => RsaVerifier::from_ssh(key).map(Verifier::Rsa),
            KeyData::Ecdsa(EcdsaPublicKey::NistP256(point)) => {
                p256::ecdsa::VerifyingKey::from_sec1_bytes(point.as_bytes())
                    .map(Verifier::P256)
                    .map_err(|_| KeyError::Unsound {
                        kind: KeyKind::EcdsaP256,
                    })
            }
            KeyData::Ecdsa(EcdsaPublicKey::NistP384(point)) => {
                p384::ecdsa::VerifyingKey::from_sec1_bytes(point.as_bytes())
                    .map(|key| Verifier::P384(Box::new(key)))
                    .map_err(|_| KeyError::Unsound {
                        kind: KeyKind::EcdsaP384,
                    })
            }
            other => Err(KeyError::unsupported(other.algorithm().as_str())),
        }
    }

    pub(super) fn kind(&self) -> KeyKind {
        match self {
            Verifier::Ed25519(_) => KeyKind::Ed25519,
            Verifier::Dsa(_) | Verifier::Dsa2048(_) => KeyKind::Dsa,
            Verifier::Rsa(_) => KeyKind::Rsa,
            Verifier::P256(_) => KeyKind::EcdsaP256,
            Verifier::P384(_) => KeyKind::EcdsaP384,
        }
    }

    /// Whether this key can have made a signature of this shape.
    pub(super) fn takes(&self, shape: &Shape<'_>) -> bool {
        match (self, shape) {
            (Verifier::Rsa(key), Shape::Rsa(signature)) => key.modulus.len() == signature.len(),
            (Verifier::Ed25519(_), Shape::Ed25519(_))
            | (Verifier::Dsa(_), Shape::Dsa { .. })
            | (Verifier::P256(_) | Verifier::Dsa2048(_), Shape::P256OrDsa { .. })
            | (Verifier::P384(_), Shape::P384 { .. }) => true,
            _ => false,
        }
    }

    /// Whether this key has made the signature over `message`.
    pub(super) fn verify(&self, message: &[u8], shape: &Shape<'_>) -> bool {
        match (self, shape) {
            (Verifier::Ed25519(key), Shape::Ed25519(bytes)) => key
                .verify_strict(message, &ed25519_dalek::Signature::from_bytes(bytes))
                .is_ok(),
            (Verifier::Dsa(key), Shape::Dsa { r, s }) => key.verify(message, *r, *s),
            (Verifier::Dsa2048(key), Shape::P256OrDsa { r, s }) => key.verify(message, *r, *s),
            (Verifier::Rsa(key), Shape::Rsa(signature)) => key.verify(message, signature),
            (Verifier::P256(key), Shape::P256OrDsa { r, s }) => p256::ecdsa::Signature::from_scalars(*r, *s)
                .is_ok_and(|signature| key.verify_prehash(&Sha256::digest(message), &signature).is_ok()),
            (Verifier::P384(key), Shape::P384 { r, s }) => {
                let (r, s) = (p384::FieldBytes::from(*r), p384::FieldBytes::from(*s));
                p384::ecdsa::Signature::from_scalars(r, s)
                    .is_ok_and(|signature| key.verify_prehash(&Sha256::digest(message), &signature).is_ok())
            }
            _ => false,
        }
    }
}

/// Accepts the two sizes of DSA keys that clients make.
fn dsa_key(key: &DsaPublicKey) -> Result<Verifier, KeyError> {
    let size = |number| positive(number).map_or(0, bits);
    match (size(&key.p), size(&key.q)) {
        (1024, 160) => DsaVerifier::new(key).map(|key| Verifier::Dsa(Box::new(key))),
        (2048, 256) => DsaVerifier::new(key).map(|key| Verifier::Dsa2048(Box::new(key))),
        (p, q) => Err(KeyError::DsaSize { p, q }),
    }
}

impl<const Q: usize> DsaVerifier<Q> {
    fn new(key: &DsaPublicKey) -> Result<Self, KeyError> {
        let unsound = || KeyError::Unsound { kind: KeyKind::Dsa };
        let (p_bytes, q_bytes) = (
            positive(&key.p).ok_or_else(unsound)?,
            positive(&key.q).ok_or_else(unsound)?,
        );
        let order = q_bytes.try_into().map_err(|_| unsound())?;
        let (p, q) = (BigUint::from_bytes_be(p_bytes), BigUint::from_bytes_be(q_bytes));
        let g = positive(&key.g).map(BigUint::from_bytes_be).ok_or_else(unsound)?;
        let y = positive(&key.y).map(BigUint::from_bytes_be).ok_or_else(unsound)?;
        let one = BigUint::from(1_u8);
        // Even moduli take a far slower path. With a generator of another order, signatures can be
        // forged.
        let odd = p_bytes.last().is_some_and(|byte| byte & 1 == 1)
            && q_bytes.last().is_some_and(|byte| byte & 1 == 1);
        if !odd || g <= one || g >= p || y <= one || y >= p || g.modpow(&q, &p) != one {
            return Err(unsound());
        }
        let key = dsa::Components::from_components(p, q, g)
            .and_then(|components| dsa::VerifyingKey::from_components(components, y))
            .map_err(|_| unsound())?;
        Ok(DsaVerifier { key, order })
    }

    /// DSA with SHA-256; as FIPS 186 says, the hash is cut to the length of q.
    fn verify(&self, message: &[u8], r: [u8; Q], s: [u8; Q]) -> bool {
        let in_range = r < self.order && s < self.order;
        let (r, s) = if in_range {
            (r, s)
        } else {
            (below_any_order(r), below_any_order(s))
        };
        let (r, s) = (BigUint::from_bytes_be(&r), BigUint::from_bytes_be(&s));
        let holds = dsa::Signature::from_components(r, s).is_ok_and(|signature| {
            self.key
                .verify_prehash(&Sha256::digest(message), &signature)
                .is_ok()
        });
        holds && in_range
    }
}

/// A positive number without its highest bit; it is below every order of this length.
fn below_any_order<const Q: usize>(mut number: [u8; Q]) -> [u8; Q] {
    if let [first, .., last] = number.as_mut_slice() {
        *first &= 0x7f;
        *last |= 1;
    }
    number
}

impl RsaVerifier {
    fn from_ssh(key: &RsaPublicKey) -> Result<Self, KeyError> {
        let unsound = KeyError::Unsound { kind: KeyKind::Rsa };
        let modulus = positive(&key.n).ok_or(unsound)?;
        let exponent = positive(&key.e).map(BigUint::from_bytes_be);
        if !RSA_BITS.contains(&bits(modulus)) {
            return Err(KeyError::RsaSize { bits: bits(modulus) });
        }
        // The time to verify grows with the exponent, so all accounts must have the same one.
        if exponent != Some(BigUint::from(RSA_EXPONENT)) {
            return Err(KeyError::RsaExponent);
        }
        Self::with_modulus(modulus.to_vec()).ok_or(KeyError::Unsound { kind: KeyKind::Rsa })
    }

    /// A key with this modulus (big-endian, no leading zeros) and the exponent 65537.
    pub(super) fn with_modulus(modulus: Vec<u8>) -> Option<Self> {
        let n = BigUint::from_bytes_be(&modulus);
        let e = BigUint::from(RSA_EXPONENT);
        let key = rsa::RsaPublicKey::new_with_max_size(n, e, *RSA_BITS.end()).ok()?;
        (key.size() == modulus.len()).then(|| RsaVerifier {
            key: rsa::pkcs1v15::VerifyingKey::new(key),
            modulus,
        })
    }

    /// PKCS#1 v1.5 with SHA-256.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let in_range = signature < self.modulus.as_slice();
        let mut signature = signature.to_vec();
        if let (false, Some(first)) = (in_range, signature.first_mut()) {
            *first = 0;
        }
        let holds = rsa::pkcs1v15::Signature::try_from(signature.as_slice()).is_ok_and(|signature| {
            self.key
                .verify_prehash(&Sha256::digest(message), &signature)
                .is_ok()
        });
        holds && in_range
    }
}

/// The number's bytes without leading zeros; `None` when it is negative or zero.
fn positive(number: &Mpint) -> Option<&[u8]> {
    number.as_positive_bytes().filter(|bytes| !bytes.is_empty())
}

/// Bits of a big-endian number without leading zero bytes.
fn bits(bytes: &[u8]) -> usize {
    let leading = bytes.first().map_or(0, |byte| byte.leading_zeros());
    (bytes.len() * 8).saturating_sub(leading as usize)
}
