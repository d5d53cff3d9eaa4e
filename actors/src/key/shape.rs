//! Which type of key made a signature, told from its bytes alone.

use std::ops::RangeInclusive;

/// Lengths of RSA signatures, in bytes: as long as the modulus.
pub(super) const RSA_BYTES: RangeInclusive<usize> = 256..=1024;

/// A signature by the type of key that makes such bytes. Integers are big-endian and padded to the type's width.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape<'a> {
    Ed25519(&'a [u8; 64]),
    Dsa {
        r: [u8; 20],
        s: [u8; 20],
    },
    /// Of a P-256 key, or of a DSA key with a q of 256 bits.
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
    /// The shape of `signature`; none when no key could have made it.
    ///
    /// DER integers are told apart by size: that those of a larger type all fit a smaller one has a chance of 2⁻⁹⁶.
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

/// The positive integers of a DER `SEQUENCE { INTEGER, INTEGER }` without leading zeros. Strict: one signature has one
/// form. All such signatures are short enough for one-byte lengths.
fn two_integers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (body, after) = element(der, 0x30)?;
    let (r, rest) = element(body, 0x02)?;
    let (s, end) = element(rest, 0x02)?;
    if !after.is_empty() || !end.is_empty() {
        return None;
    }
    Some((magnitude(r)?, magnitude(s)?))
}

/// Splits `bytes` after the DER element of type `tag` that it starts with.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    match bytes {
        [found, length @ 0..=0x7f, rest @ ..] if *found == tag => rest.split_at_checked(usize::from(*length)),
        _ => None,
    }
}

/// A DER integer's bytes as a positive number in the only form DER allows.
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
