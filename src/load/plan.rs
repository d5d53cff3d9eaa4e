//! What is asked for: the mix, the rate, and when each request is due. Pure.

use super::random::Random;
use clap::ValueEnum;
use std::str::FromStr;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// What the simulated facility does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mix {
    /// Days at beamlines: a launch at start, samples, datasets with their reports, a close; beside them, hosts for
    /// remote access that post their connections every minute, and logins.
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
    #[must_use]
    pub fn has_beamlines(self) -> bool {
        self != Self::Access
    }

    /// Whether remote-access hosts take part.
    #[must_use]
    pub fn has_hosts(self) -> bool {
        matches!(self, Self::Mxdc | Self::Access)
    }
}

/// Which keys sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KeyType {
    /// Ed25519.
    Ed25519,
    /// DSA with 1024 bits, which MxDC makes today.
    Dsa,
}

/// How often a simulated program signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Signing {
    /// Once a second; the token serves all requests of that second. Real programs sign on machines of their own, and
    /// the service verifies every request either way.
    Second,
    /// Every request.
    Each,
}

/// How many requests come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rate {
    /// So many a second, whatever becomes of those before: an open loop.
    PerSecond(f64),
    /// Each program asks again as soon as it has its answer: a closed loop.
    Max,
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self::Max);
        }
        let (number, seconds) = match text.split_once('/') {
            None | Some((_, "s")) => (text.trim_end_matches("/s"), 1.0),
            Some((number, "min")) => (number, 60.0),
            Some((number, "h")) => (number, 3600.0),
            Some(_) => ("", 1.0),
        };
        match number.parse::<f64>() {
            Ok(number) if number.is_finite() && number > 0.0 && number / seconds <= 1e6 => {
                Ok(Self::PerSecond(number / seconds))
            }
            _ => Err("write 5/s, 300/min, or max; at most 1,000,000 a second".to_owned()),
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

/// Longest run.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// Reads a length of time such as `500ms`, `60s`, `5min` or `1h`.
///
/// # Errors
/// What to write instead.
pub fn duration(text: &str) -> Result<Duration, String> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let scale = match unit {
        "ms" => 1e-3,
        "s" | "" => 1.0,
        "min" | "m" => 60.0,
        "h" => 3600.0,
        _ => f64::NAN,
    };
    let seconds = number.parse::<f64>().unwrap_or(f64::NAN) * scale;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|length| !length.is_zero() && *length <= LONGEST)
        .ok_or_else(|| "write 500ms, 60s, 5min or 1h; at most a week".to_owned())
}

/// When the requests of one program are due, from the start of the run.
#[derive(Debug, Clone)]
pub enum Arrivals {
    /// At random and independent of one another, as of people who know nothing of each other (a Poisson process): all
    /// programs together are one too.
    Random {
        /// Its numbers.
        random: Random,
        /// Seconds between two, on average.
        gap: f64,
        /// When the last one was due, in seconds.
        last: f64,
    },
    /// As a timer does it.
    Every {
        /// From one to the next.
        period: Duration,
        /// When the next one is due.
        next: Duration,
    },
    /// As soon as the one before is answered.
    FlatOut,
}

impl Arrivals {
    /// So many a second on average, in the order that `seed` gives.
    #[must_use]
    pub fn random(per_second: f64, seed: u64) -> Self {
        Self::Random {
            random: Random::new(seed),
            gap: per_second.recip(),
            last: 0.0,
        }
    }

    /// When the next request is due; none when it is due at once.
    pub fn due(&mut self) -> Option<Duration> {
        match self {
            Self::Random { random, gap, last } => {
                *last -= random.fraction().ln() * *gap;
                Some(Duration::try_from_secs_f64(*last).unwrap_or(Duration::MAX))
            }
            Self::Every { period, next } => {
                let due = *next;
                *next = next.saturating_add(*period);
                Some(due)
            }
            Self::FlatOut => None,
        }
    }

    /// How many more are due before `end`.
    pub fn left_until(&mut self, end: Duration) -> u64 {
        let mut left = 0;
        while self.due().is_some_and(|due| due < end) {
            left += 1;
        }
        left
    }
}
