//! Times, lengths and links, as pages show them.

use beamlive_storage::Timestamp;
use chrono_tz::Tz;
use maud::{html, Markup};

/// A time in the zone of the facility, to the minute. The exact time, in UTC, is its title.
pub(super) fn time(time: Timestamp, zone: Tz) -> Markup {
    let exact = exact(time);
    html! { time datetime=(exact) title=(exact) { (local(time, zone)) } }
}

/// A time in the zone of the facility, to the minute.
pub(super) fn local(time: Timestamp, zone: Tz) -> String {
    let local = time.to_utc().with_timezone(&zone);
    local.format("%Y-%m-%d %H:%M").to_string()
}

/// A time in UTC, to the second.
pub(super) fn exact(time: Timestamp) -> String {
    time.to_utc().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A time in UTC, to the microsecond, as facility files have it.
pub(super) fn exact_micros(time: Timestamp) -> String {
    time.to_utc().to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

/// How long ago `since` was. The script counts on.
pub(super) fn counting(since: Timestamp, now: Timestamp) -> Markup {
    let exact = exact(since);
    html! { time datetime=(exact) data-since=(exact) { (length(now.micros_since(since))) } }
}

/// A length of time in µs, in its two largest units.
pub(super) fn length(micros: i64) -> String {
    let seconds = micros.max(0) / 1_000_000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, ..) => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

/// A number without what is not needed of its fraction.
pub(super) fn number(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// A number and its noun.
pub(super) fn count(number: u64, one: &str, many: &str) -> String {
    let noun = if number == 1 { one } else { many };
    format!("{} {noun}", beamlive_page::grouped(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(0, "0 s")]
    #[case(-5, "0 s")]
    #[case(59_999_999, "59 s")]
    #[case(60_000_000, "1 min 0 s")]
    #[case(3_661_000_000, "1 h 1 min")]
    #[case(90_000_000_000, "1 d 1 h")]
    fn lengths(#[case] micros: i64, #[case] text: &str) {
        assert_eq!(length(micros), text);
    }

    #[rstest]
    #[case(12.658, 2, "12.66")]
    #[case(12.0, 3, "12")]
    #[case(100.0, 0, "100")]
    #[case(0.5, 3, "0.5")]
    fn numbers(#[case] value: f64, #[case] digits: usize, #[case] text: &str) {
        assert_eq!(number(value, digits), text);
    }

    #[test]
    fn times_are_those_of_the_facility() {
        let time = Timestamp(1_795_446_000_000_000);
        assert_eq!(local(time, chrono_tz::America::Regina), "2026-11-23 09:00");
    }
}
