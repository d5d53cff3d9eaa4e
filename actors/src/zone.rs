//! Times as clients and people write them, and the conversion between UTC and the facility's local
//! time.

#[cfg(test)]
mod tests;

use beamlive_storage::Timestamp;
use chrono::{DateTime, Datelike, Days, MappedLocalTime, NaiveDateTime, NaiveTime, Offset, TimeZone};
use chrono_tz::Tz;

/// Longest text that is parsed, in bytes; the longest form of a time has 35.
const MAX_TEXT: usize = 64;
const WITH_OFFSET: [&str; 2] = ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z"];
const NAIVE: [&str; 2] = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"];

/// A time as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// With an offset: one instant.
    Exact(Timestamp),
    /// Without one: local time of the facility.
    Clock(NaiveDateTime),
}

impl Reading {
    /// Parses an ISO-8601 date and time in the years 0 to 9999. Seconds may be left out, a fraction
    /// may follow a point or a comma, `24:00` is the end of a day, and the `T` may be a space.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > MAX_TEXT {
            return None;
        }
        let (date, rest) = text.split_once(['T', 't', ' '])?;
        let (clock, offset) = rest
            .find(['Z', 'z', '+', '-'])
            .and_then(|at| rest.split_at_checked(at))
            .unwrap_or((rest, ""));
        let clock = clock.trim_end().replacen(',', ".", 1);
        let (clock, end_of_day) = match clock.strip_prefix("24:") {
            Some(minutes) => (format!("00:{minutes}"), true),
            None => (clock, false),
        };
        let offset = if offset.eq_ignore_ascii_case("z") {
            "+00:00"
        } else {
            offset
        };
        let text = format!("{date}T{clock}{offset}");
        let moved = |naive: NaiveDateTime| match end_of_day {
            false => Some(naive),
            true if naive.time() == NaiveTime::MIN => naive.checked_add_days(Days::new(1)),
            true => None,
        };
        let shown = |naive: &NaiveDateTime| (0..=9999).contains(&naive.year());
        if offset.is_empty() {
            let naive = NAIVE
                .into_iter()
                .find_map(|format| NaiveDateTime::parse_from_str(&text, format).ok())?;
            return moved(naive).filter(shown).map(Self::Clock);
        }
        let exact = WITH_OFFSET
            .into_iter()
            .find_map(|format| DateTime::parse_from_str(&text, format).ok())?;
        let local = moved(exact.naive_local()).filter(shown)?;
        let utc = local.checked_sub_offset(*exact.offset())?;
        Some(Self::Exact(utc.and_utc().into()))
    }

    /// The instants that may be meant, the earlier one first. Both are the same, except in the hour
    /// that is repeated in `zone`. A local time that is skipped in `zone` is read with the offset
    /// before the change.
    #[must_use]
    pub fn instants(self, zone: Tz) -> [Timestamp; 2] {
        let naive = match self {
            Self::Exact(time) => return [time; 2],
            Self::Clock(naive) => naive,
        };
        let at = |offset: chrono::FixedOffset| -> Timestamp {
            let utc = naive.checked_sub_offset(offset).unwrap_or(naive);
            utc.and_utc().into()
        };
        match zone.offset_from_local_datetime(&naive) {
            MappedLocalTime::Single(offset) => [at(offset.fix()); 2],
            MappedLocalTime::Ambiguous(first, second) => {
                let (first, second) = (at(first.fix()), at(second.fix()));
                [first.min(second), first.max(second)]
            }
            MappedLocalTime::None => {
                let before = naive.checked_sub_days(Days::new(1)).unwrap_or(naive);
                [at(zone.offset_from_utc_datetime(&before).fix()); 2]
            }
        }
    }

    /// The local time, if it is skipped in `zone`: a clock that was set forward never showed it.
    #[must_use]
    pub fn skipped(self, zone: Tz) -> Option<NaiveDateTime> {
        match self {
            Self::Exact(_) => None,
            Self::Clock(naive) => {
                let offset = zone.offset_from_local_datetime(&naive);
                matches!(offset, MappedLocalTime::None).then_some(naive)
            }
        }
    }

    /// The instant that is assumed when nothing else is known: the earlier one.
    #[must_use]
    pub fn instant(self, zone: Tz) -> Timestamp {
        let [earlier, _] = self.instants(zone);
        earlier
    }
}

/// Start and end of a period. One or both may be in the hour that is repeated in `zone`. Of the
/// possible pairs, the shortest whose end is not before its start is taken.
#[must_use]
pub fn span(start: Reading, end: Reading, zone: Tz) -> (Timestamp, Timestamp) {
    let (starts, ends) = (start.instants(zone), end.instants(zone));
    let pairs = starts
        .into_iter()
        .flat_map(|start| ends.into_iter().map(move |end| (start, end)));
    // Of two of the same length, the first is taken.
    pairs
        .filter(|(start, end)| end >= start)
        .min_by_key(|(start, end)| end.0.saturating_sub(start.0))
        .unwrap_or((start.instant(zone), end.instant(zone)))
}
