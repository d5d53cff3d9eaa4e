#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use super::*;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use base64::Engine;
use proptest::prelude::*;
use std::time::{Duration, Instant};

struct Vector {
    kind: KeyKind,
    key: PublicKey,
    line: String,
    message: Vec<u8>,
    signature: Vec<u8>,
}

/// Signatures made by Python's cryptography, two for each type and size of key.
fn vectors() -> Vec<Vector> {
    let files = [
        include_str!("../../../tests/fixtures/vectors/tokens.json"),
        include_str!("../../../tests/fixtures/vectors/dsa-2048.json"),
    ];
    let mut vectors = Vec::new();
    for file in files {
        let file: serde_json::Value = serde_json::from_str(file).unwrap();
        vectors.extend(file["vectors"].as_array().unwrap().iter().map(vector));
    }
    assert_eq!(vectors.len(), 12);
    vectors
}

fn vector(entry: &serde_json::Value) -> Vector {
    let text = |name: &str| entry[name].as_str().unwrap();
    let line = text("public").to_owned();
    let (rest, signature) = text("token").rsplit_once(':').unwrap();
    Vector {
        kind: match text("key_type") {
            "ed25519" => KeyKind::Ed25519,
            "dsa-1024" | "dsa-2048" => KeyKind::Dsa,
            "rsa-2048" => KeyKind::Rsa,
            "ecdsa-p256" => KeyKind::EcdsaP256,
            "ecdsa-p384" => KeyKind::EcdsaP384,
            other => panic!("{other}"),
        },
        key: PublicKey::parse(&line).unwrap(),
        line,
        message: format!("ca.clsi.cmcf:{rest}").into_bytes(),
        signature: URL_SAFE.decode(signature).unwrap(),
    }
}

/// A key line of this type, whose data are the parts as SSH strings.
fn line(kind: &str, parts: &[&[u8]]) -> String {
    let mut blob = Vec::new();
    for part in [kind.as_bytes()].iter().chain(parts) {
        blob.extend_from_slice(&u32::try_from(part.len()).unwrap().to_be_bytes());
        blob.extend_from_slice(part);
    }
    format!("{kind} {}", STANDARD.encode(blob))
}

/// An odd positive number of exactly this many bits, as SSH encodes it.
fn number(bits: usize) -> Vec<u8> {
    let mut bytes = vec![0xff; bits.div_ceil(8)];
    bytes[0] >>= (8 - bits % 8) % 8;
    if bytes[0] >= 0x80 {
        bytes.insert(0, 0);
    }
    bytes
}

#[test]
fn signatures_of_every_type_verify_and_have_their_type() {
    for vector in vectors() {
        assert_eq!(vector.key.kind(), vector.kind);
        assert!(
            verify(Some(&vector.key), &vector.message, &vector.signature),
            "{}",
            vector.kind
        );
        assert_eq!(is_slow(&vector.signature), vector.kind != KeyKind::Ed25519);
    }
}

#[test]
fn no_signature_verifies_without_a_key_or_with_another_key_or_message() {
    let vectors = vectors();
    for vector in &vectors {
        assert!(
            !verify(None, &vector.message, &vector.signature),
            "{}",
            vector.kind
        );
        let mut message = vector.message.clone();
        message.push(b' ');
        assert!(
            !verify(Some(&vector.key), &message, &vector.signature),
            "{}",
            vector.kind
        );
        for other in vectors.iter().filter(|other| other.kind != vector.kind) {
            assert!(
                !verify(Some(&other.key), &vector.message, &vector.signature),
                "{}",
                other.kind
            );
        }
    }
}

#[test]
fn a_changed_shortened_or_extended_signature_does_not_verify() {
    for vector in vectors() {
        let step = if vector.kind == KeyKind::Ed25519 { 1 } else { 13 };
        for bit in (0..vector.signature.len() * 8).step_by(step) {
            let mut signature = vector.signature.clone();
            signature[bit / 8] ^= 1 << (bit % 8);
            assert!(
                !verify(Some(&vector.key), &vector.message, &signature),
                "{} bit {bit}",
                vector.kind
            );
        }
        let (_, shorter) = vector.signature.split_last().unwrap();
        assert!(!verify(Some(&vector.key), &vector.message, shorter));
        let longer = [vector.signature.as_slice(), &[0]].concat();
        assert!(!verify(Some(&vector.key), &vector.message, &longer));
    }
}

