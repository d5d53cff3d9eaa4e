//! Times as clients write them: ISO-8601, with an offset, or naive in the facility's zone.

use beamlive_actors::session::dataset::SHOWABLE;
use beamlive_actors::zone;
use beamlive_storage::Timestamp;
use chrono::{DateTime, NaiveDateTime};
use chrono_tz::Tz;

const WITH_OFFSET: [&str; 2] = ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z"];
const NAIVE: [&str; 2] = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"];

/// Parses a time in the years 0 to 9999, UTC. A naive one is in `zone`: the earlier of two where a clock was set back,
/// and moved on by the gap where one was set forward.
#[must_use]
pub fn parse(text: &str, zone: Tz) -> Option<Timestamp> {
    // The longest form has 32 characters; nothing much longer is worth a look.
    if text.len() > 64 {
        return None;
    }
    let text = text
        .trim()
        .replacen([' ', 't'], "T", 1)
        .replace(['Z', 'z'], "+00:00");
    let exact = WITH_OFFSET
        .into_iter()
        .find_map(|format| DateTime::parse_from_str(&text, format).ok())
        .map(|time| time.to_utc().into());
    let naive = || {
        NAIVE
            .into_iter()
            .find_map(|format| NaiveDateTime::parse_from_str(&text, format).ok())
            .map(|naive| zone::to_utc(naive, zone))
    };
    exact.or_else(naive).filter(|time| SHOWABLE.contains(time))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::parse;
    use chrono::SecondsFormat;
    use chrono_tz::Tz;
    use rstest::rstest;

    #[rstest]
    #[case(
        "2026-11-23T15:00:00.123456+00:00",
        Tz::America__Regina,
        "2026-11-23T15:00:00.123456Z"
    )]
    #[case("2026-11-23T15:00:00Z", Tz::America__Regina, "2026-11-23T15:00:00Z")]
    #[case("2026-11-23 15:00:00-0600", Tz::UTC, "2026-11-23T21:00:00Z")]
    #[case(
        "2026-11-23T09:06:10.654321",
        Tz::America__Regina,
        "2026-11-23T15:06:10.654321Z"
    )]
    #[case("2026-11-23 09:06", Tz::UTC, "2026-11-23T09:06:00Z")]
    #[case("2026-11-01T01:30:00", Tz::America__Toronto, "2026-11-01T05:30:00Z")]
    #[case("2026-03-08T02:30:00", Tz::America__Toronto, "2026-03-08T07:30:00Z")]
    fn good(#[case] text: &str, #[case] zone: Tz, #[case] utc: &str) {
        let time = parse(text, zone).unwrap().to_utc();
        assert_eq!(time.to_rfc3339_opts(SecondsFormat::AutoSi, true), utc);
    }

    #[rstest]
    #[case("")]
    #[case("yesterday")]
    #[case("2026-13-01T00:00:00Z")]
    #[case("1767225600")]
    #[case("2026-11-23")]
    #[case("2026-11-23T15:00:00+25:00")]
    #[case("+10000-01-01T00:00:00Z")]
    #[case("9999-12-31T23:59:59-06:00")]
    #[case("-0001-01-01T00:00:00Z")]
    #[case("+262142-12-31T23:59:59")]
    fn bad(#[case] text: &str) {
        assert_eq!(parse(text, Tz::UTC), None);
    }
}
