//! Keys that sign a client's requests.

use crate::token::token;
use crate::Failure;
use clap::ValueEnum;
use dsa::pkcs8::der::Encode;
use dsa::signature::DigestSigner;
use dsa::{Components, KeySize};
use ed25519_dalek::{Signer as _, SigningKey};
use rand_core::OsRng;
use sha2::{Digest, Sha256};
use ssh_key::private::KeypairData;
use ssh_key::public::{DsaPublicKey, Ed25519PublicKey, KeyData};
use ssh_key::{PrivateKey, PublicKey};
use std::path::Path;
use std::sync::Arc;

/// Types of keys that clients sign with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KeyType {
    /// Ed25519.
    Ed25519,
    /// DSA with 1024 bits, which MxDC makes today.
    Dsa,
}

/// A private key.
#[derive(Debug, Clone)]
pub enum Key {
    /// Ed25519.
    Ed25519(Box<SigningKey>),
    /// DSA with SHA-256.
    Dsa(Arc<dsa::SigningKey>),
}

/// Makes keys of one type.
#[derive(Debug)]
pub enum KeyMaker {
    /// Ed25519.
    Ed25519,
    /// DSA. The keys share their public numbers, because finding those takes a second.
    Dsa(Box<Components>),
}

impl KeyMaker {
    /// For keys of that type.
    #[must_use]
    pub fn new(key_type: KeyType) -> Self {
        match key_type {
            KeyType::Ed25519 => Self::Ed25519,
            KeyType::Dsa => {
                #[expect(deprecated, reason = "MxDC makes such keys today")]
                let size = KeySize::DSA_1024_160;
                Self::Dsa(Box::new(Components::generate(&mut OsRng, size)))
            }
        }
    }

    /// A new key.
    #[must_use]
    pub fn make(&self) -> Key {
        match self {
            Self::Ed25519 => Key::Ed25519(Box::new(SigningKey::generate(&mut OsRng))),
            Self::Dsa(components) => {
                let components = (**components).clone();
                Key::Dsa(Arc::new(dsa::SigningKey::generate(&mut OsRng, components)))
            }
        }
    }
}

impl Key {
    /// The Ed25519 key that has this seed.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self::Ed25519(Box::new(SigningKey::from_bytes(seed)))
    }

    /// Reads an OpenSSH private key.
    ///
    /// # Errors
    /// When the file can't be read, or has no unencrypted Ed25519 or DSA key.
    pub fn read(file: &Path) -> Result<Self, Failure> {
        let place = file.display();
        let text = std::fs::read_to_string(file).map_err(|error| format!("can't read {place}: {error}"))?;
        let key = PrivateKey::from_openssh(&text)
            .map_err(|error| format!("{place} is no OpenSSH private key: {error}"))?;
        match key.key_data() {
            KeypairData::Ed25519(pair) => Ok(Self::from_seed(&pair.private.to_bytes())),
            KeypairData::Dsa(pair) => Ok(Self::Dsa(Arc::new(dsa::SigningKey::try_from(pair)?))),
            _ => Err(format!("{place} must have an Ed25519 or DSA key, not encrypted").into()),
        }
    }

    /// The public key as OpenSSH writes it, in a line.
    ///
    /// # Errors
    /// When its numbers can't be encoded.
    pub fn public_line(&self) -> Result<String, Failure> {
        let data = match self {
            Self::Ed25519(key) => KeyData::Ed25519(Ed25519PublicKey(key.verifying_key().to_bytes())),
            Self::Dsa(key) => KeyData::Dsa(DsaPublicKey::try_from(key.verifying_key())?),
        };
        Ok(PublicKey::new(data, "").to_openssh()?)
    }

    /// The token of `username` at `unix_seconds`.
    #[must_use]
    pub fn token(&self, username: &str, unix_seconds: u64) -> String {
        token(username, unix_seconds, |message| self.sign(message))
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            Self::Dsa(key) => {
                let signature: Result<dsa::Signature, _> =
                    key.try_sign_digest(Sha256::new_with_prefix(message));
                // The service refuses a token whose signature is empty.
                signature
                    .ok()
                    .and_then(|signature| signature.to_der().ok())
                    .unwrap_or_default()
            }
        }
    }
}

/// Signs the requests of one program.
#[derive(Debug, Clone)]
pub struct Signer {
    username: Arc<str>,
    key: Key,
    signs_each: bool,
    signed_at: u64,
    token: String,
}

impl Signer {
    /// Signs for `username`: each request, or once a second for all requests of that second.
    #[must_use]
    pub fn new(username: &str, key: Key, signs_each: bool) -> Self {
        Self {
            username: username.into(),
            key,
            signs_each,
            signed_at: u64::MAX,
            token: String::new(),
        }
    }

    /// The token of a request at `unix_seconds`.
    pub fn token(&mut self, unix_seconds: u64) -> &str {
        if self.signs_each || self.signed_at != unix_seconds {
            self.token = self.key.token(&self.username, unix_seconds);
            self.signed_at = unix_seconds;
        }
        &self.token
    }
}
