//! Data Proxies: the client of an external one, and the built-in one.

pub mod builtin;
pub mod client;
pub mod roots;

/// Gives the process its provider of cryptography for TLS; once is enough, and more does no harm.
pub fn install_crypto() {
    // Refused when there is one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
