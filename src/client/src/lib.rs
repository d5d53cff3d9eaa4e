//! How a program talks to a running service: what the commands and the load generator share.
//!
//! | file | what it holds |
//! |---|---|
//! | `terminal.rs` | [`Failure`], the error of a command, and [`print()`] |
//! | `tls.rs` | [`tls::Trust`]: which certificates a client trusts |
//! | `http.rs` | the HTTP client, and refusals in words |
//! | `admin.rs` | the admin API |
//! | `token.rs`, `key.rs` | the signed token, and the keys that sign it |
//! | `sign_in.rs` | the tokens that a password gives |

pub mod admin;
pub mod http;
pub mod key;
pub mod sign_in;
mod terminal;
pub mod tls;
pub mod token;

pub use terminal::{print, Failure};
