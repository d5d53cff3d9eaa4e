//! The ids of tokens and of their families.

use beamlive_actors::clock::KeySource;
use serde::{de, Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The id of a token: 32 hex digits, of which the first 16 name its family.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Jti(pub u128);

/// All tokens that come from one sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Family(pub u64);

/// What makes a pair of tokens: with the same subject, lifetimes and secret, the same ids give the
/// same texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairIds {
    /// Of the access token.
    pub access: Jti,
    /// Of the refresh token.
    pub refresh: Jti,
    /// When they are issued, in seconds since 1970.
    pub issued_at: i64,
}

impl Jti {
    /// Reads 32 hex digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = is_hex.then(|| u128::from_str_radix(text, 16));
        number.and_then(Result::ok).map(Self)
    }

    /// The family of the token.
    #[must_use]
    pub fn family(self) -> Family {
        Family(u64::try_from(self.0 >> 64).unwrap_or(u64::MAX))
    }
}

impl PairIds {
    /// A pair of a new family: for a sign-in. The numbers are of `keys`.
    #[must_use]
    pub fn of_new_family(keys: &dyn KeySource, issued_at: i64) -> Self {
        Self::of_family(Family(draw(keys)), keys, issued_at)
    }

    /// A pair of a family that exists: for a refresh.
    #[must_use]
    pub fn of_family(family: Family, keys: &dyn KeySource, issued_at: i64) -> Self {
        let jti = || Jti(u128::from(family.0) << 64 | u128::from(draw(keys)));
        Self {
            access: jti(),
            refresh: jti(),
            issued_at,
        }
    }
}

/// A number of 64 bits that nobody can guess.
fn draw(keys: &dyn KeySource) -> u64 {
    let key = keys.secure_key().0;
    key.last_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

impl fmt::Display for Jti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Jti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jti({self})")
    }
}

impl Serialize for Jti {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Jti {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not 32 hex digits"))
    }
}
