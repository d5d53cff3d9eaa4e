#![allow(clippy::unwrap_used)]
use super::*;

#[test]
fn dates_outside_the_range_of_http_are_none() {
    let at = |seconds: i128| {
        modified(&Identity {
            device: 1,
            inode: 2,
            length: 3,
            modified: seconds * 1_000_000_000 + 999_999_999,
        })
    };
    for seconds in [-1, -100_000_000_000, 253_402_300_800, i128::from(i64::MAX)] {
        assert!(at(seconds).is_none(), "{seconds}");
    }
    assert_eq!(at(0).unwrap().to_string(), "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_eq!(
        at(253_402_300_799).unwrap().to_string(),
        "Fri, 31 Dec 9999 23:59:59 GMT"
    );
}
