//! A sign-in that has begun. The browser keeps it in a cookie that is signed here, so that any node
//! can finish it.

use super::refusal::OidcRefused;
use beamlive_actors::clock::KeySource;
use beamlive_storage::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

/// How long a person has to sign in at the issuer, in seconds.
pub const PATIENCE: i64 = 600;

/// What has to come back, and what is proved to the issuer.
#[derive(Serialize, Deserialize)]
pub(super) struct Flow {
    /// Comes back in the query.
    pub(super) state: String,
    /// Comes back in the ID token.
    pub(super) nonce: String,
    /// PKCE verifier: proves the code belongs to this sign-in.
    pub(super) verifier: String,
    /// When it ends, in seconds since 1970.
    exp: i64,
}

impl Flow {
    /// A new one.
    pub(super) fn new(keys: &dyn KeySource, now: Timestamp) -> Self {
        let random = || keys.secure_key().to_hex();
        Self {
            state: random(),
            nonce: random(),
            // At least 43 characters.
            verifier: random() + &random(),
            exp: now.seconds() + PATIENCE,
        }
    }

    /// The value of the cookie.
    pub(super) fn seal(&self, key: &[u8; 32]) -> Result<String, OidcRefused> {
        let header = Header::new(Algorithm::HS256);
        jsonwebtoken::encode(&header, self, &EncodingKey::from_secret(key)).map_err(|error| {
            tracing::error!(%error, "the cookie of a sign-in could not be signed");
            OidcRefused::Busy
        })
    }

    /// Reads the value of a cookie, if it was signed with `key` and its time is not over.
    pub(super) fn open(cookie: &str, key: &[u8; 32], now: Timestamp) -> Option<Self> {
        let mut rules = Validation::new(Algorithm::HS256);
        // The crate would ask the machine's clock.
        rules.validate_exp = false;
        rules.validate_aud = false;
        rules.required_spec_claims.clear();
        let read = jsonwebtoken::decode::<Self>(cookie, &DecodingKey::from_secret(key), &rules);
        let flow = read.ok()?.claims;
        (now.seconds() < flow.exp).then_some(flow)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use beamlive_actors::clock::CountingKeys;

    const NOW: Timestamp = Timestamp(1_795_446_000_000_000);

    #[test]
    fn a_cookie_is_read_with_its_key_until_its_time_is_over() {
        let flow = Flow::new(&CountingKeys::default(), NOW);
        let cookie = flow.seal(&[1; 32]).unwrap();
        let later = |seconds: i64| Timestamp(NOW.0 + seconds * 1_000_000);
        let read = Flow::open(&cookie, &[1; 32], later(PATIENCE - 1)).unwrap();
        assert_eq!(read.state, flow.state);
        assert_eq!(read.nonce, flow.nonce);
        assert_eq!(read.verifier, flow.verifier);
        assert!(Flow::open(&cookie, &[1; 32], later(PATIENCE)).is_none());
        assert!(Flow::open(&cookie, &[2; 32], NOW).is_none());
        let (signed, _) = cookie.rsplit_once('.').unwrap();
        assert!(Flow::open(&format!("{signed}."), &[1; 32], NOW).is_none());
    }

    #[test]
    fn what_has_to_come_back_differs_and_is_long_enough() {
        let flow = Flow::new(&CountingKeys::default(), NOW);
        assert_ne!(flow.state, flow.nonce);
        assert!((43..=128).contains(&flow.verifier.len()));
        assert!(!flow.verifier.contains(&flow.state));
    }
}
