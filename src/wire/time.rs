//! Times in a body: strings and MessagePack timestamps.

use super::msgpack::Value;
use beamlive_actors::session::dataset::SHOWABLE;
use beamlive_actors::zone::Reading;
use beamlive_storage::Timestamp;
use chrono_tz::Tz;

/// The extension type of timestamps.
const TIMESTAMP: i8 = -1;

/// Reads a time in the years 0 to 9999, UTC. Times without an offset are in `zone`.
#[must_use]
pub fn read(value: &Value<'_>, zone: Tz) -> Option<Reading> {
    let reading = match value.extension() {
        Some((TIMESTAMP, data)) => timestamp(data).map(Reading::Exact),
        Some(_) => None,
        None => Reading::parse(value.as_str()?),
    };
    reading.filter(|reading| SHOWABLE.contains(&reading.instant(zone)))
}

/// Reads a timestamp of 4, 8 or 12 bytes. The fraction is truncated to microseconds.
fn timestamp(data: &[u8]) -> Option<Timestamp> {
    let (seconds, nanos) = if let Ok(seconds) = <[u8; 4]>::try_from(data) {
        (i64::from(u32::from_be_bytes(seconds)), 0)
    } else if let Ok(both) = <[u8; 8]>::try_from(data).map(u64::from_be_bytes) {
        (i64::try_from(both & 0x3_ffff_ffff).ok()?, both >> 34)
    } else {
        let (nanos, seconds) = data.split_first_chunk::<4>()?;
        let seconds = <[u8; 8]>::try_from(seconds).ok()?;
        (i64::from_be_bytes(seconds), u64::from(u32::from_be_bytes(*nanos)))
    };
    let micros = i64::try_from(nanos).ok().filter(|nanos| *nanos < 1_000_000_000)? / 1000;
    Some(Timestamp(seconds.checked_mul(1_000_000)?.checked_add(micros)?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use chrono::SecondsFormat;
    use rstest::rstest;

    fn shown(packed: &[u8]) -> Option<String> {
        let value = Value::parse(packed, 1).unwrap();
        let time = read(&value, Tz::America__Regina)?.instant(Tz::America__Regina);
        Some(time.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }

    #[rstest]
    #[case::seconds(&[0xd6, 0xff, 0x69, 0x55, 0xb9, 0x00], "2026-01-01T00:00:00Z")]
    #[case::nanoseconds(&[0xd7, 0xff, 0x77, 0x35, 0x94, 0x00, 0x69, 0x55, 0xb9, 0x00], "2026-01-01T00:00:00.500Z")]
    #[case::long(
        &[0xc7, 12, 0xff, 0x00, 0x00, 0x03, 0xe8, 0, 0, 0, 0, 0x69, 0x55, 0xb9, 0x00],
        "2026-01-01T00:00:00.000001Z"
    )]
    #[case::before_1970(
        &[0xc7, 12, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        "1969-12-31T23:59:59Z"
    )]
    #[case::text(b"\xb32026-01-01T00:00:00", "2026-01-01T06:00:00Z")]
    fn good(#[case] packed: &[u8], #[case] utc: &str) {
        assert_eq!(shown(packed).as_deref(), Some(utc));
    }

    #[rstest]
    #[case::another_type(&[0xd6, 0x01, 0x69, 0x55, 0xb9, 0x00])]
    #[case::another_length(&[0xd5, 0xff, 0x69, 0x55])]
    #[case::too_many_nanoseconds(&[0xd7, 0xff, 0xff, 0xff, 0xff, 0xfc, 0x69, 0x55, 0xb9, 0x00])]
    #[case::after_9999(&[0xc7, 12, 0xff, 0, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff])]
    #[case::beyond_any_clock(&[0xc7, 12, 0xff, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])]
    #[case::after_9999_in_utc(b"\xb39999-12-31T23:59:59")]
    #[case::a_number(&[0xce, 0x69, 0x55, 0xb9, 0x00])]
    fn bad(#[case] packed: &[u8]) {
        assert_eq!(shown(packed), None);
    }
}
