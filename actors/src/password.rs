//! Passwords and their hashes, of Argon2id (made here) and of Django's PBKDF2 (brought along).
//!
//! A check takes about 40 ms and 32 MiB for a hash that is made here, and 115 ms for a million
//! iterations of PBKDF2. `src/sign_in/stand_in.rs` says what can be told from these times.

mod django;
mod error;

pub use error::{HashError, Unfit};

use crate::clock::KeySource;
use argon2::password_hash::{PasswordHash as Phc, PasswordHashString, SaltString};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use django::Django;
use std::fmt;
use zeroize::Zeroizing;

/// Longest password, in bytes.
pub const LONGEST: usize = 4096;
/// Shortest new password, in characters.
pub const SHORTEST: usize = 10;

/// Memory of a hash that is made here, in KiB. More than the least that OWASP recommends (19 MiB
/// with two passes), and one check at a time on a machine with two cores.
const MEMORY: u32 = 32 * 1024;
/// Passes over the memory of a hash that is made here.
const PASSES: u32 = 2;
/// Lanes of a hash that is made here.
const LANES: u32 = 1;

/// Most memory that a hash may ask for, in KiB. Django's own Argon2 hashes ask for 100 MiB.
pub const MOST_MEMORY: u32 = 128 * 1024;
/// Most memory times passes of a hash, in KiB: about 0.7 s.
const MOST_WORK: u64 = 1024 * 1024;
/// Most lanes of a hash.
const MOST_LANES: u32 = 16;
/// Longest text of a hash, in bytes.
const LONGEST_TEXT: usize = 512;

/// A password as a client sent it. Its memory is overwritten when it is dropped.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

/// The hash of a password.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Kind);

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    Argon2id(PasswordHashString),
    Django(Django),
}

/// What the check of a hash costs. Hashes of one cost take the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cost {
    /// Argon2id.
    Argon2id {
        /// KiB.
        memory: u32,
        /// Passes over the memory.
        passes: u32,
        /// Lanes.
        lanes: u32,
    },
    /// PBKDF2 with SHA-256.
    Django {
        /// Iterations.
        iterations: u32,
    },
}

impl Password {
    /// Takes a password of at most [`LONGEST`] bytes.
    ///
    /// # Errors
    /// [`Unfit::TooLong`].
    pub fn new(text: String) -> Result<Self, Unfit> {
        let text = Zeroizing::new(text);
        if text.len() > LONGEST {
            return Err(Unfit::TooLong);
        }
        Ok(Self(text))
    }

    /// Whether it can become the password of the account `username`.
    ///
    /// # Errors
    /// [`Unfit`], in words for the person who chose it.
    pub fn fits_new(&self, username: &str) -> Result<(), Unfit> {
        if self.0.chars().count() < SHORTEST {
            return Err(Unfit::TooShort);
        }
        if self.0.eq_ignore_ascii_case(username) {
            return Err(Unfit::Username);
        }
        Ok(())
    }
}

impl PasswordHash {
    /// Reads `$argon2id$…`, or Django's `pbkdf2_sha256$…` or `argon2$argon2id$…`.
    ///
    /// # Errors
    /// [`HashError`], in words for the author of a facility file. Hashes whose check would take
    /// more than about a second or 128 MiB are refused.
    pub fn parse(text: &str) -> Result<Self, HashError> {
        if text.len() > LONGEST_TEXT {
            return Err(HashError::TooLong);
        }
        if text.starts_with('!') {
            return Err(HashError::Unusable);
        }
        if let Some(django) = text.strip_prefix("pbkdf2_sha256$") {
            return Ok(Self(Kind::Django(Django::parse(django)?)));
        }
        let phc = match text.strip_prefix("argon2$") {
            Some(phc) => format!("${phc}"),
            None => text.to_owned(),
        };
        if !phc.starts_with("$argon2id$") {
            return Err(HashError::UnknownKind);
        }
        let hash = PasswordHashString::new(&phc).map_err(|_| HashError::Malformed)?;
        check_argon2(&hash.password_hash())?;
        Ok(Self(Kind::Argon2id(hash)))
    }

