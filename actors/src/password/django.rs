//! Django's hash of a password: `pbkdf2_sha256$iterations$salt$base64`.

use super::error::HashError;
use base64::engine::general_purpose::STANDARD;
use base64::Engine;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Most iterations: about 0.35 s. Django of 2026 makes 1,500,000.
pub(super) const MOST_ITERATIONS: u32 = 3_000_000;
/// Longest salt, in bytes. Django makes 22.
const LONGEST_SALT: usize = 128;

/// Such a hash, read.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Django {
    iterations: u32,
    salt: Box<str>,
    output: [u8; 32],
}

impl Django {
    /// Reads what follows `pbkdf2_sha256$`.
    pub(super) fn parse(text: &str) -> Result<Self, HashError> {
        let mut parts = text.splitn(3, '$');
        let (Some(iterations), Some(salt), Some(output)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(HashError::Malformed);
        };
        let is_number = !iterations.is_empty() && iterations.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number || salt.is_empty() || salt.len() > LONGEST_SALT {
            return Err(HashError::Malformed);
        }
        let iterations: u32 = iterations.parse().map_err(|_| HashError::TooCostly)?;
        if iterations == 0 {
            return Err(HashError::Malformed);
        }
        if iterations > MOST_ITERATIONS {
            return Err(HashError::TooCostly);
        }
        let output = STANDARD.decode(output).map_err(|_| HashError::Malformed)?;
        Ok(Self {
            iterations,
            salt: salt.into(),
            output: output.try_into().map_err(|_| HashError::Malformed)?,
        })
    }

    pub(super) fn iterations(&self) -> u32 {
        self.iterations
    }

    pub(super) fn verify(&self, password: &[u8]) -> bool {
        let output = pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(password, self.salt.as_bytes(), self.iterations);
        output.ct_eq(&self.output).into()
    }

    pub(super) fn to_text(&self) -> String {
        let output = STANDARD.encode(self.output);
        format!("pbkdf2_sha256${}${}${output}", self.iterations, self.salt)
    }
}
