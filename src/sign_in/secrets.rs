//! The secrets that tokens are signed with. The first signs, all verify, so that one can replace
//! another while tokens of the old one are in use.

use beamlive_actors::clock::KeySource;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use std::fmt::{self, Write as _};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use thiserror::Error;
use zeroize::Zeroizing;

/// The file in the data directory.
pub const FILE: &str = "jwt.secret";
/// Shorter secrets of other servers are used, with a warning. HS256 asks for 32 bytes.
const SHORTEST: usize = 32;
/// Largest file of a secret, in bytes.
const LONGEST: u64 = 4096;

/// A secret, with the name that tokens have for it.
#[derive(Clone)]
pub struct Secret {
    key: Zeroizing<Vec<u8>>,
    kid: String,
}

/// At least one secret.
#[derive(Debug, Clone)]
pub struct Secrets {
    first: Secret,
    others: Vec<Secret>,
}

/// Why there is no secret.
#[derive(Debug, Error)]
pub enum SecretError {
    /// The file cannot be read or made.
    #[error("{path}: the secret of tokens can't be read or made")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file has nothing in it.
    #[error("{path}: is empty: write the secret into it, or remove it")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file is not a secret.
    #[error("{path}: is longer than 4096 bytes, so it is no secret")]
    TooLong {
        /// The file.
        path: PathBuf,
    },
    /// Everyone on the machine could sign tokens.
    #[error("{path}: can be read by others: chmod 600 it, or remove it, and a new one is made")]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// No file was named.
    #[error("there is no file with a secret")]
    Nothing,
}

impl Secret {
    /// Takes the bytes of a secret.
    #[must_use]
    pub fn new(key: Vec<u8>) -> Self {
        let digest = Sha256::new()
            .chain_update(b"beamlive jwt kid\0")
            .chain_update(&key)
            .finalize();
        let kid = digest.iter().take(4).fold(String::new(), |mut kid, byte| {
            // Writing to a string does not fail.
            let _ = write!(kid, "{byte:02x}");
            kid
        });
        let key = Zeroizing::new(key);
        Self { key, kid }
    }

    /// The name of the secret: 8 hex digits of its hash. They help nobody to guess a secret who
    /// does not have a token signed with it.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The key of HMAC.
    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }

    /// Whether it could be guessed from a token.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.key.len() < SHORTEST
    }

    /// Reads a file. Its bytes are the secret, without the newline at its end: what Django calls
    /// `SECRET_KEY`, as it is.
    ///
    /// # Errors
    /// [`SecretError`].
    pub fn read(path: &Path) -> Result<Self, SecretError> {
        let unusable = |source| unusable(path, source);
        let file = File::open(path).map_err(unusable)?;
        let mut key = Vec::new();
        io::Read::read_to_end(&mut io::Read::take(file, LONGEST + 1), &mut key).map_err(unusable)?;
        let key = Zeroizing::new(key);
        if key.len() as u64 > LONGEST {
            return Err(SecretError::TooLong {
                path: path.to_owned(),
            });
        }
        let line = key.strip_suffix(b"\n").unwrap_or(&key);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return Err(SecretError::Empty {
                path: path.to_owned(),
            });
        }
        let secret = Self::new(line.to_vec());
        if secret.is_short() {
            tracing::warn!(
                ?path,
                "the secret of tokens is shorter than 32 bytes: whoever has a token can try to guess it"
            );
        }
        Ok(secret)
    }

    /// Reads the secret in the data directory `directory`, or makes it.
    ///
    /// # Errors
    /// [`SecretError`], also if others can read the file.
    pub fn read_or_make(directory: &Path, keys: &dyn KeySource) -> Result<Self, SecretError> {
        let path = directory.join(FILE);
        let unusable = |source| unusable(&path, source);
        let made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        match made {
            Ok(mut new) => {
                let (first, second) = (keys.secure_key(), keys.secure_key());
                let text = Zeroizing::new(format!("{}{}", first.to_hex(), second.to_hex()));
                let secret = text.get(..64).unwrap_or(&text);
                new.write_all(secret.as_bytes())
                    .and_then(|()| new.write_all(b"\n"))
                    .and_then(|()| new.sync_all())
                    .and_then(|()| File::open(directory)?.sync_all())
                    .map_err(unusable)?;
                Ok(Self::new(secret.as_bytes().to_vec()))
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let mode = path.metadata().map_err(unusable)?.permissions().mode();
                if mode & 0o077 != 0 {
                    return Err(SecretError::Exposed { path });
                }
                Self::read(&path)
            }
            Err(error) => Err(unusable(error)),
        }
    }
}

