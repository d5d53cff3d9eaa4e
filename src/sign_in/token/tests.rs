#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::*;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::Engine;
use beamlive_actors::clock::{CountingKeys, SystemKeys};
use hmac::{Hmac, Mac};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{json, Value};
use sha2::{Sha256, Sha512};

const DJANGO: &str = "django-insecure-k3y_of+the&old=server!0123456789abcdefgh";
// Made in Python of json, base64 and hmac, as Django's libraries do.
const ACCESS: &str = concat!(
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIiwiZXhwIjoxNzY3MjI1NjAwLCJpYXQiOj",
    "E3NjQ2MzM2MDAsImp0aSI6IjBmOGIzYzJkNGU1ZjYwNzE4MjkzYTRiNWM2ZDdlOGY5IiwidXNlcl9pZCI6NDJ9.lttKJs4nUDDk",
    "HL_0l7Fm9XaSi570Th1q5FNo203myRg"
);
/// Its `user_id` is a string.
const REFRESH: &str = concat!(
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCIsImV4cCI6MTc2NzIyNTYwMCwiaWF0Ij",
    "oxNzY0NjMzNjAwLCJqdGkiOiIwZjhiM2MyZDRlNWY2MDcxODI5M2E0YjVjNmQ3ZThmOSIsInVzZXJfaWQiOiI0MiJ9.r14QUeIx",
    "cxEWj7ccLzjK6y3_c4I83SVTyjvZBU4Beaw"
);
const HS512: &str = concat!(
    "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIiwiZXhwIjoxNzY3MjI1NjAwLCJpYXQiOj",
    "E3NjQ2MzM2MDAsImp0aSI6IjBmOGIzYzJkNGU1ZjYwNzE4MjkzYTRiNWM2ZDdlOGY5IiwidXNlcl9pZCI6NDJ9.bVt_R6L33Hfp",
    "YYaKvDb32qr2NF_-mdKCLhvPvML5u_TMv5ZWkcBWJSnz7jbOOePetyUOingWW8q-UjaDo9dVLQ"
);
const ISSUED: i64 = 1_764_633_600;
const EXPIRES: i64 = 1_767_225_600;
const NOW: Timestamp = Timestamp(ISSUED * 1_000_000);

const LIFETIMES: Lifetimes = Lifetimes {
    access: Duration::from_secs(30 * 86_400),
    refresh: Duration::from_secs(360 * 86_400),
};

fn secrets(texts: &[&str]) -> Secrets {
    Secrets::new(texts.iter().map(|text| Secret::new(text.as_bytes().to_vec()))).unwrap()
}

fn subject(account: Option<Kind>) -> Subject {
    Subject {
        user_id: 42,
        account,
        epoch: 0,
    }
}

fn djangos_claims(token_type: TokenType) -> Claims {
    Claims {
        token_type,
        exp: EXPIRES,
        iat: ISSUED,
        jti: Jti(0x0f8b_3c2d_4e5f_6071_8293_a4b5_c6d7_e8f9),
        subject: subject(None),
    }
}

