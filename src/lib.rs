//! beamlive: the service between the beamlines of a synchrotron and the records of what was
//! measured there.
//!
//! | file | what it holds |
//! |---|---|
//! | `main.rs`, `cli.rs`, `cli/` | the command line, one file per command |
//! | `server.rs` | [`server::Running`]: builds the service, runs it, stops it |
//! | `router.rs`, `router/` | the URL table; [`router::create_app`]: the production application |
//! | `routes.rs`, `routes/` | the handlers, one file per endpoint, named as the endpoint |
//! | `auth.rs`, `auth/` | [`auth::Verified`], [`auth::signed_in::SignedIn`] and [`auth::Admin`]: the extractors of signed, of signed-in and of operators' requests |
//! | `caller.rs` | [`caller::Caller`]: the address of a request's caller |
//! | `app.rs` | [`app::App`]: the state that every handler can reach |
//! | `access_lists.rs` | who may use the host of a caller |
//! | `idempotency.rs` | the `Idempotency-Key` of an upload |
//! | `conditional.rs` | `If-None-Match` |
//! | `connection.rs`, `connection/` | connections: accepted, refused, ended by deadlines |
//! | `pool.rs` | threads of low priority for slow work |
//! | `limits.rs`, `limits/` | limits on rates and on the bytes of bodies |
//! | `offline_store.rs` | opens a store that no service uses |
//! | `import.rs`, `import/` | moves a facility in from another server |
//! | `body.rs`, `wire.rs`, `wire/` | bodies: bounded reading, MessagePack and JSON, checked requests |
//! | `error.rs` | the one table of errors and statuses |
//! | `config.rs`, `config/` | settings: defaults, file, environment, flags |
//! | `proxy.rs`, `proxy/` | the client of an external Data Proxy; the built-in one |
//! | `metrics.rs`, `metrics/` | the metrics that Prometheus reads |
//! | `sign_in.rs`, `sign_in/` | passwords and JSON Web Tokens |
//! | `samples.rs`, `samples/` | samples as a sheet: CSV or a workbook, read and written |
//! | `shadow.rs`, `shadow/` | the rehearsal: MxLIVE's traffic passed on, and copied to this service |
//! | `console.rs`, `console/` | the console: pages for people |
//! | `events.rs`, `events/` | events as they happen |
//! | `blocking.rs` | work that takes longer, on the blocking pool |
//! | `pieces.rs` | answers that are made while they are sent |
//! | `retention.rs` | removes old entries of the activity log, and old connections |
//! | `usage.rs`, `usage/` | how the beamlines are used |
//! | `tls.rs`, `tls/` | TLS at the service's own address |
//! | `survey.rs`, `views.rs`, `openapi.rs` | pages and descriptions for people and machines |
//!
//! Dependencies between these files have no circle. `config`, `error`, `limits`, `conditional`,
//! `pool.rs`, `auth/pool.rs`, `sign_in`, `tls`, `connection/gate.rs`, `metrics/counters.rs` and
//! `proxy` are below `app`; `caller` and `connection/watch.rs` do not know it; `auth`, `body` and
//! the other middlewares are above it; then come the routes, `router`, `connection/listen.rs`,
//! `server` and `cli`.
//!
//! Rules are in `beamlive-actors`, durability in `beamlive-storage`; this crate speaks HTTP.

/// Memory is often freed on another thread than it was allocated on: a request's bytes by the
/// writer, its rows by the database. The system's allocator uses a tenth of all processor time for
/// that.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

pub mod access_lists;
pub mod app;
pub mod auth;
pub mod blocking;
pub mod body;
pub mod caller;
pub mod cli;
pub mod conditional;
pub mod config;
pub mod connection;
pub mod console;
pub mod error;
pub mod events;
pub mod idempotency;
pub mod import;
pub mod limits;
pub mod metrics;
pub mod offline_store;
pub mod openapi;
pub mod pieces;
pub mod pool;
pub mod proxy;
pub mod retention;
pub mod router;
pub mod routes;
pub mod samples;
pub mod server;
pub mod shadow;
pub mod sign_in;
pub mod survey;
pub mod tls;
pub mod usage;
pub mod views;
pub mod wire;
