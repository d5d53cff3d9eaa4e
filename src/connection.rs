//! Connections: counted, ended by deadlines, and closed when the service stops.
//!
//! | file | what it holds |
//! |---|---|
//! | `listen.rs` | [`listen::Listening`]: accepts connections, serves them, stops |
//! | `listener.rs` | [`listener::Listener`]: a socket that clients connect to |
//! | `open.rs` | the handshake of TLS |
//! | `transport.rs` | TCP and Unix sockets, plain or with TLS |
//! | `gate.rs` | [`gate::Gate`]: the number of connections |
//! | `rules.rs` | the limits that every connection keeps to |
//! | `stream.rs` | the bytes of a connection, and its one timer |
//! | `watch.rs` | [`watch::ConnectionWatch`]: the middleware that marks requests as being worked on |
//! | `refusal.rs` | answers to clients that are refused before any handler |
//! | `upgrade.rs` | requests that ask for another protocol, which is ignored |
//!
//! A connection has one deadline at a time. While it waits for a request, the head has to arrive;
//! while an answer can't be written, it has to progress. While a handler works there is none,
//! because the handler's body has a deadline of its own.

pub mod gate;
pub mod listen;
pub mod listener;
mod open;
mod refusal;
mod rules;
mod stream;
mod transport;
mod upgrade;
pub mod watch;

use actix_web::http::header;
use actix_web::HttpRequest;

/// The service's side of a connection. It is stored in the connection's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnSide {
    /// The address that the client connected to. `None` for a Unix socket.
    pub address: Option<std::net::SocketAddr>,
    /// `http` or `https`.
    pub scheme: &'static str,
}

/// The base URL of this service, without a slash at the end: `public_url`, or what `request` was
/// sent to.
#[must_use]
pub fn base_url(request: &HttpRequest, public_url: Option<&str>) -> String {
    if let Some(url) = public_url {
        return url.to_owned();
    }
    let host = request.headers().get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok());
    let side = request.conn_data::<OwnSide>();
    let scheme = side.map_or("http", |side| side.scheme);
    // HTTP/1.0 has no Host.
    match (host, side.and_then(|side| side.address)) {
        (Some(host), _) => format!("{scheme}://{host}"),
        (None, Some(address)) => format!("{scheme}://{address}"),
        (None, None) => format!("{scheme}://localhost"),
    }
}
