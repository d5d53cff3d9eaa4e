//! Data Proxies: the client of an external one, and the built-in one.
//!
//! | file | what it holds |
//! |---|---|
//! | `proxy/client.rs` | the client of an external Data Proxy |
//! | `proxy/remote.rs` | the files of an external Data Proxy, for the console |
//! | `proxy/builtin.rs` | `POST data/create/` of the built-in one: creates a key for a directory |
//! | `proxy/roots.rs`, `proxy/alternates.rs` | pure: which directories may be served, and where they may have been moved |
//! | `proxy/shelf.rs`, `proxy/shelf/` | opens files by key and path; no other code opens paths of clients |
//! | `proxy/disk.rs`, `proxy/disk/` | the threads that access a users' root, and deadlines for them |
//! | `proxy/expiry.rs` | removes expired keys |
//! | `proxy/files.rs` | the state of the routes that serve files |
//! | `proxy/raw.rs`, `proxy/raw/` | preconditions and ranges, and bodies with bytes of a file |
//! | `proxy/archive.rs`, `proxy/archive/` | tars, compressed on a pool while they are sent |
//! | `proxy/threaded_body.rs` | bodies that a thread produces while they are sent |
//! | `proxy/slots.rs`, `proxy/read_rate.rs` | limits on such bodies, and the detection of slow clients |
//! | `proxy/naming.rs`, `proxy/access_log.rs` | the headers of downloads, and their log |
//! | `proxy/frame.rs`, `proxy/frame/` | pure: decodes a frame file and makes a picture |
//! | `proxy/snapshot.rs`, `proxy/snapshot/` | pure: the files of a snapshot, and animations |
//! | `proxy/pictures.rs`, `proxy/pictures/` | makes pictures, once for all concurrent requests |
//! | `proxy/cache.rs`, `proxy/cache/` | keeps pictures on disk |
//! | `proxy/bounded.rs` | reads up to a limit |
//! | `proxy/refusal.rs`, `proxy/placeholder.rs` | the answers to refused requests; pure: the small picture for an error |

pub mod access_log;
pub mod alternates;
pub mod archive;
mod bounded;
pub mod builtin;
pub mod cache;
pub mod client;
pub mod disk;
pub mod expiry;
pub mod files;
pub mod frame;
pub mod naming;
pub mod pictures;
pub mod placeholder;
pub mod raw;
pub mod read_rate;
mod refusal;
pub mod remote;
pub mod roots;
pub mod shelf;
pub mod slots;
pub mod snapshot;
pub mod threaded_body;

pub use beamlive_client::http::install_crypto;
