#![allow(clippy::unwrap_used)]
use super::*;

#[test]
fn a_subjects_byte_reads_back() {
    for byte in 0..=u8::MAX {
        match Subject::from_byte(byte) {
            Some(subject) => assert_eq!(subject as u8, byte),
            None => assert!(!(1..=8).contains(&byte)),
        }
    }
}

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
        String::new(),
    ] {
        assert_eq!(SecureKey::parse(&wrong), None, "{wrong}");
    }
}
