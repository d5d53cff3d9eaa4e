//! Limits on what one client, and all clients together, may use.
//!
//! | file | what it holds |
//! |---|---|
//! | `rate.rs` | [`rate::RateLimits`]: requests of one address, and of one project |
//! | `network.rs` | which addresses count as one |
//! | `bodies.rs` | [`bodies::BodyBudget`]: bytes of all bodies |

pub mod bodies;
pub(crate) mod network;
pub mod rate;
