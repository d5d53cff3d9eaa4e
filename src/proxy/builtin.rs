//! The built-in Data Proxy's `POST data/create/`: a directory in, its secure key out. For the facility's own machines.

use super::roots::{OutsideRoots, Roots};
use actix_web::http::header;
use actix_web::{web, HttpRequest, HttpResponse};
use beamlive_actors::ask::Unavailable;
use beamlive_actors::clock::{Clock, KeySource};
use beamlive_actors::secure_path;
use beamlive_storage::records::SecureKey;
use beamlive_storage::{Batch, CommitError, Store};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use subtle::ConstantTimeEq;
use thiserror::Error;

/// The header that holds the shared secret.
pub const SECRET_HEADER: &str = "X-Beamlive-Secret";

/// The machine itself.
const LOOPBACK: [IpNet; 2] = [
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::LOCALHOST, 8)),
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128)),
];

/// Who may have keys made.
#[derive(Clone)]
pub struct Admission {
    /// Callers in these networks may.
    pub allow_from: Vec<IpNet>,
    /// Whoever sends this secret may, from anywhere.
    pub secret: Option<String>,
}

impl Default for Admission {
    /// The machine itself, and no secret.
    fn default() -> Self {
        Self {
            allow_from: LOOPBACK.to_vec(),
            secret: None,
        }
    }
}

impl Admission {
    /// Whether a caller from `address`, if that is known, with `secret`, if it sent one, may have keys made. How long it
    /// takes does not tell how much of the secret was right.
    #[must_use]
    pub fn admits(&self, address: Option<IpAddr>, secret: Option<&[u8]>) -> bool {
        let known = match (&self.secret, secret) {
            (Some(expected), Some(sent)) if !expected.is_empty() => {
                bool::from(expected.as_bytes().ct_eq(sent))
            }
            _ => false,
        };
        known
            || address.is_some_and(|address| {
                let address = address.to_canonical();
                self.allow_from.iter().any(|network| network.contains(&address))
            })
    }
}

/// Shows no secret.
impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admission")
            .field("allow_from", &self.allow_from)
            .field("secret", &self.secret.is_some())
            .finish()
    }
}

/// What the route works with.
#[derive(Clone)]
pub struct BuiltinProxy {
    /// Where keys are kept.
    pub store: Store,
    /// What may be served.
    pub roots: Arc<Roots>,
    /// Where keys come from.
    pub keys: Arc<dyn KeySource>,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Who may call.
    pub admission: Admission,
}

/// Why no key was made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CreateError {
    /// 403: not from there.
    #[error("keys are not made for callers from this address")]
    NotAdmitted,
    /// 400: no `path` in the body, neither as a form nor as JSON.
    #[error("the body must hold one path, as a form field or in a JSON object")]
    NoPath,
    /// 403: not served.
    #[error(transparent)]
    Outside(#[from] OutsideRoots),
    /// 503: not now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

#[derive(Deserialize)]
struct Asked {
    path: String,
}

#[derive(Serialize)]
struct Made {
    key: String,
}

/// The route's handler: `path` as a form or as JSON → `{"key": …}`. `caller` is the address that counts for
/// [`Admission`]: behind a trusted reverse proxy it is not the peer's.
///
/// # Errors
/// [`CreateError`], whose variants name their status.
pub async fn create(
    proxy: &BuiltinProxy,
    caller: Option<IpAddr>,
    request: &HttpRequest,
    body: &web::Bytes,
) -> Result<HttpResponse, CreateError> {
    let secret = request
        .headers()
        .get(SECRET_HEADER)
        .map(header::HeaderValue::as_bytes);
    if !proxy.admission.admits(caller, secret) {
        return Err(CreateError::NotAdmitted);
    }
    let path = asked(request, body).ok_or(CreateError::NoPath)?;
    let key = create_key(
        &proxy.store,
        &proxy.roots,
        proxy.keys.as_ref(),
        proxy.clock.as_ref(),
        &path,
    )
    .await?;
    Ok(HttpResponse::Ok().json(Made { key: key.to_hex() }))
}

fn asked(request: &HttpRequest, body: &[u8]) -> Option<String> {
    use actix_web::HttpMessage;
    let asked = if request.content_type().eq_ignore_ascii_case("application/json") {
        serde_json::from_slice::<Asked>(crate::wire::bom::without_bom(body)).ok()
    } else {
        let form = std::str::from_utf8(body).ok()?;
        web::Query::<Asked>::from_query(form)
            .ok()
            .map(web::Query::into_inner)
    };
    asked.map(|asked| asked.path)
}

/// A new key of `path`, a directory in one of the roots, durable when this returns. Keys made here belong to no project.
///
/// # Errors
/// [`CreateError::Outside`] and [`CreateError::Unavailable`].
pub async fn create_key(
    store: &Store,
    roots: &Roots,
    keys: &dyn KeySource,
    clock: &dyn Clock,
    path: &str,
) -> Result<SecureKey, CreateError> {
    let directory = roots.resolve(path)?;
    let key = keys.secure_key();
    let mut batch = Batch::new();
    secure_path::open(&mut batch, None, &directory, key, clock.now());
    match store.reserve().map_err(Unavailable::from)?.commit(batch).await {
        Ok(_) => Ok(key),
        Err(CommitError::Conflict(_)) => Err(Unavailable::Contended.into()),
        Err(CommitError::WritesOff(reason)) => Err(Unavailable::WritesOff(reason).into()),
    }
}

impl fmt::Debug for BuiltinProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BuiltinProxy")
            .field("roots", &self.roots)
            .field("admission", &self.admission)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
