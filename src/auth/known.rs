//! Tokens that have been verified, so that none is verified twice while it is in use.
//!
//! A token names a second, and signing the same second again with an Ed25519 or RSA key gives the same token: whoever
//! sends many requests sends the same few tokens. That a signature is of a key does not change, so it is remembered, with
//! the key. Whether the token is fresh, and whether the key is still the account's, is asked each time.

use super::token::Token;
use beamlive_actors::key::PublicKey;
use lru::LruCache;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

/// Verified tokens, with the key that each was signed with; the ones that were not used for longest go first.
#[derive(Debug)]
pub(super) struct KnownTokens {
    tokens: Option<Mutex<LruCache<Token, Arc<PublicKey>>>>,
}

impl KnownTokens {
    /// Remembers so many tokens at most; with 0, none.
    pub(super) fn new(most: usize) -> Self {
        Self {
            tokens: NonZeroUsize::new(most).map(|most| Mutex::new(LruCache::new(most))),
        }
    }

    /// Whether the token was signed with this very key, as far as it is remembered.
    pub(super) fn contains(&self, token: &Token, key: &Arc<PublicKey>) -> bool {
        self.tokens.as_ref().is_some_and(|tokens| {
            let mut tokens = tokens.lock().unwrap_or_else(PoisonError::into_inner);
            tokens.get(token).is_some_and(|known| Arc::ptr_eq(known, key))
        })
    }

    /// Remembers that `token` was signed with `key`.
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
    fn a_key_that_was_set_anew_is_another() {
        let known = KnownTokens::new(2);
        known.insert(token("AAAA"), key());
        assert!(!known.contains(&token("AAAA"), &key()));
    }

    #[test]
    fn the_one_not_used_for_longest_is_forgotten() {
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
