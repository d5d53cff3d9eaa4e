//! Tokens that were verified, so that none is verified twice while it is in use.
//!
//! A token holds a time in seconds, and Ed25519 and RSA sign the same time the same way. A client
//! that sends many requests a second therefore sends the same few tokens. Only the fact that a key
//! made a signature is kept. Whether the token is fresh, and whether the key is still the
//! account's, is checked each time.

use super::token::Token;
use beamlive_actors::key::PublicKey;
use lru::LruCache;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

/// Verified tokens with their keys. The least recently used ones are dropped first.
#[derive(Debug)]
pub(super) struct KnownTokens {
    tokens: Option<Mutex<LruCache<Token, Arc<PublicKey>>>>,
}

impl KnownTokens {
    /// Keeps at most `most` tokens. With 0, none.
    pub(super) fn new(most: usize) -> Self {
        Self {
            tokens: NonZeroUsize::new(most).map(|most| Mutex::new(LruCache::new(most))),
        }
    }

    /// Whether `token` is known to be signed with this key.
    pub(super) fn contains(&self, token: &Token, key: &Arc<PublicKey>) -> bool {
        self.tokens.as_ref().is_some_and(|tokens| {
            let mut tokens = tokens.lock().unwrap_or_else(PoisonError::into_inner);
            tokens.get(token).is_some_and(|known| Arc::ptr_eq(known, key))
        })
    }

    /// Notes that `token` was signed with `key`.
    pub(super) fn insert(&self, token: Token, key: Arc<PublicKey>) {
        if let Some(tokens) = &self.tokens {
            let mut tokens = tokens.lock().unwrap_or_else(PoisonError::into_inner);
            tokens.put(token, key);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const LINE: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";

    fn key() -> Arc<PublicKey> {
        Arc::new(PublicKey::parse(LINE).unwrap())
    }

    fn token(signature: &str) -> Token {
        Token::parse(&format!("ada:1tYZ:{signature}")).unwrap()
    }

    #[test]
    fn a_token_is_known_with_the_key_it_was_verified_with() {
        let (known, key) = (KnownTokens::new(2), key());
        assert!(!known.contains(&token("AAAA"), &key));
        known.insert(token("AAAA"), key.clone());
        assert!(known.contains(&token("AAAA"), &key));
        assert!(!known.contains(&token("AAAB"), &key));
    }

    #[test]
    fn a_key_that_was_set_again_is_another_key() {
        let known = KnownTokens::new(2);
        known.insert(token("AAAA"), key());
        assert!(!known.contains(&token("AAAA"), &key()));
    }

    #[test]
    fn the_least_recently_used_token_is_dropped() {
        let (known, key) = (KnownTokens::new(2), key());
        known.insert(token("AAAA"), key.clone());
        known.insert(token("AAAB"), key.clone());
        assert!(known.contains(&token("AAAA"), &key));
        known.insert(token("AAAC"), key.clone());
        assert!(known.contains(&token("AAAA"), &key));
        assert!(!known.contains(&token("AAAB"), &key));
    }

    #[test]
    fn none_are_remembered_with_0() {
        let (known, key) = (KnownTokens::new(0), key());
        known.insert(token("AAAA"), key.clone());
        assert!(!known.contains(&token("AAAA"), &key));
    }
}
