//! beamlive: the service between the beamlines of a synchrotron and the records of what was measured there.
//!
//! | file | what it holds |
//! |---|---|
//! | `main.rs`, `cli.rs`, `cli/` | the command line, one file per command |
//! | `server.rs` | puts the service together, runs it, stops it |
//! | `app.rs` | [`app::create_app`]: the production application; [`app::App`]: what handlers can reach |
//! | `router.rs`, `router/` | the whole URL table |
//! | `routes.rs`, `routes/` | the handlers, one file per endpoint, named as the endpoint |
//! | `auth.rs`, `auth/token.rs` | [`auth::Verified`] and [`auth::Admin`]: extractors without which no guarded route compiles |
//! | `caller.rs`, `ready_users.rs` | where a request comes from; what access lists are answered with |
//! | `idempotency.rs` | the `Idempotency-Key` of an upload |
//! | `connection.rs`, `connection/` | connections: accepted, refused, cut off, let go |
//! | `limits.rs`, `limits/` | what one client, and all together, may take |
//! | `body.rs`, `wire.rs`, `wire/` | bodies: bounded reading, MessagePack and JSON, checked requests |
//! | `error.rs` | the one table of errors and statuses |
//! | `config.rs` | settings: defaults, file, environment, flags |
//! | `proxy.rs`, `proxy/` | the client of an external Data Proxy; the built-in one |
//! | `survey.rs`, `views.rs`, `openapi.rs`, `metrics.rs` | what people and machines read |
//!
//! Rules live in `beamlive-actors`, durability in `beamlive-storage`; this crate speaks HTTP.

/// What is allocated on one thread is often freed on another here: a request's bytes by the
/// writer, its rows by the database's threads. The system's allocator takes a tenth of all processor time for that.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

pub mod app;
pub mod auth;
pub mod body;
pub mod caller;
pub mod cli;
pub mod config;
pub mod connection;
pub mod error;
pub mod idempotency;
pub mod limits;
pub mod metrics;
pub mod openapi;
pub mod proxy;
pub mod ready_users;
pub mod router;
pub mod routes;
pub mod server;
pub mod survey;
pub mod views;
pub mod wire;
