//! Files that are not dumps: an error names the place, and nothing panics.

use crate::builder::{blemishes, sound, text, SHAPES};
use crate::imported::ZONE;
use beamlive_mxlive::{Directories, Tables};
use proptest::prelude::*;
use rstest::rstest;

fn read(dump: &[u8]) -> Result<(), String> {
    let read = Tables::read(dump, ZONE, &Directories::default(), &mut |_| {});
    read.map(drop).map_err(|error| error.to_string())
}

#[rstest]
#[case("", "after record 0 (line 0, byte 0): a dump must be a JSON list of records")]
#[case(
    "{}",
    "after record 0 (line 0, byte 0): a dump must be a JSON list of records"
)]
#[case(
    "[",
    "after record 0 (line 0, byte 0): the file ends within the list: it was cut"
)]
#[case(
    "[{\"model\": \"lims.x",
    "after record 1 (line 1, byte 1): the file ends within the record: it was cut"
)]
#[case(
    "[{\"model\": \"a\"}}]",
    "after record 1 (line 1, byte 1): a comma or the end of the list must follow"
)]
#[case(
    "[{\"model\": \"a\"},]",
    "after record 1 (line 1, byte 1): a record must follow the comma"
)]
#[case("[] x", "after record 0 (line 0, byte 0): something follows the list")]
#[case(
    "[\n1]",
    "record 1 (line 2, byte 2): is not a record: invalid type: integer `1`"
)]
#[case("[{}]", "record 1 (line 1, byte 1): has no model")]
#[case(
    "[{\"model\": \"lims.sample\"}]",
    "record 1 (line 1, byte 1), lims.sample: has no fields"
)]
#[case(
    "[{\"model\": \"lims.sample\", \"pk\": 4, \"fields\": []}]",
    "lims.sample 4: fields: must be an object"
)]
#[case(
    "[{\"model\": \"lims.sample\", \"fields\": {}}]",
    "record 1 (line 1, byte 1), lims.sample: pk: is missing"
)]
#[case(
    "[{\"model\": \"lims.sample\", \"pk\": 4, \"fields\": {\"priority\": \"high\"}}]",
    "record 1 (line 1, byte 1), lims.sample 4: priority: must be a whole number, not \"high\""
)]
#[case(
    "[\n{\"model\": \"lims.data\", \"pk\": 4, \"fields\": {\"exposure_time\": [1]}}]",
    "record 1 (line 2, byte 2), lims.data 4: exposure_time: must be a number, not a list"
)]
#[case(
    "[{\"model\": \"lims.data\", \"pk\": 4, \"fields\": {\"project\": {}}}]",
    "project: must be the key of a record, not an object"
)]
fn what_is_wrong_is_named_with_its_place(#[case] dump: &str, #[case] expected: &str) {
    let error = read(dump.as_bytes()).unwrap_err();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn deep_nesting_invalid_utf8_and_huge_numbers_are_errors_or_values() {
    let deep = format!(
        "[{{\"model\": \"lims.data\", \"pk\": 1, \"fields\": {{\"meta_data\": {}}}}}]",
        "[".repeat(100_000)
    );
    assert!(read(deep.as_bytes()).unwrap_err().contains("it was cut"));
    let closed = format!(
        "[{{\"model\": \"lims.data\", \"pk\": 1, \"fields\": {{\"meta_data\": {}{}}}}}]",
        "[".repeat(1000),
        "]".repeat(1000)
    );
    assert!(read(closed.as_bytes()).unwrap_err().contains("recursion limit"));
    // In a model that is not read, the same depth is only skipped.
    assert_eq!(read(closed.replace("lims.data", "lims.other").as_bytes()), Ok(()));
    let wrong = b"[{\"model\": \"lims.project\", \"pk\": 1, \"fields\": {\"username\": \"\xff\"}}]";
    assert!(read(wrong).unwrap_err().contains("unicode"));
    for number in [
        "1e400",
        "99999999999999999999999999",
        "-1e-999",
        "NaN",
        "-Infinity",
    ] {
        let dump =
            format!("[{{\"model\": \"lims.data\", \"pk\": {number}, \"fields\": {{\"energy\": {number}}}}}]");
        let error = read(dump.as_bytes()).err().unwrap_or_default();
        assert!(
            error.is_empty() || error.contains("out of range"),
            "{number}: {error}"
        );
    }
}

#[test]
fn secrets_are_never_parsed() {
    // These fields are not objects that could be read, and still no error: they are skipped.
    let dump = "[{\"model\": \"sessions.session\", \"pk\": \"x\", \"fields\": 7}]";
    let tables = Tables::read(dump.as_bytes(), ZONE, &Directories::default(), &mut |_| {}).unwrap();
    assert_eq!(tables.unread().secret.get("sessions.session"), Some(&1));
    assert!(!format!("{tables:?}").contains('7'));
}

#[test]
fn every_cut_of_a_dump_is_an_error() {
    let dump = text(&sound(SHAPES[0]));
    let end = dump.trim_end().len();
    for cut in (0..end).step_by(7) {
        assert!(read(&dump.as_bytes()[..cut]).is_err(), "{cut}");
    }
    assert_eq!(read(&dump.as_bytes()[..end]), Ok(()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn changed_bytes_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut dump = text(&[sound(SHAPES[1]), blemishes()].concat()).into_bytes();
        for (place, byte) in changes {
            let place = place.index(dump.len());
            dump[place] = byte;
        }
        let _ = read(&dump);
    }
}
