//! Where a request comes from: the peer, or, behind a trusted proxy, whom that one names.

use crate::app::App;
use crate::error::ApiError;
use actix_web::{dev::Payload, FromRequest, HttpRequest};
use beamlive_actors::access::lists;
use std::net::{IpAddr, Ipv4Addr};

/// The caller's address. IPv4 in IPv6 form is IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller(pub IpAddr);

impl Caller {
    /// Finds out who calls; the peer when a trusted proxy forwards something that is no address.
    #[must_use]
    pub fn or_peer(request: &HttpRequest, app: &App) -> Self {
        Self::of(request, app).unwrap_or_else(|_| Self(peer(request).to_canonical()))
    }

    /// Finds out who calls.
    ///
    /// # Errors
    /// 400 when a trusted proxy forwards something that is no address.
    pub fn of(request: &HttpRequest, app: &App) -> Result<Self, ApiError> {
        let peer = peer(request);
        // What is no text is no address either; it matters only when a trusted proxy says it.
        let values = request.headers().get_all("x-forwarded-for");
        let texts: Vec<_> = values
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        let forwarded: Vec<_> = texts.iter().map(AsRef::as_ref).collect();
        lists::caller(peer, &forwarded, &app.settings.trusted_proxy)
            .map(Self)
            .map_err(|error| ApiError::field("X-Forwarded-For", error.to_string()))
    }
}

fn peer(request: &HttpRequest) -> IpAddr {
    request
        .peer_addr()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip())
}

/// The caller's address as far as it is certain: none when the request went through a proxy that does not say whom
/// it speaks for, so that a front end on this machine does not lend its own address to everyone.
#[must_use]
pub fn certain(request: &HttpRequest, caller: Caller, app: &App) -> Option<IpAddr> {
    let is_trusted = |address: IpAddr| {
        app.settings
            .trusted_proxy
            .iter()
            .any(|net| net.contains(&address))
    };
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
    type Future = std::future::Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(App::of(request).map(|app| Self::or_peer(request, &app)))
    }
}

/// The caller's address, for routes that choose by it what they answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownCaller(pub Caller);

impl FromRequest for KnownCaller {
    type Error = ApiError;
    type Future = std::future::Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(App::of(request).and_then(|app| Caller::of(request, &app).map(Self)))
    }
}