    /// Hashes a password with Argon2id. The salt is the last 128 bits of a key of `salts`.
    ///
    /// # Errors
    /// [`HashError::NotMade`], if the crate refuses its parameters. Tests show that it does not.
    pub fn make(password: &Password, salts: &dyn KeySource) -> Result<Self, HashError> {
        let key = salts.secure_key();
        let salt = key.0.last_chunk::<16>().ok_or(HashError::NotMade)?;
        let salt = SaltString::encode_b64(salt).map_err(|_| HashError::NotMade)?;
        let params = Params::new(MEMORY, PASSES, LANES, None).map_err(|_| HashError::NotMade)?;
        let hash = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password(password.0.as_bytes(), &salt)
            .map_err(|_| HashError::NotMade)?;
        Ok(Self(Kind::Argon2id(hash.serialize())))
    }

    /// Whether it is the hash of `password`. The time is that of its [`Cost`], whatever the answer.
    #[must_use]
    pub fn verify(&self, password: &Password) -> bool {
        let password = password.0.as_bytes();
        match &self.0 {
            Kind::Argon2id(hash) => Argon2::default()
                .verify_password(password, &hash.password_hash())
                .is_ok(),
            Kind::Django(hash) => hash.verify(password),
        }
    }

    /// Whether a successful sign-in should replace it by a hash with today's parameters.
    #[must_use]
    pub fn needs_rehash(&self) -> bool {
        self.cost() != Cost::CURRENT
    }

    /// What its check costs.
    #[must_use]
    pub fn cost(&self) -> Cost {
        match &self.0 {
            Kind::Django(hash) => Cost::Django {
                iterations: hash.iterations(),
            },
            // Parameters are checked when the text is read.
            Kind::Argon2id(hash) => Params::try_from(&hash.password_hash())
                .map_or(Cost::CURRENT, |params| Cost::argon2id(&params)),
        }
    }

    /// The text to be kept. It is a secret.
    #[must_use]
    pub fn to_text(&self) -> String {
        match &self.0 {
            Kind::Argon2id(hash) => hash.to_string(),
            Kind::Django(hash) => hash.to_text(),
        }
    }

    /// A hash of this cost that no password is known to have.
    pub fn of_nobody(cost: Cost) -> Result<Self, HashError> {
        const NOTHING: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        Self::parse(&match cost {
            Cost::Argon2id {
                memory,
                passes,
                lanes,
            } => format!("$argon2id$v=19$m={memory},t={passes},p={lanes}$c3RhbmQtaW4tc2FsdA${NOTHING}"),
            Cost::Django { iterations } => format!("pbkdf2_sha256${iterations}$stand-in${NOTHING}="),
        })
    }
}

impl Cost {
    /// The cost of a hash that is made here.
    pub const CURRENT: Self = Self::Argon2id {
        memory: MEMORY,
        passes: PASSES,
        lanes: LANES,
    };

    fn argon2id(params: &Params) -> Self {
        Self::Argon2id {
            memory: params.m_cost(),
            passes: params.t_cost(),
            lanes: params.p_cost(),
        }
    }
}

/// Checks that the hash can be verified, and at a bounded cost.
fn check_argon2(hash: &Phc<'_>) -> Result<(), HashError> {
    let params = Params::try_from(hash).map_err(|_| HashError::Malformed)?;
    let is_whole = hash.salt.is_some() && hash.hash.is_some_and(|output| output.len() >= 16);
    if !is_whole || hash.version != Some(Version::V0x13.into()) {
        return Err(HashError::Malformed);
    }
    if !params.keyid().is_empty() || !params.data().is_empty() {
        return Err(HashError::Keyed);
    }
    let work = u64::from(params.m_cost()) * u64::from(params.t_cost());
    if params.m_cost() > MOST_MEMORY || params.p_cost() > MOST_LANES || work > MOST_WORK {
        return Err(HashError::TooCostly);
    }
    Ok(())
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PasswordHash({:?}, …)", self.cost())
    }
}

#[cfg(test)]
mod tests;
