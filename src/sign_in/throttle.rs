//! The delay that grows with failed sign-ins.
//!
//! Failures count for the pair of an account and an address, and for the address over all accounts.
//! They never count for an account alone, so nobody can lock others out: failures from other
//! addresses do not delay a sign-in. An IPv6 network of 64 bits is one address.
//!
//! A sign-in counts as a failure from its beginning, so concurrent attempts are limited too. When
//! it succeeds, the pair is forgotten. Nothing is kept over a restart, and each node counts for
//! itself.

use crate::limits::network::whole;
use lru::LruCache;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

/// Pairs that are remembered. The least recently used are evicted first.
/// Evicting an entry only shortens a delay.
const PAIRS: usize = 16_384;
/// Addresses that are remembered.
const ADDRESSES: usize = 16_384;
/// Longest username that has pairs, in bytes. There is no account with a longer one.
const LONGEST_USERNAME: usize = 150;

/// A few mistakes are free. Then 1 s, 2 s, 4 s and so on, up to 15 minutes.
const PAIR: Rule = Rule {
    free: 5,
    longest: Duration::from_secs(900),
    forgive_every: Duration::from_secs(900),
};
/// Many people may share an address, so a guesser there delays them by a minute at most.
const ADDRESS: Rule = Rule {
    free: 50,
    longest: Duration::from_secs(60),
    forgive_every: Duration::from_secs(60),
};

/// How a delay grows, and how failures are forgiven.
#[derive(Debug, Clone, Copy)]
struct Rule {
    /// Sign-ins without a delay.
    free: u32,
    longest: Duration,
    /// The time in which one failure is forgiven.
    forgive_every: Duration,
}

/// Failures that are not forgiven yet.
#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    /// When the last one began.
    last: Duration,
    /// From when on failures are forgiven.
    forgiven: Duration,
}

/// The failures of pairs and addresses.
#[derive(Debug)]
pub struct Throttle {
    pairs: LruCache<(Box<str>, IpAddr), Failures>,
    addresses: LruCache<IpAddr, Failures>,
}

/// A sign-in that has begun. Unless it is given back as good or unchecked, it stays a failure.
#[derive(Debug)]
#[must_use = "it stays a failure unless it is given back"]
pub struct Attempt {
    pair: Option<Counted<(Box<str>, IpAddr)>>,
    address: Counted<IpAddr>,
}

/// What an attempt has counted, to be taken back.
#[derive(Debug)]
struct Counted<K> {
    key: K,
    at: Duration,
    /// When the failure before it began.
    before: Duration,
}

/// Whole seconds to wait before the next sign-in, at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait(pub u64);

impl Default for Throttle {
    fn default() -> Self {
        Self::with_room(PAIRS, ADDRESSES)
    }
}

impl Throttle {
    fn with_room(pairs: usize, addresses: usize) -> Self {
        let room = |most| NonZeroUsize::new(most).unwrap_or(NonZeroUsize::MIN);
        Self {
            pairs: LruCache::new(room(pairs)),
            addresses: LruCache::new(room(addresses)),
        }
    }

    /// Begins a sign-in of `username` from `address`. `now` is a monotonic time.
    ///
    /// # Errors
    /// [`Wait`]; then nothing is counted.
    pub fn begin(&mut self, username: &str, address: IpAddr, now: Duration) -> Result<Attempt, Wait> {
        let address = whole(address.to_canonical());
        let pair = (username.len() <= LONGEST_USERNAME).then(|| (username.into(), address));
        let of_pair = pair
            .as_ref()
            .map_or(Duration::ZERO, |pair| PAIR.wait(&mut self.pairs, pair, now));
        let of_address = ADDRESS.wait(&mut self.addresses, &address, now);
        let wait = of_pair.max(of_address);
        if !wait.is_zero() {
            return Err(Wait(wait.as_secs() + u64::from(wait.subsec_nanos() > 0)));
        }
        Ok(Attempt {
            pair: pair.map(|pair| count(&mut self.pairs, pair, now)),
            address: count(&mut self.addresses, address, now),
        })
    }

    /// The password was right: the pair's failures are forgotten. Those of the address are not,
    /// because a guesser may have an account too; only this attempt is taken back.
    pub fn good(&mut self, attempt: Attempt) {
        if let Some(pair) = &attempt.pair {
            self.pairs.pop(&pair.key);
        }
        take_back(&mut self.addresses, &attempt.address);
    }

    /// The password was not checked, because the service was busy: the attempt is taken back.
    pub fn unchecked(&mut self, attempt: Attempt) {
        if let Some(pair) = &attempt.pair {
            take_back(&mut self.pairs, pair);
        }
        take_back(&mut self.addresses, &attempt.address);
    }
}

impl Rule {
    /// How long `key` has to wait, after what is due is forgiven.
    fn wait<K: Hash + Eq>(self, all: &mut LruCache<K, Failures>, key: &K, now: Duration) -> Duration {
        let Some(failures) = all.get_mut(key) else {
            return Duration::ZERO;
        };
        let passed = now.saturating_sub(failures.forgiven).as_secs();
        let due = passed.checked_div(self.forgive_every.as_secs()).unwrap_or(0);
        let due = u32::try_from(due).unwrap_or(u32::MAX);
        failures.count = failures.count.saturating_sub(due);
        failures.forgiven += self.forgive_every.saturating_mul(due);
        if failures.count == 0 {
            all.pop(key);
            return Duration::ZERO;
        }
        (failures.last + self.delay(failures.count)).saturating_sub(now)
    }

    /// The time between the last of `count` failures and the next sign-in.
    fn delay(self, count: u32) -> Duration {
        match count.checked_sub(self.free) {
            None => Duration::ZERO,
            Some(beyond) => {
                let seconds = 1_u64.checked_shl(beyond).unwrap_or(u64::MAX);
                Duration::from_secs(seconds).min(self.longest)
            }
        }
    }
}

fn count<K: Hash + Eq + Clone>(all: &mut LruCache<K, Failures>, key: K, now: Duration) -> Counted<K> {
    let failures = all.get_or_insert_mut(key.clone(), || Failures {
        count: 0,
        last: now,
        forgiven: now,
    });
    failures.count = failures.count.saturating_add(1);
    let before = std::mem::replace(&mut failures.last, now);
    Counted { key, at: now, before }
}

fn take_back<K: Hash + Eq>(all: &mut LruCache<K, Failures>, counted: &Counted<K>) {
    if let Some(failures) = all.peek_mut(&counted.key) {
        failures.count = failures.count.saturating_sub(1);
        if failures.last == counted.at {
            failures.last = counted.before;
        }
    }
}

#[cfg(test)]
mod tests;