#[test]
fn the_largest_rsa_key_verifies() {
    let (line, signature) = include_str!("testdata/rsa8192.txt").split_once('\n').unwrap();
    let key = PublicKey::parse(line).unwrap();
    let signature = STANDARD.decode(signature.trim_end()).unwrap();
    assert!(verify(Some(&key), b"a message", &signature));
    assert!(!verify(Some(&key), b"another message", &signature));
    assert!(!verify(None, b"a message", &signature));
}

/// The shortest of several runs, because noise only makes them longer.
fn cost(key: Option<&PublicKey>, signature: &[u8]) -> Duration {
    let run = || {
        let start = Instant::now();
        assert!(!verify(key, b"a message", signature));
        start.elapsed()
    };
    (0..7).map(|_| run()).min().unwrap()
}

#[test]
fn the_time_does_not_depend_on_the_account() {
    let vectors = vectors();
    let keys: Vec<Option<&PublicKey>> = vectors.iter().map(|v| Some(&v.key)).chain([None]).collect();
    // Numbers above those of any key, which the crates refuse at once.
    let dsa_out_of_range = [&[0x30, 46, 2, 21, 0][..], &[0xff; 20], &[2, 21, 0], &[0xff; 20]].concat();
    let p256_or_dsa_out_of_range =
        [&[0x30, 70, 2, 33, 0][..], &[0xff; 32], &[2, 33, 0], &[0xff; 32]].concat();
    let rsa_out_of_range = vec![0xff; 256];
    let signatures = vectors.iter().map(|v| &v.signature).chain([
        &dsa_out_of_range,
        &p256_or_dsa_out_of_range,
        &rsa_out_of_range,
    ]);
    for signature in signatures {
        // On a busy machine it takes more runs to measure the lowest cost.
        let mut costs = vec![Duration::MAX; keys.len()];
        let level = |costs: &[Duration]| {
            let least = *costs.iter().min().unwrap();
            costs.iter().all(|cost| *cost < least.saturating_mul(4))
        };
        for _ in 0..30 {
            for (least, key) in costs.iter_mut().zip(&keys) {
                *least = cost(*key, signature).min(*least);
            }
            if level(&costs) {
                break;
            }
        }
        assert!(level(&costs), "{} bytes: {costs:?}", signature.len());
    }
}

#[test]
fn malformed_signatures_take_no_time() {
    let zeros = [0x30, 6, 2, 1, 0, 2, 1, 0];
    let negative = [0x30, 6, 2, 1, 0xff, 2, 1, 1];
    let padded = [0x30, 7, 2, 2, 0, 1, 2, 1, 1];
    let trailing = [0x30, 6, 2, 1, 1, 2, 1, 1, 0];
    let long_form = [0x30, 0x81, 6, 2, 1, 1, 2, 1, 1];
    let huge: Vec<u8> = [&[0x30, 106, 2, 51][..], &[1; 51], &[2, 51], &[1; 51]].concat();
    for bytes in [
        &[][..],
        &[0x30],
        &zeros,
        &negative,
        &padded,
        &trailing,
        &long_form,
        &huge,
        &[0; 63],
        &[7; 1025],
    ] {
        assert_eq!(Shape::of(bytes), None, "{bytes:?}");
        assert!(!is_slow(bytes) && !verify(None, b"", bytes));
    }
    assert!(is_slow(&[0x30, 6, 2, 1, 1, 2, 1, 1]));
}

#[test]
fn a_key_is_the_same_with_and_without_comment() {
    for vector in vectors() {
        let commented = PublicKey::parse(&format!(" {}  alice@bl08 (2026) \n", vector.line)).unwrap();
        assert_eq!(commented, vector.key);
        assert_eq!(commented.line(), vector.line);
        assert_eq!(PublicKey::parse(&commented.line()).unwrap(), commented);
    }
    let [first, .., last] = &vectors()[..] else {
        panic!()
    };
    assert_ne!(first.key, last.key);
}

