//! The keys that sign requests, and whether a signature was made with one.
//!
//! The time [`verify`] takes depends on the signature's shape alone, never on the account: a signature that cannot be
//! the account's is checked all the same, against a stand-in of the type it was made with.

mod error;
mod shape;
mod stand_in;
#[cfg(test)]
mod tests;
mod verifier;

pub use error::KeyError;

use shape::Shape;
use ssh_key::HashAlg;
use std::fmt;
use verifier::Verifier;

/// Longest key line that is looked at, in bytes. An 8192-bit RSA key with its comment is far below it.
pub const MAX_LINE: usize = 16 * 1024;

/// The types of keys that can sign requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// `ssh-ed25519`
    Ed25519,
    /// `ssh-dss`, 1024 bits, or 2048 with a q of 256 bits
    Dsa,
    /// `ssh-rsa`, 2048 to 8192 bits
    Rsa,
    /// `ecdsa-sha2-nistp256`
    EcdsaP256,
    /// `ecdsa-sha2-nistp384`
    EcdsaP384,
}

impl KeyKind {
    /// The type's name as OpenSSH writes it at the start of a key line.
    pub fn as_str(self) -> &'static str {
        match self {
            KeyKind::Ed25519 => "ssh-ed25519",
            KeyKind::Dsa => "ssh-dss",
            KeyKind::Rsa => "ssh-rsa",
            KeyKind::EcdsaP256 => "ecdsa-sha2-nistp256",
            KeyKind::EcdsaP384 => "ecdsa-sha2-nistp384",
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A public key that can sign requests, ready to verify with.
///
/// Equal keys have equal [`line`](PublicKey::line)s; comments do not count.
#[derive(Clone)]
pub struct PublicKey {
    line: String,
    fingerprint: String,
    verifier: Verifier,
}

impl PublicKey {
    /// Parses one OpenSSH public key line (`type base64 comment`), with or without the comment. White space around it
    /// is ignored.
    ///
    /// # Errors
    /// [`KeyError`] says to a person what is wrong with the line and what to do.
    pub fn parse(line: &str) -> Result<PublicKey, KeyError> {
        let key = read_line(line.trim())?;
        let verifier = Verifier::new(key.key_data())?;
        let line = key.to_openssh().map_err(|_| KeyError::Malformed)?;
        let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
        Ok(PublicKey {
            line,
            fingerprint,
            verifier,
        })
    }

    /// The key as `type base64`: one line, no comment, the same for every way of writing the key.
    pub fn line(&self) -> String {
        self.line.clone()
    }

    /// Which type of key it is.
    pub fn kind(&self) -> KeyKind {
        self.verifier.kind()
    }

    /// `SHA256:…` as `ssh-keygen -l` prints it. Safe to log.
    pub fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({} {})", self.kind(), self.fingerprint)
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.line == other.line
    }
}

impl Eq for PublicKey {}

/// Checks a line for sshd's `AuthorizedKeysCommand`: one well-formed OpenSSH public key of any type sshd may know
/// (also `sk-…`), with or without a comment, without options before it, and nothing that could start another line.
///
/// # Errors
/// [`KeyError`] says to a person what is wrong with the line and what to do.
pub fn check_ssh_line(line: &str) -> Result<(), KeyError> {
    let key = read_line(line)?;
    match key.key_data() {
        ssh_key::public::KeyData::Other(_) => Err(KeyError::unsupported(key.algorithm().as_str())),
        _ => Ok(()),
    }
}

/// Whether `signature` over `message` was made with `key`.
///
/// `None` stands for an account that does not exist: it takes the same time and is never true.
pub fn verify(key: Option<&PublicKey>, message: &[u8], signature: &[u8]) -> bool {
    let Some(shape) = Shape::of(signature) else {
        return false;
    };
    let own = key
        .map(|key| &key.verifier)
        .filter(|verifier| verifier.takes(&shape));
    if own.is_some_and(|verifier| verifier.verify(message, &shape)) {
        return true;
    }
    let other = own.map(Verifier::kind);
    std::hint::black_box(stand_in::verify(message, &shape, other));
    false
}

/// Whether verifying `signature` takes more than about 100 µs, so that it belongs on a pool.
///
/// Decided by its shape alone: only Ed25519 is quick, and so are bytes that are no signature at all.
pub fn is_slow(signature: &[u8]) -> bool {
    !matches!(Shape::of(signature), None | Some(Shape::Ed25519(_)))
}

/// One key line, whatever its type. The comment is dropped.
fn read_line(line: &str) -> Result<ssh_key::PublicKey, KeyError> {
    if line.len() > MAX_LINE {
        return Err(KeyError::TooLong { bytes: line.len() });
    }
    if line.contains("PRIVATE KEY") {
        return Err(KeyError::Private);
    }
    if line.chars().any(char::is_control) {
        return Err(KeyError::NotOneLine);
    }
    let mut words = line.split_ascii_whitespace();
    let Some(kind) = words.next() else {
        return Err(KeyError::Empty);
    };
    if kind.parse::<ssh_key::Algorithm>().is_err() {
        return Err(KeyError::unsupported(kind));
    }
    let Some(data) = words.next() else {
        return Err(KeyError::Malformed);
    };
    ssh_key::PublicKey::from_openssh(&format!("{kind} {data}")).map_err(|_| KeyError::Malformed)
}
