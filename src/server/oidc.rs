//! Sign-in with OpenID Connect, as it is configured.

use super::failure::StartError;
use crate::config::{Oidc, Settings};
use crate::sign_in::oidc::setup::Setup;
use std::fs;
use std::path::PathBuf;

/// What the settings say. `None` without an issuer.
pub(super) fn setup(settings: &Settings) -> Result<Option<Setup>, StartError> {
    let oidc = &settings.oidc;
    let Some(issuer) = oidc.issuer.clone() else {
        let off = Oidc {
            claim: oidc.claim.clone(),
            ..Oidc::default()
        };
        return match *oidc == off {
            true => Ok(None),
            false => Err(StartError::Oidc("the other settings of [oidc] need oidc.issuer")),
        };
    };
    let client_id = oidc.client_id.clone();
    let from_public = || {
        let public = settings.public_url.as_ref()?;
        Some(format!("{public}/api/v3/auth/oidc/callback"))
    };
    let redirect_url = oidc.redirect_url.clone().or_else(from_public);
    if issuer.starts_with("http://") {
        tracing::warn!(
            issuer,
            "oidc.issuer has no TLS: anyone on the network path can sign in as any user"
        );
    }
    let secret = oidc.client_secret_file.as_ref().map(read).transpose()?;
    let secret = secret.map(|bytes| {
        let text = String::from_utf8(bytes).unwrap_or_default();
        match text.trim_end_matches(['\r', '\n']) {
            "" => Err(StartError::Oidc("oidc.client_secret_file is empty, or no text")),
            secret => Ok(secret.to_owned()),
        }
    });
    Ok(Some(Setup {
        issuer,
        client_id: client_id.ok_or(StartError::Oidc("oidc.issuer needs oidc.client_id"))?,
        client_secret: secret.transpose()?,
        claim: oidc.claim.clone(),
        redirect_url: redirect_url.ok_or(StartError::Oidc(
            "oidc.issuer needs public_url or oidc.redirect_url",
        ))?,
        certificates: oidc.ca_file.as_ref().map(read).transpose()?,
    }))
}

fn read(path: &PathBuf) -> Result<Vec<u8>, StartError> {
    fs::read(path).map_err(|source| StartError::OidcFile {
        path: path.clone(),
        source,
    })
}
