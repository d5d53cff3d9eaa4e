//! Public keys, parsed from OpenSSH key lines.

use super::error::{KeyError, MAX_LINE};
use super::kind::KeyKind;
use super::verifier::Verifier;
use ssh_key::HashAlg;
use std::fmt;

/// A public key that can sign requests, ready to verify with.
///
/// Equal keys have equal [`line`](PublicKey::line)s, whatever their comments.
#[derive(Clone)]
pub struct PublicKey {
    line: String,
    fingerprint: String,
    pub(super) verifier: Verifier,
}

impl PublicKey {
    /// Parses one OpenSSH public key line (`type base64 comment`). The comment is optional. White
    /// space around the line is ignored.
    ///
    /// # Errors
    /// [`KeyError`]; its message tells a person what is wrong with the line and what to do.
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

    /// The key as `type base64`, without a comment. Every spelling of a key gives the same line.
    pub fn line(&self) -> String {
        self.line.clone()
    }

    /// The type of the key.
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

/// Checks a line for sshd's `AuthorizedKeysCommand`. It must be one well-formed OpenSSH public key
/// of any type that sshd may know, also `sk-…`. It may have a comment, but no options and no
/// control characters, which could start another line.
///
/// # Errors
/// [`KeyError`]; its message tells a person what is wrong with the line and what to do.
pub fn check_ssh_line(line: &str) -> Result<(), KeyError> {
    let key = read_line(line)?;
    match key.key_data() {
        ssh_key::public::KeyData::Other(_) => Err(KeyError::unsupported(key.algorithm().as_str())),
        _ => Ok(()),
    }
}

/// Reads a key line of any type. The comment is dropped.
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
