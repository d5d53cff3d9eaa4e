//! What one client, and all of them together, may take of the service.
//!
//! | file | what it holds |
//! |---|---|
//! | `rate.rs` | [`rate::RateLimits`]: requests of one address, and of one project |
//! | `bodies.rs` | [`bodies::BodyBudget`]: bytes of bodies in flight |

pub mod bodies;
pub mod rate;
