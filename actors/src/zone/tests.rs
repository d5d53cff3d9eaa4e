#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::*;
use chrono::SecondsFormat;
use rstest::rstest;

fn shown(time: Timestamp) -> String {
    time.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[rstest]
#[case("2026-11-23T15:00:00.123456+00:00", "2026-11-23T15:00:00.123456Z")]
#[case("2026-11-23T15:00:00Z", "2026-11-23T15:00:00Z")]
#[case("2026-11-23t15:00:00z", "2026-11-23T15:00:00Z")]
#[case("2026-11-23 15:00:00-0600", "2026-11-23T21:00:00Z")]
#[case("2026-11-23 15:00:00 -06:00", "2026-11-23T21:00:00Z")]
#[case("2026-11-23T15:00+01", "2026-11-23T14:00:00Z")]
#[case("2026-11-23T15:00:00,5+00:00", "2026-11-23T15:00:00.500Z")]
#[case("2026-11-23T24:00:00Z", "2026-11-24T00:00:00Z")]
#[case("2026-12-31T24:00:00,000-06:00", "2027-01-01T06:00:00Z")]
#[case("2026-11-23T24:00+00:00", "2026-11-24T00:00:00Z")]
#[case(" 2026-11-23T09:06:10,654321 ", "2026-11-23T09:06:10.654321Z")]
#[case("2026-11-23 24:00:00", "2026-11-24T00:00:00Z")]
#[case("2026-11-23 09:06", "2026-11-23T09:06:00Z")]
fn times_as_they_are_written(#[case] text: &str, #[case] utc: &str) {
    let reading = Reading::parse(text).unwrap();
    assert_eq!(shown(reading.instant(Tz::UTC)), utc);
}

#[rstest]
#[case("")]
#[case("yesterday")]
#[case("2026-11-23")]
#[case("1767225600")]
#[case("2026-13-01T00:00:00Z")]
#[case("2026-11-23T24:00:01Z")]
#[case("2026-11-23T24:01")]
#[case("2026-11-23T25:00:00")]
#[case("2026-11-23T15:00:00,,5")]
#[case("2026-11-23T15:00:00+25:00")]
#[case("+10000-01-01T00:00:00Z")]
#[case("9999-12-31T24:00:00")]
#[case("-0001-01-01T00:00:00Z")]
#[case("+262142-12-31T23:59:59")]
fn invalid_times_are_refused(#[case] text: &str) {
    assert_eq!(Reading::parse(text), None);
}

/// Clocks that are set back or forward, in both hemispheres, and a day that is left out.
#[rstest]
#[case::toronto_before(Tz::America__Toronto, "2026-11-01 00:59:59", "04:59:59", "04:59:59")]
#[case::toronto_first(Tz::America__Toronto, "2026-11-01 01:00:00", "05:00:00", "06:00:00")]
#[case::toronto_last(Tz::America__Toronto, "2026-11-01 01:59:59", "05:59:59", "06:59:59")]
#[case::toronto_after(Tz::America__Toronto, "2026-11-01 02:00:00", "07:00:00", "07:00:00")]
#[case::toronto_gap(Tz::America__Toronto, "2026-03-08 02:30:00", "07:30:00", "07:30:00")]
#[case::paris_twice(Tz::Europe__Paris, "2026-10-25 02:25:00", "00:25:00", "01:25:00")]
#[case::paris_gap(Tz::Europe__Paris, "2026-03-29 02:30:00", "01:30:00", "01:30:00")]
#[case::lord_howe_twice(Tz::Australia__Lord_Howe, "2026-04-05 01:45:00", "14:45:00", "15:15:00")]
#[case::melbourne_gap(Tz::Australia__Melbourne, "2026-10-04 02:30:00", "16:30:00", "16:30:00")]
#[case::apia_left_a_day_out(Tz::Pacific__Apia, "2011-12-30 12:00:00", "22:00:00", "22:00:00")]
#[case::regina_never(Tz::America__Regina, "2026-11-01 01:30:00", "07:30:00", "07:30:00")]
fn the_instants_of_a_clock(#[case] zone: Tz, #[case] text: &str, #[case] first: &str, #[case] second: &str) {
    let instants = Reading::parse(text).unwrap().instants(zone);
    assert_eq!(
        instants.map(|time| shown(time)[11..19].to_owned()),
        [first, second]
    );
}

/// In the night in which the clocks of Paris go back, 02:00 to 03:00 comes twice: from 00:00 and
/// from 01:00 UTC.
#[rstest]
#[case::the_case_of_the_issue("2026-10-25T01:05:00Z", "2026-10-25T02:25:00", "01:05", "01:25")]
#[case::end_in_the_first_hour("2026-10-25T00:05:00Z", "2026-10-25T02:25:00", "00:05", "00:25")]
#[case::end_in_the_second("2026-10-25T00:45:00Z", "2026-10-25T02:25:00", "00:45", "01:25")]
#[case::at_once("2026-10-25T00:25:00Z", "2026-10-25T02:25:00", "00:25", "00:25")]
#[case::start_in_the_first_hour("2026-10-25T02:25:00", "2026-10-25T01:05:00Z", "00:25", "01:05")]
#[case::start_in_the_second("2026-10-25T02:50:00", "2026-10-25T03:10:00", "01:50", "02:10")]
#[case::start_before_the_end_in_the_first("2026-10-25T01:50:00", "2026-10-25T02:10:00", "23:50", "00:10")]
#[case::both_in_order("2026-10-25T02:10:00", "2026-10-25T02:20:00", "00:10", "00:20")]
#[case::both_across_the_change("2026-10-25T02:50:00", "2026-10-25T02:10:00", "00:50", "01:10")]
#[case::a_wrong_clock("2026-10-25T08:00:00Z", "2026-10-25T02:25:00", "08:00", "00:25")]
#[case::the_gap("2026-03-29T01:50:00", "2026-03-29T02:30:00", "00:50", "01:30")]
#[case::across_the_gap("2026-03-29T01:50:00", "2026-03-29T03:10:00", "00:50", "01:10")]
fn an_end_is_not_before_its_start(
    #[case] start: &str,
    #[case] end: &str,
    #[case] first: &str,
    #[case] last: &str,
) {
    let (start, end) = span(
        Reading::parse(start).unwrap(),
        Reading::parse(end).unwrap(),
        Tz::Europe__Paris,
    );
    let minutes = |time| shown(time)[11..16].to_owned();
    assert_eq!((minutes(start).as_str(), minutes(end).as_str()), (first, last));
}
