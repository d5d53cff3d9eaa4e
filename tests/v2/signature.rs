//! Signed URLs: which tokens are accepted and which are refused.

mod refusals;

use crate::support::{Reply, Site};
use base64::prelude::{Engine, BASE64_URL_SAFE};
use beamlive::auth::token::base62;
use beamlive_storage::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// The time of the vectors' signatures, in Unix seconds.
const SIGNED_AT: u64 = 1_767_225_600;

/// A token of another implementation.
#[derive(Debug, Clone)]
struct Vector {
    public: String,
    username: String,
    token: String,
    quoted: String,
}

impl Vector {
    /// The token's three parts.
    fn parts(&self) -> [&str; 3] {
        let parts: Vec<&str> = self.token.split(':').collect();
        parts.try_into().unwrap()
    }

    fn signature(&self) -> Vec<u8> {
        BASE64_URL_SAFE.decode(self.parts()[2]).unwrap()
    }

    fn with_signature(&self, signature: &[u8]) -> String {
        let [username, time, _] = self.parts();
        format!("{username}:{time}:{}", BASE64_URL_SAFE.encode(signature))
    }
}

/// The vectors, by type of key.
fn vectors() -> BTreeMap<String, Vec<Vector>> {
    let file: Value = serde_json::from_str(include_str!("../fixtures/vectors/tokens.json")).unwrap();
    let mut vectors: BTreeMap<String, Vec<Vector>> = BTreeMap::new();
    for entry in file["vectors"].as_array().unwrap() {
        let text = |name: &str| entry[name].as_str().unwrap().to_owned();
        assert_eq!(entry["signed_at_unix"], SIGNED_AT);
        assert_eq!(entry["base62_time"], base62(SIGNED_AT));
        vectors.entry(text("key_type")).or_default().push(Vector {
            public: text("public"),
            username: text("username"),
            token: text("token"),
            quoted: text("quoted_token"),
        });
    }
    assert_eq!(vectors.len(), 5);
    assert!(vectors.values().all(|two| two.len() == 2));
    vectors
}

/// The two vectors of one type.
fn of_type(key_type: &str) -> Vec<Vector> {
    vectors().remove(key_type).unwrap()
}

/// A service whose projects have the keys of `vectors`, with its clock at the time of the
/// signatures.
async fn site_of(vectors: &[Vector]) -> Site {
    let mut facility =
        "[[beamline]]\nacronym = \"BM\"\nname = \"BM\"\n[[project]]\nusername = \"keyless\"\n".to_owned();
    for vector in vectors {
        let (username, key) = (&vector.username, &vector.public);
        facility += &format!("[[project]]\nusername = \"{username}\"\nkey = \"{key}\"\n");
    }
    let site = Site::with_facility(&facility, |_| {}).await;
    set_clock(&site, 0);
    site
}

/// Sets the clock to `seconds` after the time of the signatures.
fn set_clock(site: &Site, seconds: i64) {
    let signed_at = i64::try_from(SIGNED_AT).unwrap();
    site.clock.set(Timestamp((signed_at + seconds) * 1_000_000));
}

async fn samples(site: &Site, token: &str) -> Reply {
    site.get(&format!("/api/v2/{token}/samples/BM/")).await
}

/// Asserts the answer that all tokens get that do not verify.
fn assert_refused(reply: &Reply, why: &str) {
    assert_eq!(reply.status, 405, "{why}: {}", reply.text());
    assert_eq!(reply.header("allow"), Some(""), "{why}");
    let json = reply.json();
    assert_eq!(json["error"]["code"], "not_verified", "{why}");
    assert_eq!(json.as_object().unwrap().len(), 1, "{why}");
    assert_eq!(json["error"].as_object().unwrap().len(), 2, "{why}: {json}");
}

#[actix_web::test]
async fn tokens_of_every_key_type_verify_in_every_form() {
    for (key_type, vectors) in vectors() {
        let site = site_of(&vectors).await;
        for vector in &vectors {
            let unpadded = vector.token.trim_end_matches('=');
            let forms = [
                vector.token.clone(),
                vector.quoted.clone(),
                vector.token.replace(':', "%3A").replace('=', "%3D"),
                vector.token.replace(':', "%3a").replace('=', "%3d"),
                vector.quoted.replace('\'', "%27"),
                vector
                    .quoted
                    .replace(':', "%3A")
                    .replace('=', "%3D")
                    .replace('\'', "%27"),
                unpadded.to_owned(),
                unpadded.replace(':', "%3A"),
                vector.quoted.replace('=', ""),
                vector.token.replace('-', "%2D").replace('_', "%5F"),
            ];
            for form in forms {
                let reply = samples(&site, &form).await;
                assert_eq!(reply.status, 200, "{key_type} {form}: {}", reply.text());
                assert_eq!(reply.json(), serde_json::json!([]));
            }
            let launch = format!("{}/api/v2/{}/launch/BM/first/", site.url(), vector.token);
            let launch = Reply::of(site.http.post(launch)).await;
            assert_eq!(launch.status, 200, "{key_type}: {}", launch.text());
            assert_eq!(
                site.visit(&vector.username, "first").await.project,
                vector.username
            );
        }
    }
}

