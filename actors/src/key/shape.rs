//! The form of a signature, which tells the type of the key that made it.

use std::ops::RangeInclusive;

/// Lengths of RSA signatures, in bytes: as long as the modulus.
pub(super) const RSA_BYTES: RangeInclusive<usize> = 256..=1024;

/// A signature, by the type of key. Integers are big-endian and padded to the length of the type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape<'a> {
    Ed25519(&'a [u8; 64]),
    Dsa {
        r: [u8; 20],
        s: [u8; 20],
    },
    /// Made with a P-256 key, or with a DSA key whose q has 256 bits.
    P256OrDsa {
        r: [u8; 32],
        s: [u8; 32],
    },
    P384 {
        r: [u8; 48],
        s: [u8; 48],
    },
    Rsa(&'a [u8]),
}

impl<'a> Shape<'a> {
    /// The shape of `signature`; `None` when no key can have made it.
    ///
    /// DER integers are distinguished by their length. The probability that both integers of a
    /// larger type are as short as those of a smaller one is 2⁻⁹⁶.
    pub(super) fn of(signature: &'a [u8]) -> Option<Shape<'a>> {
        if let Ok(bytes) = signature.try_into() {
            return Some(Shape::Ed25519(bytes));
        }
        if RSA_BYTES.contains(&signature.len()) {
            return Some(Shape::Rsa(signature));
        }
        let (r, s) = two_integers(signature)?;
        match r.len().max(s.len()) {
            ..=20 => Some(Shape::Dsa {
                r: padded(r)?,
                s: padded(s)?,
            }),
            21..=32 => Some(Shape::P256OrDsa {
                r: padded(r)?,
                s: padded(s)?,
            }),
            33..=48 => Some(Shape::P384 {
                r: padded(r)?,
                s: padded(s)?,
            }),
            _ => None,
        }
    }
}

/// The two positive integers of a DER `SEQUENCE { INTEGER, INTEGER }`, without leading zeros.
/// Strict: each signature has one encoding. All of them are short enough for lengths of one byte.
fn two_integers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (body, after) = element(der, 0x30)?;
    let (r, rest) = element(body, 0x02)?;
    let (s, end) = element(rest, 0x02)?;
    if !after.is_empty() || !end.is_empty() {
        return None;
    }
    Some((magnitude(r)?, magnitude(s)?))
}

/// Splits `bytes` after a first DER element of type `tag`.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    match bytes {
        [found, length @ 0..=0x7f, rest @ ..] if *found == tag => rest.split_at_checked(usize::from(*length)),
        _ => None,
    }
}

/// The bytes of a positive DER integer without the leading zero. Other encodings than DER's are
/// refused.
fn magnitude(integer: &[u8]) -> Option<&[u8]> {
    match integer {
        [0, rest @ ..] if rest.first().is_some_and(|byte| *byte >= 0x80) => Some(rest),
        [0x01..=0x7f, ..] => Some(integer),
        _ => None,
    }
}

fn padded<const N: usize>(magnitude: &[u8]) -> Option<[u8; N]> {
    let mut out = [0; N];
    let start = N.checked_sub(magnitude.len())?;
    out.get_mut(start..)?.copy_from_slice(magnitude);
    Some(out)
}
