//! The mix, the rate, and when each request is due. Pure.

use clap::ValueEnum;
use fastrand::Rng;
use std::str::FromStr;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// What the simulated facility does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mix {
    /// Days at beamlines: a launch at start, samples, datasets with their reports, a close; beside
    /// them, hosts for remote access that post their connections every minute, and logins.
    Mxdc,
    /// Dataset uploads, into one open session per beamline.
    Uploads,
    /// Sample lists.
    Samples,
    /// Launches and closes in turn.
    Launches,
    /// Access lists, posts of 1,000 connections, and login keys.
    Access,
}

impl Mix {
    /// Whether simulated MxDCs take part.
    pub(crate) fn has_beamlines(self) -> bool {
        self != Self::Access
    }

    /// Whether remote-access hosts take part.
    pub(crate) fn has_hosts(self) -> bool {
        matches!(self, Self::Mxdc | Self::Access)
    }
}

/// A version of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Api {
    /// Accounts have keys, which sign requests.
    V2,
    /// Accounts have passwords. Programs sign in, and send the access token with each request.
    V3,
}

impl Api {
    /// Its name, as in paths.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::V3 => "v3",
        }
    }
}

/// How often a simulated program signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Signing {
    /// Once a second; the token serves all requests of that second. Real programs sign on machines
    /// of their own.
    Second,
    /// Every request.
    Each,
}

/// How many requests are sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Rate {
    /// This many a second, however long the answers take: an open loop.
    PerSecond(f64),
    /// Each program sends its next request as soon as it has an answer: a closed loop.
    Max,
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self::Max);
        }
        let (number, unit) = text.split_once('/').unwrap_or((text, "s"));
        let seconds = match unit {
            "s" => 1.0,
            "min" => 60.0,
            "h" => 3600.0,
            _ => f64::NAN,
        };
        let rate = number.parse::<f64>().unwrap_or(f64::NAN) / seconds;
        if rate > 0.0 && rate <= 1e6 {
            Ok(Self::PerSecond(rate))
        } else {
            Err("write 5/s, 300/min, or max; at most 1,000,000 a second".to_owned())
        }
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::PerSecond(rate) => write!(f, "{}/s", (rate * 1e3).round() / 1e3),
            Self::Max => f.write_str("max"),
        }
    }
}

/// When the requests of one program are due, counted from the start of the run.
#[derive(Debug, Clone)]
pub(crate) enum Arrivals {
    /// A Poisson process: at random and independent of one another, as requests of many people.
    Poisson {
        random: Rng,
        /// Seconds between two, on average.
        gap: f64,
        /// When the last one was due, in seconds.
        last: f64,
    },
    /// At a fixed interval.
    Every { period: Duration, next: Duration },
    /// As soon as the one before is answered.
    Closed,
}

impl Arrivals {
    /// A Poisson process with this number of requests a second; the same `seed` gives the same
    /// times.
    pub(crate) fn poisson(per_second: f64, seed: u64) -> Self {
        Self::Poisson {
            random: Rng::with_seed(seed),
            gap: per_second.recip(),
            last: 0.0,
        }
    }

    /// When the next request is due; `None` when it is due at once.
    pub(crate) fn due(&mut self) -> Option<Duration> {
        match self {
            Self::Poisson { random, gap, last } => {
                // The logarithm's argument is above 0 and at most 1.
                *last -= (1.0 - random.f64()).ln() * *gap;
                Some(Duration::try_from_secs_f64(*last).unwrap_or(Duration::MAX))
            }
            Self::Every { period, next } => {
                let due = *next;
                *next = next.saturating_add(*period);
                Some(due)
            }
            Self::Closed => None,
        }
    }

    /// How many more are due before `end`.
    pub(crate) fn count_until(&mut self, end: Duration) -> u64 {
        let mut count = 0;
        while self.due().is_some_and(|due| due < end) {
            count += 1;
        }
        count
    }
}
