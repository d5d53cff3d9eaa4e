//! The rates of requests of one address, and of one project.
//!
//! Each table has a fixed number of limiters, so that many addresses do not make it grow. A hash
//! with a secret seed gives an address its limiter. Two addresses may share one, but nobody can
//! choose to share another's. Projects are numbered, so the first 16,384 share none. `governor`
//! keeps one limiter per key only in maps that grow.

use crate::config::{Quota, Rate};
use crate::error::ApiError;
use crate::limits::network::whole;
use crate::metrics::counters::Metrics;
use beamlive_storage::ids::ProjectId;
use governor::clock::{Clock, DefaultClock};
use governor::DefaultDirectRateLimiter;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;

/// Limiters of a table.
const LIMITERS: usize = 1 << 14;

/// The rate limits that are configured.
pub struct RateLimits {
    addresses: Option<Table>,
    projects: Option<Table>,
    seed: RandomState,
    metrics: Metrics,
}

impl fmt::Debug for RateLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimits").finish_non_exhaustive()
    }
}

impl RateLimits {
    /// The limits of `settings`. A limit that is not set costs nothing.
    #[must_use]
    pub fn new(settings: &Rate, metrics: Metrics) -> Self {
        Self {
            addresses: settings.per_address.map(Table::new),
            projects: settings.per_project.map(Table::new),
            seed: RandomState::new(),
            metrics,
        }
    }

    /// Counts a request of an address; `address` is called if addresses are limited. An IPv6
    /// network of 64 bits is one address, because its owner has all of them.
    ///
    /// # Errors
    /// [`ApiError::TooFast`], which says when to try again.
    pub fn admit_address(&self, address: impl FnOnce() -> IpAddr) -> Result<(), ApiError> {
        let Some(table) = &self.addresses else {
            return Ok(());
        };
        let address = address();
        let hash = self.seed.hash_one(whole(address));
        table.admit(hash).map_err(|seconds| {
            tracing::debug!(%address, "refused: too many requests of this address");
            self.too_fast("address", seconds)
        })
    }

    /// Counts a request of a project whose signature is verified.
    ///
    /// # Errors
    /// [`ApiError::TooFast`], which says when to try again.
    pub fn admit_project(&self, project: ProjectId) -> Result<(), ApiError> {
        let Some(table) = &self.projects else {
            return Ok(());
        };
        table.admit(project.0).map_err(|seconds| {
            tracing::debug!(project = project.0, "refused: too many requests of this project");
            self.too_fast("project", seconds)
        })
    }

    fn too_fast(&self, whose: &'static str, seconds: u64) -> ApiError {
        self.metrics.overloaded(whose);
        ApiError::TooFast { whose, seconds }
    }
}

/// Limiters by number.
struct Table {
    limiters: Box<[DefaultDirectRateLimiter]>,
    clock: DefaultClock,
}

impl Table {
    fn new(quota: Quota) -> Self {
        // Settings that are read have at least 1 in both.
        let at_least_one = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let governed = governor::Quota::per_second(at_least_one(quota.per_second))
            .allow_burst(at_least_one(quota.burst));
        let clock = DefaultClock::default();
        let limiter = |_| DefaultDirectRateLimiter::direct_with_clock(governed, clock.clone());
        Self {
            limiters: (0..LIMITERS).map(limiter).collect(),
            clock,
        }
    }

    /// # Errors
    /// The seconds, at least 1, after which a request is admitted again.
    fn admit(&self, number: u64) -> Result<(), u64> {
        let index = usize::try_from(number % LIMITERS as u64).unwrap_or(0);
        let Some(limiter) = self.limiters.get(index) else {
            return Ok(());
        };
        limiter.check().map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            wait.as_secs()
                .saturating_add(u64::from(wait.subsec_nanos() > 0))
                .max(1)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Table;
    use crate::config::Quota;

    #[test]
    fn a_burst_passes_and_what_follows_waits() {
        let table = Table::new(Quota {
            per_second: 1,
            burst: 3,
        });
        for _ in 0..3 {
            assert_eq!(table.admit(7), Ok(()));
        }
        assert_eq!(table.admit(7), Err(1));
        assert_eq!(table.admit(8), Ok(()), "others have limiters of their own");
    }
}
