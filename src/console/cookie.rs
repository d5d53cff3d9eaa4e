//! The cookie of a browser that is signed in: when that ends, and a secret. The store has only the
//! secret's digest, so whoever reads the store can't sign in with it.

use beamlive_storage::Timestamp;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// The name of the cookie.
pub(super) const NAME: &str = "beamlive";
/// The field of a form with the browser's key.
pub(super) const FORM_FIELD: &str = "form_key";
/// How long a browser stays signed in: 12 h, in seconds.
pub(super) const LIFETIME: i64 = 12 * 3600;

/// The value of the cookie.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Cookie {
    /// When it ends, in seconds since 1970.
    pub(super) end: u64,
    secret: [u8; 20],
}

impl Cookie {
    /// A new one with `secret`, which nobody can guess.
    pub(super) fn new(now: Timestamp, secret: [u8; 20]) -> Self {
        let end = now.seconds().saturating_add(LIFETIME);
        Self {
            end: u64::try_from(end).unwrap_or(0),
            secret,
        }
    }

    /// Reads the value of a cookie.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (end, secret) = text.split_once('-')?;
        let secret = HEXLOWER.decode(secret.as_bytes()).ok()?;
        Some(Self {
            end: end.parse().ok()?,
            secret: secret.try_into().ok()?,
        })
    }

    /// The value, as browsers keep it.
    pub(super) fn to_text(self) -> String {
        format!("{}-{}", self.end, HEXLOWER.encode(&self.secret))
    }

    /// What the store knows the browser by.
    pub(super) fn digest(self) -> [u8; 16] {
        self.derived("digest")
    }

    /// What each form of this browser contains. Another site can't know it.
    pub(super) fn form_key(self) -> String {
        HEXLOWER.encode(&self.derived("form"))
    }

    /// Whether a form has this browser's key.
    pub(super) fn has_form_key(self, key: &str) -> bool {
        self.form_key().as_bytes().ct_eq(key.as_bytes()).into()
    }

    fn derived(self, purpose: &str) -> [u8; 16] {
        let digest = Sha256::new()
            .chain_update(purpose)
            .chain_update([0])
            .chain_update(self.end.to_be_bytes())
            .chain_update(self.secret)
            .finalize();
        digest.first_chunk().copied().unwrap_or_default()
    }
}

/// Does not show the secret.
impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cookie")
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use rstest::rstest;

    #[test]
    fn a_cookie_reads_back_and_gives_away_no_secret() {
        let cookie = Cookie::new(Timestamp(1_000_000_000_500_000), [7; 20]);
        assert_eq!(cookie.end, 1_000_043_200);
        assert_eq!(Cookie::parse(&cookie.to_text()), Some(cookie));
        assert!(!format!("{cookie:?}").contains("07"));
        assert!(cookie.has_form_key(&cookie.form_key()));
        assert!(!cookie.has_form_key(""));
        let longer = Cookie {
            end: cookie.end + 1,
            ..cookie
        };
        assert_ne!(longer.digest(), cookie.digest());
        assert_ne!(cookie.form_key(), HEXLOWER.encode(&cookie.digest()));
    }

    #[rstest]
    #[case("")]
    #[case("5")]
    #[case("5-")]
    #[case("5-07")]
    #[case("-0707070707070707070707070707070707070707")]
    #[case("x-0707070707070707070707070707070707070707")]
    #[case("5-070707070707070707070707070707070707070g")]
    #[case("99999999999999999999-0707070707070707070707070707070707070707")]
    fn others_are_none(#[case] text: &str) {
        assert_eq!(Cookie::parse(text), None);
    }
}
