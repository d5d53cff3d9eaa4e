#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use super::*;
use beamlive_actors::key::{verify, PublicKey};
use percent_encoding::{percent_decode_str, percent_encode, NON_ALPHANUMERIC};
use proptest::prelude::*;

const SIGNED_AT: i64 = 1_767_225_600;
const MINUTE: Duration = Duration::from_secs(60);

struct Vector {
    key_type: String,
    key: PublicKey,
    username: String,
    token: String,
    quoted: String,
}

/// Tokens made by Python clients, two for each type of key.
fn vectors() -> Vec<Vector> {
    let file = include_str!("../../../tests/fixtures/vectors/tokens.json");
    let file: serde_json::Value = serde_json::from_str(file).unwrap();
    let vectors: Vec<Vector> = file["vectors"].as_array().unwrap().iter().map(vector).collect();
    assert_eq!(vectors.len(), 10);
    vectors
}

fn vector(entry: &serde_json::Value) -> Vector {
    let text = |name: &str| entry[name].as_str().unwrap().to_owned();
    assert_eq!(entry["signed_at_unix"], SIGNED_AT);
    Vector {
        key_type: text("key_type"),
        key: PublicKey::parse(&text("public")).unwrap(),
        username: text("username"),
        token: text("token"),
        quoted: text("quoted_token"),
    }
}

/// Whether a signed route accepts a token this many seconds after it was signed.
fn accepted(key: &PublicKey, segment: &str, seconds_later: i64) -> bool {
    Token::parse(segment).is_ok_and(|token| {
        token.is_fresh((SIGNED_AT + seconds_later) * 1_000_000, MINUTE)
            && verify(Some(key), &token.message(), &token.signature)
    })
}

#[test]
fn tokens_of_every_key_type_are_valid_in_every_form() {
    for vector in vectors() {
        let Vector {
            key_type,
            key,
            token,
            quoted,
            ..
        } = &vector;
        let encoded = percent_encode(token.as_bytes(), NON_ALPHANUMERIC).to_string();
        let partly = token.replace(':', "%3A").replace('=', "%3d");
        let unpadded = token.trim_end_matches('=').to_owned();
        let quoted_unpadded = quoted.replace('=', "");
        for form in [token, quoted, &encoded, &partly, &unpadded, &quoted_unpadded] {
            let segment = percent_decode_str(form).decode_utf8().unwrap();
            let parsed = Token::parse(&segment).unwrap();
            assert_eq!(
                (parsed.username.as_str(), parsed.signed_at),
                (vector.username.as_str(), 1_767_225_600)
            );
            assert!(accepted(key, &segment, 0), "{key_type} {form}");
        }
    }
}

#[test]
fn tokens_are_valid_a_minute_before_and_after_their_time() {
    for vector in vectors() {
        for (later, good) in [(-61, false), (-60, true), (0, true), (60, true), (61, false)] {
            for token in [&vector.token, &vector.quoted] {
                assert_eq!(
                    accepted(&vector.key, token, later),
                    good,
                    "{} {later}",
                    vector.key_type
                );
            }
        }
    }
    let token = Token::parse(&vectors()[0].token).unwrap();
    let edge = (SIGNED_AT + 60) * 1_000_000;
    assert!(token.is_fresh(edge, MINUTE) && !token.is_fresh(edge + 1, MINUTE));
    let edge = (SIGNED_AT - 60) * 1_000_000;
    assert!(token.is_fresh(edge, MINUTE) && !token.is_fresh(edge - 1, MINUTE));
}

#[test]
fn freshness_is_checked_at_the_limits_of_time() {
    let last = Token::parse(&format!("alice:{}:AAAA", base62(u64::MAX))).unwrap();
    assert_eq!(last.signed_at, u64::MAX);
    for now in [i64::MIN, 0, i64::MAX] {
        assert!(!last.is_fresh(now, MINUTE));
    }
}

#[test]
fn a_token_with_any_bit_changed_is_refused() {
    for vector in vectors() {
        let unsigned = vector.token.rfind(':').unwrap() * 8;
        for token in [&vector.token, &vector.quoted] {
            let step = if vector.key_type == "ed25519" { 1 } else { 11 };
            for bit in (0..unsigned).chain((unsigned..token.len() * 8).step_by(step)) {
                let mut changed = token.clone().into_bytes();
                changed[bit / 8] ^= 1 << (bit % 8);
                let Ok(changed) = String::from_utf8(changed) else {
                    continue;
                };
                assert!(!accepted(&vector.key, &changed, 0), "{changed}");
            }
        }
    }
}

