#![allow(clippy::unwrap_used)]
mod check;
mod golden;

use super::*;

#[test]
fn a_secure_key_is_forty_lower_case_digits() {
    let digits = "00ff10a5".repeat(5);
    let key = SecureKey::parse(&digits).unwrap();
    assert_eq!(key.to_hex(), digits);
    assert_eq!(format!("{key:?}"), "00ff10a5\u{2026}");
    for wrong in [
        digits.to_uppercase(),
        digits.replace('a', "g"),
        format!("{digits}0"),
        format!("{digits}00"),
        String::new(),
    ] {
        assert_eq!(SecureKey::parse(&wrong), None, "{wrong}");
    }
}

#[test]
fn the_numbers_of_subjects_are_those_in_keys() {
    let numbers = (0..=u8::MAX).filter(|byte| Subject::from_repr(*byte).is_some());
    assert_eq!(numbers.collect::<Vec<_>>(), (1..=10).collect::<Vec<_>>());
    assert_eq!(Subject::from_repr(3), Some(Subject::Dataset));
}
