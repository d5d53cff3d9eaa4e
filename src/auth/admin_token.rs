//! The token of operators.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The admin token, kept as its hash.
#[derive(Debug, Clone)]
pub struct AdminToken([u8; 32]);

impl AdminToken {
    /// Keeps the hash of `token`.
    #[must_use]
    pub fn new(token: &str) -> Self {
        Self(Sha256::digest(token.trim().as_bytes()).into())
    }

    /// Whether `token` is the admin token. Takes the same time for every token of one length.
    #[must_use]
    pub fn is(&self, token: &str) -> bool {
        let given: [u8; 32] = Sha256::digest(token.trim().as_bytes()).into();
        self.0.ct_eq(&given).into()
    }
}
