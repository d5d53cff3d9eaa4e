//! The address of a request's caller: the peer, or the address that a trusted proxy forwards for.

use crate::error::ApiError;
use actix_web::{dev::Payload, FromRequest, HttpRequest};
use beamlive_actors::access::lists;
use beamlive_actors::ask::Unavailable;
use ipnet::IpNet;
use std::future::{ready, Ready};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// The proxies that are believed about the addresses of callers. `create_app` adds them to the data
/// of the application.
#[derive(Debug, Clone)]
pub struct TrustedProxies(pub Arc<[IpNet]>);

impl TrustedProxies {
    fn of(request: &HttpRequest) -> Result<&[IpNet], ApiError> {
        let proxies = request.app_data::<Self>().map(|proxies| &*proxies.0);
        proxies.ok_or(ApiError::Unavailable(Unavailable::Lost("application")))
    }
}

/// The caller's address. IPv4 in IPv6 form is IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller(pub IpAddr);

impl Caller {
    /// The caller's address; the peer's when a trusted proxy forwards something that is not an
    /// address.
    #[must_use]
    pub fn or_peer(request: &HttpRequest, trusted: &[IpNet]) -> Self {
        Self::of(request, trusted).unwrap_or_else(|_| Self(peer(request).to_canonical()))
    }

    /// The caller's address. The proxies in `trusted` are believed.
    ///
    /// # Errors
    /// 400 when a trusted proxy forwards something that is not an address.
    pub fn of(request: &HttpRequest, trusted: &[IpNet]) -> Result<Self, ApiError> {
        // A value that is not text is refused as an address, but only if a trusted proxy sends it.
        let values = request.headers().get_all("x-forwarded-for");
        let texts: Vec<_> = values
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        let forwarded: Vec<_> = texts.iter().map(AsRef::as_ref).collect();
        lists::caller(peer(request), &forwarded, trusted)
            .map(Self)
            .map_err(|error| ApiError::field("X-Forwarded-For", error.to_string()))
    }
}

fn peer(request: &HttpRequest) -> IpAddr {
    request
        .peer_addr()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip())
}

/// The caller's address as far as it is certain. `None` when the request came through a proxy that
/// is not trusted or does not name its client, so that clients of a front end on this machine do
/// not count as callers from this machine.
#[must_use]
pub fn certain(request: &HttpRequest, caller: Caller, trusted: &[IpNet]) -> Option<IpAddr> {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    let forwarded = ["x-forwarded-for", "forwarded"]
        .iter()
        .any(|name| request.headers().contains_key(*name));
    let peer = request.peer_addr()?.ip().to_canonical();
    let through_unknown_proxy = forwarded && !is_trusted(peer);
    let proxy_itself = is_trusted(peer) && is_trusted(caller.0);
    (!through_unknown_proxy && !proxy_itself).then_some(caller.0)
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(TrustedProxies::of(request).map(|trusted| Self::or_peer(request, trusted)))
    }
}

/// The caller's address, for routes whose answer depends on it: a malformed one is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownCaller(pub Caller);

impl FromRequest for KnownCaller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = TrustedProxies::of(request).and_then(|trusted| Caller::of(request, trusted));
        ready(caller.map(Self))
    }
}
