//! The metrics that Prometheus reads. Requests are counted as they are answered; the state of the
//! service is read when it is scraped.
//!
//! Labels come from small sets only: route patterns, methods, statuses, the beamlines of the
//! facility. A path holds a token, so it is neither a label nor logged.
//!
//! | file | what it holds |
//! |---|---|
//! | `counters.rs` | [`counters::Metrics`]: counters and latencies, and the registry |
//! | `observe.rs` | [`observe::Observer`]: counts and logs each request |
//! | `snapshot.rs` | the state of the service at one moment |
//! | `families.rs` | the metrics made from a snapshot |
//! | `summary.rs` | what the counters say about each route, for people |
//! | `state.rs` | [`state::ServiceState`]: the collector that takes the snapshot |

pub mod counters;
mod families;
pub mod observe;
mod snapshot;
pub mod state;
mod summary;

pub use observe::Pattern;
