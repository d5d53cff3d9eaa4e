//! Keys of simulated programs, and the tokens they sign.

use super::plan::{KeyType, Signing};
use crate::auth::token::{base62, sign_message};
use crate::cli::Failure;
use base64::prelude::{Engine, BASE64_URL_SAFE};
use dsa::pkcs8::der::Encode;
use dsa::signature::DigestSigner;
use dsa::{Components, KeySize};
use ed25519_dalek::{Signer as _, SigningKey};
use rand_core::OsRng;
use sha2::{Digest, Sha256};
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::public::{DsaPublicKey, KeyData};
use ssh_key::{PrivateKey, PublicKey};
use std::path::Path;
use std::sync::Arc;

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
pub enum Maker {
    /// Ed25519.
    Ed25519,
    /// DSA keys share their public numbers: finding those takes a second.
    Dsa(Box<Components>),
}

impl Maker {
    /// For keys of that type.
    #[must_use]
    pub fn new(kind: KeyType) -> Self {
        match kind {
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
            Self::Dsa(components) => Key::Dsa(Arc::new(dsa::SigningKey::generate(
                &mut OsRng,
                (**components).clone(),
            ))),
        }
    }
}

impl Key {
    /// Reads an OpenSSH private key.
    ///
    /// # Errors
    /// When the file can't be read, or has no Ed25519 or DSA key in the clear.
    pub fn read(file: &Path) -> Result<Self, Failure> {
        let place = file.display();
        let text = std::fs::read_to_string(file).map_err(|error| format!("can't read {place}: {error}"))?;
        let key = PrivateKey::from_openssh(&text)
            .map_err(|error| format!("{place} is no OpenSSH private key: {error}"))?;
        match key.key_data() {
            KeypairData::Ed25519(pair) => Ok(Self::ed25519(pair)),
            KeypairData::Dsa(pair) => Ok(Self::Dsa(Arc::new(dsa::SigningKey::try_from(pair)?))),
            _ => Err(format!("{place} must have an Ed25519 or DSA key, not encrypted").into()),
        }
    }

    fn ed25519(pair: &Ed25519Keypair) -> Self {
        Self::Ed25519(Box::new(SigningKey::from_bytes(&pair.private.to_bytes())))
    }

    /// The OpenSSH line of the public key.
    ///
    /// # Errors
    /// When its numbers can't be written, which a key that was made or read here does not cause.
    pub fn public_line(&self) -> Result<String, Failure> {
        let data = match self {
            Self::Ed25519(key) => {
                KeyData::Ed25519(ssh_key::public::Ed25519PublicKey(key.verifying_key().to_bytes()))
            }
            Self::Dsa(key) => KeyData::Dsa(DsaPublicKey::try_from(key.verifying_key())?),
        };
        Ok(PublicKey::new(data, "").to_openssh()?)
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            Self::Dsa(key) => {
                let signature: Result<dsa::Signature, _> =
                    key.try_sign_digest(Sha256::new_with_prefix(message));
                // What can't be signed is refused by the service, and counted as such.
                signature
                    .ok()
                    .and_then(|signature| signature.to_der().ok())
                    .unwrap_or_default()
            }
        }
    }
}

/// An account's key at work in one program.
#[derive(Debug, Clone)]
pub struct Signer {
    username: Arc<str>,
    key: Key,
    signing: Signing,
    signed_at: u64,
    token: String,
}

impl Signer {
    /// Signs for `username`.
    #[must_use]
    pub fn new(username: &str, key: Key, signing: Signing) -> Self {
        Self {
            username: username.into(),
            key,
            signing,
            signed_at: u64::MAX,
            token: String::new(),
        }
    }

    /// The token of a request at `seconds` since the epoch.
    pub fn token(&mut self, seconds: u64) -> &str {
        if self.signing == Signing::Each || self.signed_at != seconds {
            let time = base62(seconds);
            let signature = self.key.sign(&sign_message(&self.username, &time));
            self.token = format!("{}:{time}:{}", self.username, BASE64_URL_SAFE.encode(signature));
            self.signed_at = seconds;
        }
        &self.token
    }
}