#[test]
fn a_token_is_valid_only_for_its_user_and_key() {
    let vectors = vectors();
    for vector in &vectors {
        let (_, rest) = vector.token.split_once(':').unwrap();
        for other in ["alicf", "alic", "alice2", "Alice", "bob", "proj-042"] {
            assert!(!accepted(&vector.key, &format!("{other}:{rest}"), 0));
        }
        for other in vectors.iter().filter(|other| other.key != vector.key) {
            assert!(!accepted(&other.key, &vector.token, 0));
        }
        // Another spelling of the same time was not signed.
        assert!(!accepted(
            &vector.key,
            &vector.token.replacen(":1vb66i:", ":01vb66i:", 1),
            0
        ));
    }
}

#[test]
fn the_error_of_a_malformed_token_names_the_wrong_part() {
    let long = "a".repeat(MAX_USERNAME);
    let signature = "A".repeat(1365);
    for (segment, error) in [
        (String::new(), TokenError::Form),
        ("alice".into(), TokenError::Form),
        ("alice:1vb66i".into(), TokenError::Form),
        (":1vb66i:AAAA".into(), TokenError::Username),
        (format!("{long}a:1:AAAA"), TokenError::Username),
        ("a:b:1vb66i:AAAA".into(), TokenError::Username),
        ("al ice:1vb66i:AAAA".into(), TokenError::Username),
        ("al/ice:1vb66i:AAAA".into(), TokenError::Username),
        ("élise:1vb66i:AAAA".into(), TokenError::Username),
        ("alice::AAAA".into(), TokenError::Time),
        ("alice:1vb6-i:AAAA".into(), TokenError::Time),
        ("alice:-1:AAAA".into(), TokenError::Time),
        ("alice:LygHa16AHYG:AAAA".into(), TokenError::Time),
        ("alice:zzzzzzzzzzz:AAAA".into(), TokenError::Time),
        ("alice:000000000001:AAAA".into(), TokenError::Time),
        ("alice:1vb66i:".into(), TokenError::Signature),
        ("alice:1vb66i:b''".into(), TokenError::Signature),
        ("alice:1vb66i:'AAAA'".into(), TokenError::Signature),
        ("alice:1vb66i:b'AAAA".into(), TokenError::Signature),
        ("alice:1vb66i:AAAA'".into(), TokenError::Signature),
        ("alice:1vb66i:A".into(), TokenError::Signature),
        ("alice:1vb66i:A+/A".into(), TokenError::Signature),
        ("alice:1vb66i:AAAA=".into(), TokenError::Signature),
        ("alice:1vb66i:AB==".into(), TokenError::Signature),
        ("alice:1vb66i:AA==AA==".into(), TokenError::Signature),
        (format!("alice:1:{signature}AAAA"), TokenError::Signature),
        (format!("{long}:1:{}", "A".repeat(1400)), TokenError::TooLong),
    ] {
        assert_eq!(Token::parse(&segment), Err(error), "{segment}");
    }
}

#[test]
fn the_longest_token_is_read() {
    let username = "a".repeat(MAX_USERNAME);
    let signature = BASE64URL.encode([7; MAX_SIGNATURE]);
    let segment = format!("{username}:{}:b'{signature}'", base62(u64::MAX));
    assert_eq!(segment.len(), MAX_TOKEN);
    let token = Token::parse(&segment).unwrap();
    assert_eq!(token.signature, [7; MAX_SIGNATURE]);
    assert_eq!(Token::parse(&format!("{segment}A")), Err(TokenError::TooLong));
}

#[test]
fn base62_counts_digits_then_capitals_then_small_letters() {
    for (number, text) in [
        (0, "0"),
        (9, "9"),
        (10, "A"),
        (35, "Z"),
        (36, "a"),
        (61, "z"),
        (62, "10"),
    ] {
        assert_eq!(base62(number), text);
    }
    assert_eq!(base62(1_767_225_600), "1vb66i");
    assert_eq!(base62(u64::MAX), "LygHa16AHYF");
}

#[test]
fn a_log_line_holds_no_signature() {
    let token = Token::parse("alice:1vb66i:AAAA").unwrap();
    assert_eq!(
        format!("{token:?}"),
        "Token { username: \"alice\", signed_at: 1767225600, .. }"
    );
}

proptest! {
    #[test]
    fn any_segment_is_parsed_or_refused(segment in "\\PC{0,80}|[a-z:='b]{0,40}") {
        let _ = Token::parse(&segment);
    }

    #[test]
    fn the_signed_text_is_the_text_that_was_sent(
        username in "[A-Za-z0-9_-]{1,150}", seconds in any::<u64>(),
        signature in prop::collection::vec(any::<u8>(), 1..=MAX_SIGNATURE),
    ) {
        let time = base62(seconds);
        let token = Token::parse(&format!("{username}:{time}:{}", BASE64URL.encode(&signature))).unwrap();
        prop_assert_eq!(token.message(), sign_message(&username, &time));
        prop_assert_eq!((token.username, token.signed_at, token.signature), (username, seconds, signature));
    }
}
