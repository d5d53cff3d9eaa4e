//! Instants along an axis, in UTC. Values are milliseconds since 1970.

use super::number::plain;
use super::scale::Tick;
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Utc};

const SECOND: f64 = 1e3;
const MINUTE: f64 = 60.0 * SECOND;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;
/// Steps of equal length.
const STEPS: [f64; 20] = [
    0.1 * SECOND,
    SECOND,
    2.0 * SECOND,
    5.0 * SECOND,
    10.0 * SECOND,
    15.0 * SECOND,
    30.0 * SECOND,
    MINUTE,
    2.0 * MINUTE,
    5.0 * MINUTE,
    10.0 * MINUTE,
    15.0 * MINUTE,
    30.0 * MINUTE,
    HOUR,
    2.0 * HOUR,
    3.0 * HOUR,
    6.0 * HOUR,
    12.0 * HOUR,
    DAY,
    7.0 * DAY,
];
/// Steps of months.
const MONTHS: [i32; 8] = [1, 2, 3, 6, 12, 24, 60, 120];
const MOST: usize = 40;

fn instant(ms: f64) -> Option<DateTime<Utc>> {
    // Years of four digits only.
    if !(-6.2e13..=2.5e14).contains(&ms) {
        return None;
    }
    #[allow(clippy::cast_possible_truncation)] // Within the range above.
    DateTime::from_timestamp_millis(ms.round() as i64)
}

/// An instant to the second, or to the millisecond.
pub(crate) fn text(ms: f64) -> String {
    instant(ms).map_or_else(|| plain(ms), |at| at.format("%Y-%m-%d %H:%M:%S").to_string())
}

/// The instant in a text: by `format` as Python and d3 write it, or a usual form of ISO 8601.
pub(crate) fn parse(text: &str, format: Option<&str>) -> Option<f64> {
    let text = text.trim();
    if text.len() > 64 {
        return None;
    }
    if let Some(format) = format.filter(|format| format.len() <= 64) {
        let exact = NaiveDateTime::parse_from_str(text, format)
            .ok()
            .or_else(|| NaiveDate::parse_from_str(text, format).ok().map(midnight))
            .or_else(|| {
                let day = NaiveDate::from_ymd_opt(1970, 1, 1)?;
                Some(day.and_time(NaiveTime::parse_from_str(text, format).ok()?))
            })
            // A format without days, such as `%Y-%m` or `%Y`.
            .or_else(|| {
                let (text, format) = (format!("{text} 01"), format!("{format} %d"));
                NaiveDate::parse_from_str(&text, &format).ok().map(midnight)
            })
            .or_else(|| {
                let (text, format) = (format!("{text} 01 01"), format!("{format} %m %d"));
                NaiveDate::parse_from_str(&text, &format).ok().map(midnight)
            });
        if let Some(at) = exact {
            return Some(millis(at));
        }
    }
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(millis(at.naive_utc()));
    }
    let forms = [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M",
    ];
    let at = forms
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(midnight));
    at.map(millis)
}

fn midnight(day: NaiveDate) -> NaiveDateTime {
    day.and_time(NaiveTime::MIN)
}

#[allow(clippy::cast_precision_loss)] // Years of any calendar are below 2⁵³ ms.
fn millis(at: NaiveDateTime) -> f64 {
    at.and_utc().timestamp_millis() as f64
}

/// About `count` round instants.
pub(super) fn ticks((first, last): (f64, f64), count: usize) -> Vec<Tick> {
    let count = f64::from(u32::try_from(count).unwrap_or(10));
    let rough = (last - first) / count;
    if instant(first).is_none() || instant(last).is_none() {
        return Vec::new();
    }
    if rough > 14.0 * DAY {
        return months(first, last, rough);
    }
    let step = STEPS
        .into_iter()
        .find(|step| *step >= 0.8 * rough)
        .unwrap_or(7.0 * DAY);
    let form = match step {
        step if step < SECOND => "%H:%M:%S%.3f",
        step if step < MINUTE => "%H:%M:%S",
        step if step < DAY => "%H:%M",
        _ => "%d %b",
    };
    let mut value = (first / step).ceil() * step;
    let mut ticks = Vec::new();
    let mut day = None;
    while value <= last && ticks.len() < MOST {
        if let Some(at) = instant(value) {
            // The first tick of a new day names it.
            let new = step < DAY && day.is_some_and(|day| day != at.date_naive());
            day = Some(at.date_naive());
            let label = at.format(if new { "%d %b" } else { form }).to_string();
            ticks.push(Tick { value, label });
        }
        value += step;
    }
    ticks
}

fn months(first: f64, last: f64, rough: f64) -> Vec<Tick> {
    let stride = MONTHS
        .into_iter()
        .find(|months| f64::from(*months) * 30.4 * DAY >= 0.8 * rough)
        .unwrap_or(1200);
    let Some(begin) = instant(first) else {
        return Vec::new();
    };
    let form = if stride < 12 { "%b %Y" } else { "%Y" };
    let number = begin.year() * 12 + i32::try_from(begin.month0()).unwrap_or(0);
    let mut number = number.div_euclid(stride) * stride;
    let mut ticks = Vec::new();
    while ticks.len() < MOST {
        let month = u32::try_from(number.rem_euclid(12)).unwrap_or(0) + 1;
        let Some(day) = NaiveDate::from_ymd_opt(number.div_euclid(12), month, 1) else {
            break;
        };
        let value = millis(midnight(day));
        if value > last {
            break;
        }
        if value >= first {
            let label = day.format(form).to_string();
            ticks.push(Tick { value, label });
        }
        number += stride;
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_by_their_format() {
        let day = 1_795_392_000_000.0; // 2026-11-23
        let cases = [
            ("23/11/2026", Some("%d/%m/%Y"), Some(day)),
            ("2026-11-23", None, Some(day)),
            ("2026-11-23T01:00:00+01:00", None, Some(day)),
            ("2026-11-23 00:00", Some("%Y-%m-%d %H:%M"), Some(day)),
            ("2026", Some("%Y"), Some(1_767_225_600_000.0)),
            ("2026-02", Some("%Y-%m"), Some(1_769_904_000_000.0)),
            ("soon", Some("%Q%%%é"), None),
            ("soon", None, None),
        ];
        for (written, format, expected) in cases {
            assert_eq!(parse(written, format), expected, "{written}");
        }
    }

    #[test]
    fn ticks_are_at_round_instants() {
        let labels = |first: f64, length: f64, count| -> Vec<String> {
            ticks((first, first + length), count)
                .into_iter()
                .map(|tick| tick.label)
                .collect()
        };
        let day = 1_795_392_000_000.0;
        assert_eq!(
            labels(day, 2.0 * HOUR, 4),
            ["00:00", "00:30", "01:00", "01:30", "02:00"]
        );
        assert_eq!(
            labels(day + 22.0 * HOUR, 4.0 * HOUR, 4),
            ["22:00", "23:00", "24 Nov", "01:00", "02:00"]
        );
        assert_eq!(labels(day, 90.0 * DAY, 3), ["Dec 2026", "Jan 2027", "Feb 2027"]);
        assert!(labels(f64::MAX, 1.0, 3).is_empty());
    }
}