impl Secrets {
    /// The first of `secrets` signs, all verify.
    ///
    /// # Errors
    /// [`SecretError::Nothing`] if there is none.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Result<Self, SecretError> {
        let mut secrets = secrets.into_iter();
        Ok(Self {
            first: secrets.next().ok_or(SecretError::Nothing)?,
            others: secrets.collect(),
        })
    }

    /// The secret that signs.
    #[must_use]
    pub fn signing(&self) -> &Secret {
        &self.first
    }

    /// The secrets that may have signed a token: those of this name, or all for a token that names
    /// none (Django's).
    pub fn verifying<'a>(&'a self, kid: Option<&'a str>) -> impl Iterator<Item = &'a Secret> {
        std::iter::once(&self.first)
            .chain(&self.others)
            .filter(move |secret| kid.is_none_or(|kid| kid == secret.kid))
    }

    /// A key for another purpose, made from the secret that signs. It changes with it.
    #[must_use]
    pub fn derived(&self, purpose: &str) -> [u8; 32] {
        // A key of any length fits.
        let mac = Hmac::<Sha256>::new_from_slice(self.first.key());
        mac.map_or([0; 32], |mac| {
            let mac = mac
                .chain_update(b"beamlive derived\0")
                .chain_update(purpose.as_bytes());
            mac.finalize().into_bytes().into()
        })
    }
}

fn unusable(path: &Path, source: io::Error) -> SecretError {
    SecretError::Unusable {
        path: path.to_owned(),
        source,
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.kid)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use beamlive_actors::clock::{CountingKeys, SystemKeys};
    use rstest::rstest;
    use std::fs;

    #[test]
    fn the_name_of_a_secret_is_its_hash() {
        // Made by hashlib.sha256.
        let secret = Secret::new(b"django-insecure-k3y_of+the&old=server!0123456789abcdefgh".to_vec());
        assert_eq!(secret.kid(), "d41178a9");
        assert_eq!(format!("{secret:?}"), "Secret(d41178a9)");
    }

    #[rstest]
    #[case(b"secret\n", b"secret")]
    #[case(b"secret", b"secret")]
    #[case(b"secret\r\n", b"secret")]
    #[case(b" sec ret \n\n", b" sec ret \n")]
    fn the_bytes_of_a_file_are_the_secret(#[case] written: &[u8], #[case] key: &[u8]) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        fs::write(&path, written).unwrap();
        assert_eq!(Secret::read(&path).unwrap().key(), key);
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        assert!(matches!(Secret::read(&path), Err(SecretError::Unusable { .. })));
        for empty in ["", "\n", "\r\n"] {
            fs::write(&path, empty).unwrap();
            assert!(matches!(Secret::read(&path), Err(SecretError::Empty { .. })));
        }
        fs::write(&path, [b'x'; 4097]).unwrap();
        assert!(matches!(Secret::read(&path), Err(SecretError::TooLong { .. })));
        assert!(matches!(Secrets::new([]), Err(SecretError::Nothing)));
    }

    #[test]
    fn a_short_secret_is_used() {
        assert!(Secret::new(vec![b'x'; 31]).is_short());
        assert!(!Secret::new(vec![b'x'; 32]).is_short());
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        fs::write(&path, "short").unwrap();
        assert_eq!(Secret::read(&path).unwrap().key(), b"short");
    }

    #[test]
    fn a_secret_is_made_once_for_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let made = Secret::read_or_make(directory.path(), &SystemKeys).unwrap();
        let path = directory.path().join(FILE);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(made.key().len(), 64);
        let read = Secret::read_or_make(directory.path(), &CountingKeys::default()).unwrap();
        assert_eq!(read.key(), made.key());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let exposed = Secret::read_or_make(directory.path(), &SystemKeys);
        assert!(matches!(exposed, Err(SecretError::Exposed { .. })));
    }

    #[test]
    fn the_first_signs_and_those_of_a_name_verify() {
        let secret = |text: &str| Secret::new(text.into());
        let secrets = Secrets::new([secret("a"), secret("b")]).unwrap();
        let second = secret("b");
        let keys = |kid| {
            secrets
                .verifying(kid)
                .map(|found| found.key().to_vec())
                .collect::<Vec<_>>()
        };
        assert_eq!(secrets.signing().key(), b"a");
        assert_eq!(keys(None), [b"a", b"b"]);
        assert_eq!(keys(Some(second.kid())), [b"b"]);
        assert!(keys(Some("00000000")).is_empty());
    }

    #[test]
    fn keys_for_other_purposes_differ_from_each_other() {
        let secrets = Secrets::new([Secret::new(b"a".to_vec())]).unwrap();
        assert_ne!(secrets.derived("stand-in"), secrets.derived("cookie"));
    }
}
