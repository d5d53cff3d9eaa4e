//! `POST data/create/` of the built-in Data Proxy: creates a secure key for a directory, for
//! machines of the facility.

use super::roots::{OutsideRoots, Roots};
use actix_web::http::header;
use actix_web::{web, HttpRequest, HttpResponse};
use beamlive_actors::ask::Unavailable;
use beamlive_actors::clock::{Clock, KeySource};
use beamlive_actors::secure_path;
use beamlive_storage::records::SecureKey;
use beamlive_storage::{Batch, Store};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use subtle::ConstantTimeEq;
use thiserror::Error;
use utoipa::ToSchema;

/// The header that holds the shared secret.
pub const SECRET_HEADER: &str = "X-Beamlive-Secret";

/// Loopback addresses.
const LOOPBACK: [IpNet; 2] = [
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::LOCALHOST, 8)),
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128)),
];

/// Who may create keys.
#[derive(Clone)]
pub struct Admission {
    /// Callers in these networks.
    pub allow_from: Vec<IpNet>,
    /// Callers that send this secret, from any address.
    pub secret: Option<String>,
}

impl Default for Admission {
    /// Loopback addresses, and no secret.
    fn default() -> Self {
        Self {
            allow_from: LOOPBACK.to_vec(),
            secret: None,
        }
    }
}

impl Admission {
    /// Whether a caller from `address` that sent `secret` may create keys. The secret is compared
    /// in constant time.
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

/// Omits the secret.
impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admission")
            .field("allow_from", &self.allow_from)
            .field("secret", &self.secret.is_some())
            .finish()
    }
}

/// The state of the route.
#[derive(Clone)]
pub struct BuiltinProxy {
    /// Holds the keys.
    pub store: Store,
    /// The directories that may be served.
    pub roots: Arc<Roots>,
    /// Generates keys.
    pub keys: Arc<dyn KeySource>,
    /// The current time.
    pub clock: Arc<dyn Clock>,
    /// Who may create keys.
    pub admission: Admission,
}

/// Why no key was created.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CreateError {
    /// 403: the caller is not admitted.
    #[error("keys are not made for callers from this address")]
    NotAdmitted,
    /// 400: the body has no `path`.
    #[error("the body must hold one path, as a form field or in a JSON object")]
    NoPath,
    /// 403: the directory is outside the roots.
    #[error(transparent)]
    Outside(#[from] OutsideRoots),
    /// 503: the store is not available.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// A directory that a key is wanted for.
#[derive(Deserialize, ToSchema)]
pub(crate) struct DirectoryPath {
    /// The directory; a relative one starts at the first users' root.
    #[schema(example = "/users/alice/visit-1")]
    path: String,
}

/// The key of a directory.
#[derive(Serialize, ToSchema)]
pub(crate) struct DirectoryKey {
    /// 40 hex digits.
    #[schema(pattern = "^[0-9a-f]{40}$")]
    key: String,
}

/// The handler: takes `path` as a form or as JSON and answers `{"key": …}`. `caller` is the address
/// of the client, which is not the peer's behind a trusted reverse proxy.
///
/// # Errors
/// [`CreateError`].
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
    let path = requested_path(request, body).ok_or(CreateError::NoPath)?;
    let key = proxy.create_key(&path).await?;
    Ok(HttpResponse::Ok().json(DirectoryKey { key: key.to_hex() }))
}

fn requested_path(request: &HttpRequest, body: &[u8]) -> Option<String> {
    use actix_web::HttpMessage;
    let parsed = if request.content_type().eq_ignore_ascii_case("application/json") {
        serde_json::from_slice::<DirectoryPath>(crate::wire::bom::without_bom(body)).ok()
    } else {
        let form = std::str::from_utf8(body).ok()?;
        web::Query::<DirectoryPath>::from_query(form)
            .ok()
            .map(web::Query::into_inner)
    };
    parsed.map(|parsed| parsed.path)
}

impl BuiltinProxy {
    /// Creates a key for `path`, a directory in one of the roots, durably. It belongs to no
    /// project.
    ///
    /// # Errors
    /// [`CreateError::Outside`] and [`CreateError::Unavailable`].
    pub async fn create_key(&self, path: &str) -> Result<SecureKey, CreateError> {
        let directory = self.roots.resolve(path)?;
        let key = self.keys.secure_key();
        let mut batch = Batch::new();
        secure_path::open(&mut batch, None, &directory, key, self.clock.now());
        let permit = self.store.reserve().map_err(Unavailable::from)?;
        match permit.commit(batch).await {
            Ok(_) => Ok(key),
            Err(error) => Err(Unavailable::from(error).into()),
        }
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
