//! How a program proves whose requests it sends, and how they are addressed: by version 2, a
//! signature in each path; by version 3, an access token that its password gave. Pure, except for
//! signing.

use crate::http::{request, Target};
use beamlive_client::key::{Key, Signer};
use beamlive_client::sign_in::{Pair, ACCESS_TOKEN};
use beamlive_storage::Timestamp;
use std::fmt::Arguments;

/// What an account has.
#[derive(Debug, Clone)]
pub(crate) enum Credentials {
    Key(Key),
    Password(String),
}

/// A request of an account. `Launch` and `Close` name the session.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Route<'a> {
    Launch(&'a str),
    Close(&'a str),
    Samples,
    Dataset(&'a [u8]),
    Report(&'a [u8]),
}

/// The account of one program.
#[derive(Debug, Clone)]
pub(crate) enum Caller {
    /// By version 2.
    Key(Signer),
    /// By version 3.
    Password {
        username: String,
        password: String,
        /// The value of the header; `None` before it has signed in, and after a token was refused.
        token: Option<String>,
    },
}

impl Caller {
    /// The program of an account. With a key, it signs each request, or once a second.
    pub(crate) fn new(username: &str, credentials: &Credentials, signs_each: bool) -> Self {
        match credentials {
            Credentials::Key(key) => Self::Key(Signer::new(username, key.clone(), signs_each)),
            Credentials::Password(password) => Self::Password {
                username: username.to_owned(),
                password: password.clone(),
                token: None,
            },
        }
    }

    /// Whether it has to sign in before its next request.
    pub(crate) fn must_sign_in(&self) -> bool {
        matches!(self, Self::Password { token: None, .. })
    }

    /// Writes the request that signs in.
    pub(crate) fn sign_in(&self, target: &Target, out: &mut Vec<u8>) {
        if let Self::Password {
            username, password, ..
        } = self
        {
            let form = [("username", username), ("password", password)];
            // Two texts can always be written as a form.
            let form = serde_urlencoded::to_string(form).unwrap_or_default();
            let headers = [("Content-Type", "application/x-www-form-urlencoded")];
            let path = format_args!("/api/v3/auth/");
            request(out, target, "POST", path, &headers, Some(form.as_bytes()));
        }
    }

    /// Takes the answer of a sign-in.
    pub(crate) fn signed_in(&mut self, body: &[u8]) {
        if let (Self::Password { token, .. }, Ok(pair)) = (self, serde_json::from_slice::<Pair>(body)) {
            *token = Some(format!("Bearer {}", pair.access));
        }
    }

    /// Forgets its token, because the service has refused it.
    pub(crate) fn forget_token(&mut self) {
        if let Self::Password { token, .. } = self {
            *token = None;
        }
    }

    /// Writes a request at a beamline.
    pub(crate) fn request(
        &mut self,
        target: &Target,
        beamline: &str,
        route: Route<'_>,
        now: Timestamp,
        out: &mut Vec<u8>,
    ) {
        let (method, body) = match route {
            Route::Launch(_) | Route::Close(_) => ("POST", Some(&b""[..])),
            Route::Samples => ("GET", None),
            Route::Dataset(body) | Route::Report(body) => ("POST", Some(body)),
        };
        match self {
            Self::Key(signer) => {
                let token = signer.token(u64::try_from(now.0 / 1_000_000).unwrap_or_default());
                let mut send = |path: Arguments<'_>| request(out, target, method, path, &[], body);
                match route {
                    Route::Launch(session) => {
                        send(format_args!("/api/v2/{token}/launch/{beamline}/{session}/"))
                    }
                    Route::Close(session) => {
                        send(format_args!("/api/v2/{token}/close/{beamline}/{session}/"))
                    }
                    Route::Samples => send(format_args!("/api/v2/{token}/samples/{beamline}/")),
                    Route::Dataset(_) => send(format_args!("/api/v2/{token}/data/{beamline}/")),
                    Route::Report(_) => send(format_args!("/api/v2/{token}/report/{beamline}/")),
                }
            }
            Self::Password { token, .. } => {
                let headers = [(ACCESS_TOKEN, token.as_deref().unwrap_or_default())];
                let mut send = |path: Arguments<'_>| request(out, target, method, path, &headers, body);
                match route {
                    Route::Launch(session) => {
                        send(format_args!("/api/v3/session/{beamline}/{session}/start/"))
                    }
                    Route::Close(session) => {
                        send(format_args!("/api/v3/session/{beamline}/{session}/close/"))
                    }
                    Route::Samples => send(format_args!("/api/v3/samples/{beamline}/")),
                    Route::Dataset(_) => send(format_args!("/api/v3/data/{beamline}/")),
                    Route::Report(_) => send(format_args!("/api/v3/report/{beamline}/")),
                }
            }
        }
    }
}