#[test]
fn fingerprints_are_those_of_ssh_keygen() {
    let fingerprints: Vec<String> = vectors().iter().step_by(2).map(|v| v.key.fingerprint()).collect();
    assert_eq!(
        fingerprints,
        [
            "SHA256:fWi9X1+HoxbLYwpZ9rWHHL50Ri3CZ1DcMuWdIqtNKwE",
            "SHA256:teI+UqzxB03f+xnTEHWUWcLVYcW8sPMnmWkd4LjWyeo",
            "SHA256:x4Stw/GRZ4UZp4akkhz5GcIoQE6u4YaZ4cLCeanwp6o",
            "SHA256:CvP9pFFV0ZpNqo4LqMVBYUWolWm+CeVUYpGH6hYQixs",
            "SHA256:4Eq5aB9SBnfBWFxGx11wRHbTcS1Af5idK6zEN+TXw2I",
            "SHA256:/ts43LRwbyx88i8Yl7HS/pNVe2AIZ+UqPC1AJdCMICc",
        ]
    );
}

const E: &[u8] = &[1, 0, 1];

#[test]
fn refusals_have_a_reason() {
    let rsa = |e: &[u8], bits| line("ssh-rsa", &[e, &number(bits)]);
    let dsa = |p, q| line("ssh-dss", &[&number(p), &number(q), &[2], &[2]]);
    let vector = vectors().remove(0).line;
    let unsound = |kind| KeyError::Unsound { kind };
    let unsupported = |kind: &str| KeyError::Unsupported {
        kind: kind.to_owned(),
    };
    let mut even = number(2048);
    *even.last_mut().unwrap() = 0;
    for (line, error) in [
        (String::new(), KeyError::Empty),
        (" \n ".to_owned(), KeyError::Empty),
        (
            "x".repeat(MAX_LINE + 1),
            KeyError::TooLong { bytes: MAX_LINE + 1 },
        ),
        (format!("{vector}\n{vector}"), KeyError::NotOneLine),
        (format!("{vector} a\0b"), KeyError::NotOneLine),
        (
            "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA".to_owned(),
            KeyError::Private,
        ),
        ("ssh-ed25519".to_owned(), KeyError::Malformed),
        ("ssh-ed25519 AAAA".to_owned(), KeyError::Malformed),
        (vector[..vector.len() - 4].to_owned(), KeyError::Malformed),
        (vector.replacen("ssh-ed25519", "ssh-rsa", 1), KeyError::Malformed),
        (
            "ecdsa-sha2-nistp256 AAAAC3NzaC1lZDI1NTE5AAAA".to_owned(),
            KeyError::Malformed,
        ),
        (line("ssh-ed25519", &[&[0; 31]]), KeyError::Malformed),
        (line("ssh-rsa", &[E, &number(2048), b"more"]), KeyError::Malformed),
        (format!("command=\"sh\" {vector}"), unsupported("command=\"sh\"")),
        ("x".repeat(90), unsupported(&"x".repeat(40))),
        (ED25519_SK.to_owned(), unsupported("sk-ssh-ed25519@openssh.com")),
        (rsa(E, 2047), KeyError::RsaSize { bits: 2047 }),
        (rsa(E, 8193), KeyError::RsaSize { bits: 8193 }),
        (rsa(&[3], 2048), KeyError::RsaExponent),
        (rsa(&[], 2048), KeyError::RsaExponent),
        (rsa(&number(2000), 2048), KeyError::RsaExponent),
        (line("ssh-rsa", &[E, &even]), unsound(KeyKind::Rsa)),
        (line("ssh-rsa", &[E, &[0x80; 256]]), unsound(KeyKind::Rsa)),
        (dsa(2048, 160), KeyError::DsaSize { p: 2048, q: 160 }),
        (dsa(2048, 224), KeyError::DsaSize { p: 2048, q: 224 }),
        (dsa(3072, 256), KeyError::DsaSize { p: 3072, q: 256 }),
        (dsa(2048, 256), unsound(KeyKind::Dsa)),
        (dsa(1024, 256), KeyError::DsaSize { p: 1024, q: 256 }),
        (dsa(1024, 159), KeyError::DsaSize { p: 1024, q: 159 }),
        (dsa(1024, 160), unsound(KeyKind::Dsa)),
        // With the neutral point, a signature is valid for any message.
        (
            line("ssh-ed25519", &[&[&[1][..], &[0; 31]].concat()]),
            unsound(KeyKind::Ed25519),
        ),
        (
            line("ecdsa-sha2-nistp256", &[b"nistp256", &[4; 65]]),
            unsound(KeyKind::EcdsaP256),
        ),
        (
            line("ecdsa-sha2-nistp384", &[b"nistp384", &[4; 97]]),
            unsound(KeyKind::EcdsaP384),
        ),
    ] {
        assert_eq!(PublicKey::parse(&line).unwrap_err(), error, "{line}");
    }
}

