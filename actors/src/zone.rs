//! The facility's clock on the wall.

use beamlive_storage::Timestamp;
use chrono::{NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;

/// The instant at which a clock in `zone` shows `naive`. Where a clock was set back, the earlier of the two; where
/// one was set forward and never showed it, the instant as far behind the change as it says.
#[must_use]
pub fn to_utc(naive: NaiveDateTime, zone: Tz) -> Timestamp {
    if let Some(time) = zone.from_local_datetime(&naive).earliest() {
        return time.to_utc().into();
    }
    // In the gap: with the offset that held before it, the same reading is right.
    let before = naive
        .checked_sub_signed(chrono::TimeDelta::hours(3))
        .unwrap_or(naive);
    let offset = match zone.from_local_datetime(&before).earliest() {
        Some(time) => time.offset().fix(),
        None => chrono::Utc.fix(),
    };
    let utc = naive.checked_sub_offset(offset).unwrap_or(naive);
    utc.and_utc().into()
}