/// A token made by hand. It is signed with HMAC-SHA-256, whatever algorithm its header names.
fn by_hand(header: &Value, claims: &Value, secret: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    let signature = mac.chain_update(&message).finalize().into_bytes();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn good_claims() -> Value {
    serde_json::to_value(djangos_claims(TokenType::Access)).unwrap()
}

#[rstest]
#[case(ACCESS, TokenType::Access)]
#[case(REFRESH, TokenType::Refresh)]
fn tokens_that_django_has_made_are_good(#[case] token: &str, #[case] token_type: TokenType) {
    let secrets = secrets(&["a new secret of this service, which signs", DJANGO]);
    assert_eq!(
        Claims::verify(token, &secrets, NOW),
        Ok(djangos_claims(token_type))
    );
}

#[test]
fn a_token_has_the_header_and_the_claims_of_mxlive_and_ours() {
    let secrets = secrets(&[DJANGO]);
    let ids = PairIds::of_new_family(&CountingKeys::default(), ISSUED);
    let pair = ids
        .sign(subject(Some(Kind::Person)), LIFETIMES, &secrets)
        .unwrap();
    let parts = |token: &str| {
        let mut parts = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
        let json = |bytes: Vec<u8>| serde_json::from_slice::<Value>(&bytes).unwrap();
        (json(parts.next().unwrap()), json(parts.next().unwrap()))
    };
    let header = json!({ "alg": "HS256", "typ": "JWT", "kid": "d41178a9" });
    let access = json!({
        "token_type": "access", "exp": ISSUED + 2_592_000, "iat": ISSUED,
        "jti": "00000000000000010000000000000002", "user_id": 42, "account": "person", "epoch": 0,
    });
    let refresh = json!({
        "token_type": "refresh", "exp": ISSUED + 31_104_000, "iat": ISSUED,
        "jti": "00000000000000010000000000000003", "user_id": 42, "account": "person", "epoch": 0,
    });
    assert_eq!(parts(&pair.access), (header.clone(), access));
    assert_eq!(parts(&pair.refresh), (header, refresh));
}

#[test]
fn the_same_ids_and_secret_give_the_same_texts() {
    let secrets = secrets(&[DJANGO]);
    let ids = PairIds::of_new_family(&SystemKeys, ISSUED);
    let sign = || {
        ids.sign(subject(Some(Kind::Project)), LIFETIMES, &secrets)
            .unwrap()
    };
    assert_eq!(sign(), sign());
    assert_eq!(ids.access.family(), ids.refresh.family());
    assert_ne!(ids.access, ids.refresh);
    let again = PairIds::of_family(ids.access.family(), &SystemKeys, ISSUED);
    assert_eq!(again.refresh.family(), ids.access.family());
    assert_ne!(again.refresh, ids.refresh);
    assert_ne!(
        PairIds::of_new_family(&SystemKeys, ISSUED).access.family(),
        ids.access.family()
    );
}

#[test]
fn a_token_is_dead_in_the_second_in_which_it_expires() {
    let secrets = secrets(&[DJANGO]);
    let verify = |micros| Claims::verify(ACCESS, &secrets, Timestamp(micros));
    assert!(verify(EXPIRES * 1_000_000 - 1).is_ok());
    assert_eq!(verify(EXPIRES * 1_000_000), Err(Invalid::Expired));
}

#[rstest]
#[case::none(json!({ "alg": "none", "typ": "JWT" }))]
#[case::none_in_capitals(json!({ "alg": "None" }))]
#[case::rs256(json!({ "alg": "RS256", "typ": "JWT" }))]
#[case::hs384(json!({ "alg": "HS384", "typ": "JWT" }))]
#[case::hs512(json!({ "alg": "HS512", "typ": "JWT" }))]
#[case::unknown(json!({ "alg": "HS257", "typ": "JWT" }))]
#[case::missing(json!({ "typ": "JWT" }))]
fn only_hs256_is_taken(#[case] header: Value) {
    let token = by_hand(&header, &good_claims(), DJANGO);
    let unsigned = format!("{}.", token.rsplit_once('.').unwrap().0);
    for token in [token, unsigned] {
        let refused = Claims::verify(&token, &secrets(&[DJANGO]), NOW).unwrap_err();
        assert!(
            matches!(refused, Invalid::Algorithm | Invalid::Malformed),
            "{refused:?}"
        );
    }
}

#[test]
fn a_token_that_is_well_signed_with_hs512_is_refused() {
    let (message, signature) = HS512.rsplit_once('.').unwrap();
    let mac = Hmac::<Sha512>::new_from_slice(DJANGO.as_bytes()).unwrap();
    let right = mac.chain_update(message).finalize().into_bytes();
    assert_eq!(URL_SAFE_NO_PAD.decode(signature).unwrap(), right.to_vec());
    assert_eq!(
        Claims::verify(HS512, &secrets(&[DJANGO]), NOW),
        Err(Invalid::Algorithm)
    );
}

#[test]
fn the_name_of_the_secret_decides_which_one_verifies() {
    let hs256 = |kid: &str| json!({ "alg": "HS256", "typ": "JWT", "kid": kid });
    let both = secrets(&["first", DJANGO]);
    let verify =
        |kid: &str, secret: &str| Claims::verify(&by_hand(&hs256(kid), &good_claims(), secret), &both, NOW);
    assert!(verify("d41178a9", DJANGO).is_ok());
    assert_eq!(verify("d41178a9", "first"), Err(Invalid::Signature));
    assert_eq!(verify("00000000", DJANGO), Err(Invalid::UnknownSecret));
    let unnamed = json!({ "alg": "HS256", "typ": "JWT" });
    let other = by_hand(&unnamed, &good_claims(), "a secret of somebody else");
    assert_eq!(Claims::verify(&other, &both, NOW), Err(Invalid::Signature));
}

#[test]
fn a_secret_is_replaced_while_its_tokens_are_in_use() {
    let ids = PairIds::of_new_family(&SystemKeys, ISSUED);
    let old = ids.sign(subject(None), LIFETIMES, &secrets(&["old"])).unwrap();
    let new = ids
        .sign(subject(None), LIFETIMES, &secrets(&["new", "old"]))
        .unwrap();
    assert_ne!(old, new);
    for token in [&old.access, &new.access] {
        assert!(Claims::verify(token, &secrets(&["new", "old"]), NOW).is_ok());
    }
    assert_eq!(
        Claims::verify(&old.access, &secrets(&["new"]), NOW),
        Err(Invalid::UnknownSecret)
    );
}

#[rstest]
#[case("jti", json!("0f8b"))]
#[case("jti", json!("+f8b3c2d4e5f60718293a4b5c6d7e8f9"))]
#[case("jti", Value::Null)]
#[case("exp", json!("soon"))]
#[case("exp", Value::Null)]
#[case("iat", Value::Null)]
#[case("user_id", json!(-1))]
#[case("user_id", json!("ada"))]
#[case("user_id", Value::Null)]
#[case("token_type", json!("sliding"))]
#[case("account", json!("robot"))]
#[case("epoch", json!(-1))]
fn claims_that_are_missing_or_wrong_are_refused(#[case] claim: &str, #[case] value: Value) {
    let mut claims = good_claims();
    claims[claim] = value.clone();
    if value.is_null() {
        claims.as_object_mut().unwrap().remove(claim);
    }
    let token = by_hand(&json!({ "alg": "HS256" }), &claims, DJANGO);
    assert_eq!(
        Claims::verify(&token, &secrets(&[DJANGO]), NOW),
        Err(Invalid::Malformed)
    );
}

#[test]
fn claims_that_are_not_ours_are_passed_over() {
    let mut claims = good_claims();
    claims["aud"] = json!("mxlive");
    claims["iss"] = json!(["x"]);
    let token = by_hand(&json!({ "alg": "HS256" }), &claims, DJANGO);
    assert_eq!(
        Claims::verify(&token, &secrets(&[DJANGO]), NOW),
        Ok(djangos_claims(TokenType::Access))
    );
}

proptest! {
    #[test]
    fn a_token_that_was_changed_is_refused(place in 0..ACCESS.len(), byte in "[A-Za-z0-9_.-]") {
        let mut changed = ACCESS.to_owned();
        changed.replace_range(place..=place, &byte);
        let verified = Claims::verify(&changed, &secrets(&[DJANGO]), NOW);
        prop_assert_eq!(verified.is_ok(), changed == ACCESS);
    }

    #[test]
    fn any_text_is_answered(text in "\\PC{0,200}|[a-zA-Z0-9_-]{0,80}\\.[a-zA-Z0-9_-]{0,80}\\.[a-zA-Z0-9_-]{0,80}") {
        prop_assert!(Claims::verify(&text, &secrets(&[DJANGO]), NOW).is_err());
    }
}

#[test]
fn a_long_text_is_refused_at_once() {
    let token = by_hand(
        &json!({ "alg": "HS256", "x": "y".repeat(4096) }),
        &good_claims(),
        DJANGO,
    );
    assert_eq!(
        Claims::verify(&token, &secrets(&[DJANGO]), NOW),
        Err(Invalid::Malformed)
    );
}