#[test]
fn a_dsa_key_with_a_trivial_generator_or_point_is_refused() {
    let vector = vectors().remove(2);
    let data = STANDARD.decode(vector.line.split(' ').nth(1).unwrap()).unwrap();
    let mut parts: Vec<Vec<u8>> = Vec::new();
    let mut rest = &data[..];
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (part, after) = after.split_at(u32::from_be_bytes(*length) as usize);
        parts.push(part.to_vec());
        rest = after;
    }
    let with = |place: usize, value: &[u8]| {
        let mut parts = parts.clone();
        parts[place] = value.to_vec();
        let parts: Vec<&[u8]> = parts.iter().skip(1).map(Vec::as_slice).collect();
        PublicKey::parse(&line("ssh-dss", &parts))
    };
    assert_eq!(with(4, &parts[4]).unwrap(), vector.key);
    for place in [3, 4] {
        for value in [&[][..], &[1], &[2], &[0xff], &parts[1]] {
            assert_eq!(
                with(place, value).unwrap_err(),
                KeyError::Unsound { kind: KeyKind::Dsa }
            );
        }
    }
}

const ED25519_SK: &str =
    "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAcHBwcHBwcHBwcHBwcHBw\
    cHBwcHBwcHBwcHBwcHBwcHAAAABHNzaDo= alice";

#[test]
fn login_keys_of_every_type_are_accepted_as_one_line() {
    let p256 = [&[4][..], &[7; 64]].concat();
    let p521 = [&[4][..], &[7; 132]].concat();
    let rsa = line("ssh-rsa", &[&[3], &number(1024)]);
    for good in [
        ED25519_SK.to_owned(),
        rsa.clone(),
        line("ecdsa-sha2-nistp521", &[b"nistp521", &p521]),
        line(
            "sk-ecdsa-sha2-nistp256@openssh.com",
            &[b"nistp256", &p256, b"ssh:"],
        ),
        format!("{} élise@home", vectors().remove(0).line),
    ] {
        assert_eq!(check_ssh_line(&good), Ok(()), "{good}");
    }
    for bad in [
        String::new(),
        format!("{rsa}\n"),
        format!("{rsa}\r"),
        format!("{rsa} comment\nssh-rsa AAAA"),
        format!("{rsa} \u{85}"),
        format!("# {rsa}"),
        format!("from=\"10.0.0.1\" {rsa}"),
        line("ssh-mine@example.org", &[b"x"]),
        rsa.replace("ssh-rsa ", "ssh-rsa"),
    ] {
        assert!(check_ssh_line(&bad).is_err(), "{bad:?}");
    }
}

proptest! {
    #[test]
    fn no_line_and_no_signature_causes_a_panic(text in any::<String>(), data in any::<Vec<u8>>(), kind in 0_usize..6) {
        let kinds = ["ssh-ed25519", "ssh-dss", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "x"];
        let _ = PublicKey::parse(&text);
        let _ = PublicKey::parse(&format!("{} {}", kinds[kind], STANDARD.encode(&data)));
        let _ = PublicKey::parse(&line(kinds[kind], &[&data, &data, &data, &data]));
        let _ = check_ssh_line(&text);
        prop_assert!(!verify(None, text.as_bytes(), &data));
    }
}
