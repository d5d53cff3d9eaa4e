//! The cost of verifying a signature, by type of key, of parsing a token or a key, and of checking
//! a password.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark that can't go on may panic"
)]

use beamlive::auth::token::Token;
use beamlive_actors::clock::SystemKeys;
use beamlive_actors::key::{self, PublicKey};
use beamlive_actors::password::{Password, PasswordHash};
use criterion::Criterion;
use serde_json::Value;
use std::hint::black_box;
use std::time::Duration;

const VECTORS: &str = include_str!("../tests/fixtures/vectors/tokens.json");
const KINDS: [&str; 5] = ["ed25519", "dsa-1024", "rsa-2048", "ecdsa-p256", "ecdsa-p384"];

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    verification(&mut criterion);
    tokens(&mut criterion);
    keys(&mut criterion);
    passwords(&mut criterion);
    criterion.final_summary();
}

/// The first vector of a type of key: its token and its key.
fn vector(vectors: &Value, kind: &str) -> (String, PublicKey) {
    let entries = vectors["vectors"].as_array().unwrap();
    let entry = entries.iter().find(|entry| entry["key_type"] == kind).unwrap();
    let key = PublicKey::parse(entry["public"].as_str().unwrap()).unwrap();
    (entry["token"].as_str().unwrap().to_owned(), key)
}

fn verification(criterion: &mut Criterion) {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let mut group = criterion.benchmark_group("verify");
    for kind in KINDS {
        let (token, key) = vector(&vectors, kind);
        let token = Token::parse(&token).unwrap();
        let message = token.message();
        assert!(key::verify(Some(&key), &message, &token.signature));
        group.bench_function(kind, |bencher| {
            bencher.iter(|| key::verify(black_box(Some(&key)), &message, &token.signature));
        });
        group.bench_function(format!("{kind}/unknown user"), |bencher| {
            bencher.iter(|| key::verify(black_box(None), &message, &token.signature));
        });
    }
    group.finish();
}

fn tokens(criterion: &mut Criterion) {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let mut group = criterion.benchmark_group("token");
    for kind in ["ed25519", "rsa-2048"] {
        let (token, _) = vector(&vectors, kind);
        group.bench_function(format!("parse/{kind}"), |bencher| {
            bencher.iter(|| Token::parse(black_box(&token)));
        });
    }
    group.finish();
}

/// Parses keys as they are registered.
fn keys(criterion: &mut Criterion) {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let mut group = criterion.benchmark_group("key");
    for kind in KINDS {
        let entries = vectors["vectors"].as_array().unwrap();
        let entry = entries.iter().find(|entry| entry["key_type"] == kind).unwrap();
        let line = entry["public"].as_str().unwrap();
        group.bench_function(format!("parse/{kind}"), |bencher| {
            bencher.iter(|| PublicKey::parse(black_box(line)));
        });
    }
    group.finish();
}

fn passwords(criterion: &mut Criterion) {
    let password = Password::new("correct horse".to_owned()).unwrap();
    let django = "pbkdf2_sha256$1000000$seasalt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let hashes = [
        ("argon2id", PasswordHash::make(&password, &SystemKeys).unwrap()),
        ("django", PasswordHash::parse(django).unwrap()),
    ];
    let mut group = criterion.benchmark_group("password");
    for (kind, hash) in &hashes {
        group.bench_function(*kind, |bencher| {
            bencher.iter(|| black_box(hash.verify(&password)))
        });
    }
}
