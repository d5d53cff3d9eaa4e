//! Version 2: the key that signs requests, in a file.

use beamlive_client::token::token;
use beamlive_client::Failure;
use ed25519_dalek::{Signer, SigningKey};
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{LineEnding, PrivateKey};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Signs a request of `username` at `unix_seconds`: the path segment that proves who sends it.
#[must_use]
pub(super) fn sign(key: &SigningKey, username: &str, unix_seconds: u64) -> String {
    token(username, unix_seconds, |message| key.sign(message).to_vec())
}

/// Makes a key in a new file that only its owner can read. Returns it with its public half.
///
/// # Errors
/// When there is such a file.
pub(super) fn make_key(file: &Path) -> Result<(SigningKey, String), Failure> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| format!("the system gives no random bytes: {error}"))?;
    let pair = Ed25519Keypair::from_seed(&seed);
    let key = PrivateKey::new(KeypairData::Ed25519(pair), "beamlive client")?;
    let text = key.to_openssh(LineEnding::LF)?;
    let mut new = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .map_err(|error| format!("can't make the key file {}: {error}", file.display()))?;
    new.write_all(text.as_bytes())?;
    Ok((SigningKey::from_bytes(&seed), key.public_key().to_openssh()?))
}

/// Reads a key, and its public half.
///
/// # Errors
/// When the file can't be read, or has no Ed25519 key.
pub(super) fn read_key(file: &Path) -> Result<(SigningKey, String), Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        format!(
            "can't read the key in {}: {error}; make one with beamlive client keygen",
            file.display()
        )
    })?;
    let key = PrivateKey::from_openssh(&text)?;
    match key.key_data() {
        KeypairData::Ed25519(pair) => Ok((
            SigningKey::from_bytes(&pair.private.to_bytes()),
            key.public_key().to_openssh()?,
        )),
        _ => Err(format!(
            "{} is no Ed25519 key: make one with beamlive client keygen",
            file.display()
        )
        .into()),
    }
}