#[actix_web::test]
async fn a_token_is_valid_for_a_minute_before_and_after_its_time() {
    for (key_type, vectors) in vectors() {
        let site = site_of(&vectors).await;
        for vector in &vectors {
            for (seconds, good) in [
                (-61, false),
                (-60, true),
                (60, true),
                (61, false),
                (86_400, false),
            ] {
                set_clock(&site, seconds);
                let reply = samples(&site, &vector.token).await;
                if good {
                    assert_eq!(reply.status, 200, "{key_type} {seconds}: {}", reply.text());
                } else {
                    assert_refused(&reply, &format!("{key_type} {seconds}"));
                }
            }
        }
    }
}

#[actix_web::test]
async fn the_validity_of_tokens_can_be_configured() {
    let vectors = of_type("ed25519");
    let site = Site::with_facility("[[beamline]]\nacronym = \"BM\"\nname = \"BM\"\n", |settings| {
        settings.tokens.max_age_seconds = 5;
    })
    .await;
    let (username, key) = (&vectors[0].username, &vectors[0].public);
    site.apply(&format!(
        "[[project]]\nusername = \"{username}\"\nkey = \"{key}\"\n"
    ))
    .await;
    for (seconds, status) in [(-6, 405), (-5, 200), (5, 200), (6, 405)] {
        set_clock(&site, seconds);
        assert_eq!(
            samples(&site, &vectors[0].token).await.status,
            status,
            "{seconds}"
        );
    }
}

#[actix_web::test]
async fn a_verified_token_is_refused_after_its_key_is_replaced() {
    for (key_type, vectors) in vectors() {
        let site = site_of(&vectors).await;
        let (username, token) = (&vectors[0].username, &vectors[0].token);
        for _ in 0..2 {
            assert_eq!(samples(&site, token).await.status, 200, "{key_type}");
        }
        let key = site.stranger(username).public;
        site.apply(&format!(
            "[[project]]\nusername = \"{username}\"\nkey = \"{key}\"\n"
        ))
        .await;
        assert_refused(&samples(&site, token).await, &key_type);
    }
}

#[actix_web::test]
async fn a_token_with_one_wrong_bit_is_refused() {
    for (key_type, vectors) in vectors() {
        let site = site_of(&vectors).await;
        let vector = &vectors[0];
        let signature = vector.signature();
        let last = signature.len() - 1;
        for byte in [0, 1, 2, 3, 4, 5, last / 4, last / 2, last / 2 + 2, last - 1, last] {
            for bit in [0, 3, 7] {
                let mut wrong = signature.clone();
                wrong[byte] ^= 1 << bit;
                let reply = samples(&site, &vector.with_signature(&wrong)).await;
                assert_refused(&reply, &format!("{key_type}: byte {byte}, bit {bit}"));
            }
        }
        let [username, _, signature] = vector.parts();
        for seconds in [SIGNED_AT - 1, SIGNED_AT + 1] {
            let token = format!("{username}:{}:{signature}", base62(seconds));
            assert_refused(
                &samples(&site, &token).await,
                &format!("{key_type} signed at {seconds}"),
            );
        }
        for wrong in [
            &vector.signature()[..last],
            &[vector.signature().as_slice(), &[0]].concat(),
        ] {
            let reply = samples(&site, &vector.with_signature(wrong)).await;
            assert_refused(&reply, &format!("{key_type}: {} bytes", wrong.len()));
        }
    }
}

#[actix_web::test]
async fn a_token_is_refused_for_another_account_with_the_same_key() {
    for (key_type, vectors) in vectors() {
        let site = site_of(&vectors).await;
        let [_, time, signature] = vectors[0].parts();
        for other in [vectors[1].username.as_str(), "ALICE", "alice_", "nobody"] {
            let reply = samples(&site, &format!("{other}:{time}:{signature}")).await;
            assert_refused(&reply, &format!("{key_type}: {other}"));
        }
    }
}

#[actix_web::test]
async fn a_signature_with_another_type_of_key_is_refused() {
    let all = vectors();
    for (registered, vectors) in &all {
        let site = site_of(vectors).await;
        for (signed, others) in &all {
            if signed != registered {
                let reply = samples(&site, &others[0].token).await;
                assert_refused(&reply, &format!("{registered} registered, {signed} signed"));
            }
        }
    }
}

#[actix_web::test]
async fn an_account_without_a_key_is_asked_to_register_one() {
    let site = Site::new().await;
    let alice = site.stranger("alice");
    for reply in [
        alice.samples("BM").await,
        alice.launch("BM", "day").await,
        alice.close("BM", "day").await,
        alice.data("BM", &serde_json::json!({})).await,
        alice.report("BM", &serde_json::json!({})).await,
    ] {
        assert_eq!(reply.status, 400, "{}", reply.text());
        assert_eq!(reply.json()["error"]["code"], "no_key");
        assert_eq!(reply.header("allow"), None);
    }
    assert!(site.visits().await.is_empty());
}

#[actix_web::test]
async fn only_a_projects_own_key_signs_for_it() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let bob = site.client("bob").await;
    assert_eq!(alice.samples("BM").await.status, 200);
    assert_refused(
        &alice.posing_as("bob").samples("BM").await,
        "alice's key, bob's name",
    );
    assert_refused(
        &bob.posing_as("alice").samples("BM").await,
        "bob's key, alice's name",
    );
    let token = alice.token().replacen("alice", "bob", 1);
    assert_refused(&samples(&site, &token).await, "alice's signature, bob's name");
}
