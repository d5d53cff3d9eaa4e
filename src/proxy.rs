//! Data Proxies: the client of an external one, and the built-in one.
//!
//! | file | what it holds |
//! |---|---|
//! | `proxy/client.rs` | calls an external one |
//! | `proxy/builtin.rs` | the built-in one's `POST data/create/`: a directory in, its key out |
//! | `proxy/roots.rs`, `proxy/alternates.rs` | pure: which directories may be served, and where they may have moved to |
//! | `proxy/shelf.rs`, `proxy/shelf/` | a key and a path in, an open file out: the only way to the files |
//! | `proxy/disk.rs`, `proxy/disk/` | the threads that touch a users' root, and what is done while it does not answer |
//! | `proxy/expiry.rs` | keys that have expired are removed |
//! | `proxy/files.rs` | what the routes that serve files share |
//! | `proxy/raw.rs`, `proxy/raw/` | which part of a file is asked for, and sending it |
//! | `proxy/archive.rs`, `proxy/archive/` | tars, compressed on a pool while they are sent |
//! | `proxy/pump.rs` | bodies that are made while they are sent |
//! | `proxy/shares.rs`, `proxy/pace.rs` | who may have such a body, and who gives up its place |
//! | `proxy/naming.rs`, `proxy/transfer.rs` | how downloads are described, and how they are told of in the log |
//! | `proxy/frame.rs`, `proxy/frame/` | pure: from the bytes of a frame file to a picture of it |
//! | `proxy/snapshot.rs`, `proxy/snapshot/` | pure: which files a snapshot's name stands for, and animations of several |
//! | `proxy/pictures.rs`, `proxy/cache.rs`, `proxy/cache/` | makes pictures, once however many ask, and keeps them on disk |
//! | `proxy/placeholder.rs` | pure: the small picture in place of one that can't be shown |

pub mod alternates;
pub mod archive;
pub mod builtin;
pub mod cache;
pub mod client;
pub mod disk;
pub mod expiry;
pub mod files;
pub mod frame;
pub mod naming;
pub mod pace;
pub mod pictures;
pub mod placeholder;
pub mod pump;
pub mod raw;
mod refusal;
pub mod roots;
pub mod shares;
pub mod shelf;
pub mod snapshot;
pub mod transfer;

/// Gives the process its provider of cryptography for TLS; once is enough, and more does no harm.
pub fn install_crypto() {
    // Refused when there is one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
