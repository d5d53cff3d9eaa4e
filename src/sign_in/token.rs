//! JSON Web Tokens: HS256, with the claims of MxLIVE, and `account` and `epoch`, which only
//! beamlive writes.
//!
//! The first half of `jti` names the token's *family*: all tokens that come from one sign-in. The
//! same ids and the same secret give the same text.

mod ids;

pub use ids::{Family, Jti, PairIds};

use super::secrets::{Secret, Secrets};
use beamlive_storage::Timestamp;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Deserializer, Serialize};
use std::time::Duration;
use thiserror::Error;

/// Longest token, in bytes. Ours have about 350.
const LONGEST: usize = 4096;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// What the token is for.
    pub token_type: TokenType,
    /// When it ends, in seconds since 1970. Invalid from that second on.
    pub exp: i64,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// Its id.
    pub jti: Jti,
    /// Whose it is.
    #[serde(flatten)]
    pub subject: Subject,
}

/// Whose a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The id of the account. Newer versions of simplejwt write it as a string.
    #[serde(deserialize_with = "number_or_string")]
    pub user_id: u64,
    /// The kind of the account. Absent in MxLIVE's tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Kind>,
    /// How often all tokens of the account had been ended when this one was issued. Absent in
    /// MxLIVE's tokens; counts as 0.
    #[serde(default)]
    pub epoch: u32,
}

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenType {
    /// It goes with requests.
    Access,
    /// It is exchanged for a new pair.
    Refresh,
}

/// The kind of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A project that signs in itself.
    Project,
    /// A person, who may be a member of projects.
    Person,
}

/// How long new tokens live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// Of an access token.
    pub access: Duration,
    /// Of a refresh token.
    pub refresh: Duration,
}

/// The answer to a sign-in and to a refresh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
}

/// Why a token is refused: for the log. A client learns only that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Invalid {
    /// It is not a token with these claims.
    #[error("is no token with the claims of this service")]
    Malformed,
    /// It is not signed with HS256.
    #[error("is not signed with HS256")]
    Algorithm,
    /// It names a secret that is not in use.
    #[error("is signed with a secret that is not in use")]
    UnknownSecret,
    /// It was not signed with any of the secrets.
    #[error("has a wrong signature")]
    Signature,
    /// Its time is over.
    #[error("has expired")]
    Expired,
}

/// A token could not be signed.
#[derive(Debug, Error)]
#[error("a token could not be signed")]
pub struct NotSigned(#[source] jsonwebtoken::errors::Error);

impl Claims {
    /// The token as text, signed with `secret`.
    ///
    /// # Errors
    /// [`NotSigned`], if the claims cannot be serialized, which does not happen.
    pub fn sign(&self, secret: &Secret) -> Result<String, NotSigned> {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(secret.kid().to_owned());
        jsonwebtoken::encode(&header, self, &EncodingKey::from_secret(secret.key())).map_err(NotSigned)
    }

    /// The claims of a token that is signed with one of the secrets and has not expired at `now`.
    /// It does not check whether the account has changed or its tokens have ended.
    ///
    /// # Errors
    /// [`Invalid`].
    pub fn verify(token: &str, secrets: &Secrets, now: Timestamp) -> Result<Self, Invalid> {
        if token.len() > LONGEST {
            return Err(Invalid::Malformed);
        }
        // A header with an algorithm that the crate does not know, such as `none`, is not read.
        let header = jsonwebtoken::decode_header(token).map_err(|_| Invalid::Malformed)?;
        if header.alg != Algorithm::HS256 {
            return Err(Invalid::Algorithm);
        }
        let mut rules = Validation::new(Algorithm::HS256);
        // The crate would ask the machine's clock, and allow a minute more.
        rules.validate_exp = false;
        rules.validate_aud = false;
        rules.required_spec_claims.clear();
        let mut refused = Invalid::UnknownSecret;
        for secret in secrets.verifying(header.kid.as_deref()) {
            let key = DecodingKey::from_secret(secret.key());
            match jsonwebtoken::decode::<Self>(token, &key, &rules) {
                Ok(token) => return token.claims.fresh(now),
                Err(error) if *error.kind() == ErrorKind::InvalidSignature => refused = Invalid::Signature,
                Err(_) => return Err(Invalid::Malformed),
            }
        }
        Err(refused)
    }

    fn fresh(self, now: Timestamp) -> Result<Self, Invalid> {
        if self.exp <= now.seconds() {
            return Err(Invalid::Expired);
        }
        Ok(self)
    }
}

impl PairIds {
    /// The two tokens of these ids.
    ///
    /// # Errors
    /// [`NotSigned`], if the claims cannot be serialized, which does not happen.
    pub fn sign(&self, subject: Subject, lifetimes: Lifetimes, secrets: &Secrets) -> Result<Pair, NotSigned> {
        let token = |token_type, jti, lifetime: Duration| {
            let lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
            Claims {
                token_type,
                exp: self.issued_at.saturating_add(lifetime),
                iat: self.issued_at,
                jti,
                subject,
            }
            .sign(secrets.signing())
        };
        Ok(Pair {
            access: token(TokenType::Access, self.access, lifetimes.access)?,
            refresh: token(TokenType::Refresh, self.refresh, lifetimes.refresh)?,
        })
    }
}

fn number_or_string<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u64),
        Text(String),
    }
    match Either::deserialize(deserializer)? {
        Either::Number(number) => Ok(number),
        Either::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}

#[cfg(test)]
mod tests;
