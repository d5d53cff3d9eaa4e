//! Requests of one address, and of one project, in a second.
//!
//! Each table has a fixed number of places, so that no flood of addresses makes it grow. Which place is an address' own
//! is decided by a hash with a secret seed: two that meet in one share it, and nobody can bring that about. Projects are
//! numbered, and meet nobody.

use crate::app::App;
use crate::caller::Caller;
use crate::config::{Quota, Rate};
use crate::error::ApiError;
use actix_web::HttpRequest;
use beamlive_storage::ids::ProjectId;
use governor::clock::{Clock, DefaultClock};
use governor::DefaultDirectRateLimiter;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;

/// Places of a table.
const PLACES: usize = 1 << 14;

/// The limits that are on.
pub struct RateLimits {
    addresses: Option<Table>,
    projects: Option<Table>,
    seed: RandomState,
}

impl fmt::Debug for RateLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimits").finish_non_exhaustive()
    }
}

impl RateLimits {
    /// The limits of the settings; those that have none are off, and cost nothing.
    #[must_use]
    pub fn new(settings: &Rate) -> Self {
        Self {
            addresses: settings.per_address.map(Table::new),
            projects: settings.per_project.map(Table::new),
            seed: RandomState::new(),
        }
    }

    /// Counts a request of its address. An IPv6 network of 64 bits is one address: its owner has all of them.
    ///
    /// # Errors
    /// [`ApiError::TooFast`], which says when to try again.
    pub fn admit_address(&self, request: &HttpRequest, app: &App) -> Result<(), ApiError> {
        let Some(table) = &self.addresses else {
            return Ok(());
        };
        let Caller(address) = Caller::or_peer(request, app);
        let hash = self.seed.hash_one(whole(address));
        table.admit(hash).map_err(|seconds| {
            app.metrics.overloaded("address");
            tracing::debug!(%address, "refused: too many requests of this address");
            ApiError::TooFast {
                whose: "address",
                seconds,
            }
        })
    }

    /// Counts a request of a project, which has verified itself.
    ///
    /// # Errors
    /// [`ApiError::TooFast`], which says when to try again.
    pub fn admit_project(&self, project: ProjectId, app: &App) -> Result<(), ApiError> {
        let Some(table) = &self.projects else {
            return Ok(());
        };
        table.admit(project.0).map_err(|seconds| {
            app.metrics.overloaded("project");
            tracing::debug!(project = project.0, "refused: too many requests of this project");
            ApiError::TooFast {
                whose: "project",
                seconds,
            }
        })
    }
}

/// The address, or the network of its owner.
pub(crate) fn whole(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => {
            let network = u128::from(six) >> 64 << 64;
            IpAddr::V6(network.into())
        }
    }
}

/// A limiter in each place.
struct Table {
    places: Box<[DefaultDirectRateLimiter]>,
    clock: DefaultClock,
}

impl Table {
    fn new(quota: Quota) -> Self {
        // The settings have been checked: both are at least 1.
        let at_least_one = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let governed = governor::Quota::per_second(at_least_one(quota.per_second))
            .allow_burst(at_least_one(quota.burst));
        let clock = DefaultClock::default();
        let place = |_| DefaultDirectRateLimiter::direct_with_clock(governed, clock.clone());
        Self {
            places: (0..PLACES).map(place).collect(),
            clock,
        }
    }

    /// # Errors
    /// In how many seconds, at least 1, there is room again.
    fn admit(&self, number: u64) -> Result<(), u64> {
        let places = u64::try_from(PLACES).unwrap_or(u64::MAX);
        let place = usize::try_from(number % places).unwrap_or(0);
        let Some(limiter) = self.places.get(place) else {
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
    use super::{whole, Table};
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
        assert_eq!(table.admit(8), Ok(()), "others have places of their own");
    }

    #[test]
    fn an_ipv6_network_is_one_address() -> Result<(), std::net::AddrParseError> {
        assert_eq!(whole("2001:db8::1".parse()?), whole("2001:db8::ffff:2".parse()?));
        assert_ne!(whole("2001:db8:0:1::1".parse()?), whole("2001:db8::1".parse()?));
        assert_ne!(whole("10.0.0.1".parse()?), whole("10.0.0.2".parse()?));
        Ok(())
    }
}
