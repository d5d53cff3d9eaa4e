//! Sign-ins that are refused.

use super::{answered, finish, refused, returned, sign_in, site, Answered};
use crate::support::issuer::{Signature, CLIENT_ID};
use crate::support::MORNING;
use rstest::rstest;
use serde_json::{json, Value};

#[actix_web::test]
async fn only_the_browser_that_began_a_sign_in_finishes_it() {
    let (site, _issuer) = site().await;
    let mine = answered(&site).await;
    let other = answered(&site).await;
    let query = [("state", mine.state.as_str()), ("code", &mine.code)];
    // Its content is right, but its signature is that of another cookie.
    let (says, _) = mine.cookie.rsplit_once('.').unwrap();
    let (_, signature) = other.cookie.rsplit_once('.').unwrap();
    let forged = format!("{says}.{signature}");
    let foreign = "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl";
    for cookie in [
        None,
        Some(""),
        Some(foreign),
        Some(&forged),
        Some(&mine.cookie[1..]),
    ] {
        refused(
            &returned(&site, &query, cookie).await,
            400,
            "has not begun a sign-in",
        );
    }
    refused(
        &returned(&site, &query, Some(&other.cookie)).await,
        400,
        "the state is not that",
    );
    let query = [("state", ""), ("code", &mine.code)];
    refused(
        &returned(&site, &query, Some(&mine.cookie)).await,
        400,
        "the state is not that",
    );
    // None of these requests has spent the code.
    assert_eq!(finish(&site, &mine).await.status, 200);
}

#[actix_web::test]
async fn a_code_of_another_sign_in_is_refused_by_the_issuer() {
    let (site, _issuer) = site().await;
    let (mine, other) = (answered(&site).await, answered(&site).await);
    let mixed = Answered {
        code: other.code,
        ..mine
    };
    refused(&finish(&site, &mixed).await, 401, "does not take this code");
}

#[actix_web::test]
async fn a_code_is_good_once() {
    let (site, _issuer) = site().await;
    let answered = answered(&site).await;
    assert_eq!(finish(&site, &answered).await.status, 200);
    refused(&finish(&site, &answered).await, 401, "does not take this code");
}

#[actix_web::test]
async fn a_sign_in_ends_after_ten_minutes() {
    let (site, _issuer) = site().await;
    let answered = answered(&site).await;
    site.clock.advance(chrono::TimeDelta::seconds(600));
    refused(&finish(&site, &answered).await, 400, "in the last ten minutes");
}

#[actix_web::test]
async fn a_query_that_is_not_whole_is_refused() {
    let (site, _issuer) = site().await;
    let Answered { cookie, state, code } = answered(&site).await;
    let (state, code, long) = (state.as_str(), code.as_str(), "x".repeat(5000));
    for query in [
        &[][..],
        &[("state", state)],
        &[("code", code)],
        &[("state", state), ("code", &long)],
        &[("state", state), ("state", state), ("code", code)],
        &[("state", state), ("code", code), ("code", code)],
    ] {
        refused(&returned(&site, query, Some(&cookie)).await, 400, "once each");
    }
    for (error, words) in [
        ("access_denied", "sign-in: access_denied"),
        ("<b>", "does not say why"),
    ] {
        let query = [("state", state), ("error", error)];
        refused(&returned(&site, &query, Some(&cookie)).await, 401, words);
    }
}

#[rstest]
#[case(json!({"nonce": "another"}), "for another sign-in")]
#[case(json!({"nonce": null}), "for another sign-in")]
#[case(json!({"aud": "another"}), "for another service")]
#[case(json!({"aud": [CLIENT_ID, "another"]}), "for another service")]
#[case(json!({"aud": null}), "for another service")]
#[case(json!({"iss": "https://login.example.org"}), "from another issuer")]
#[case(json!({"exp": MORNING}), "has expired")]
#[case(json!({"exp": null}), "no ID token that can be read")]
#[case(json!({"preferred_username": 7}), "no ID token that can be read")]
#[case(json!({"preferred_username": ["anna"]}), "no ID token that can be read")]
#[case(json!({"preferred_username": null}), "names no user")]
#[case(json!({"preferred_username": ""}), "names no user")]
#[case(json!({"preferred_username": "a".repeat(151)}), "names no user")]
#[actix_web::test]
async fn an_id_token_must_be_for_this_sign_in_and_name_a_user(#[case] claims: Value, #[case] words: &str) {
    let (site, issuer) = site().await;
    issuer.set_claims(&claims);
    refused(&sign_in(&site).await, 401, words);
    issuer.set_claims(&json!({ "exp": MORNING + 1 }));
    assert_eq!(sign_in(&site).await.status, 200);
}

#[rstest]
#[case(Signature::Forged)]
#[case(Signature::Unknown)]
#[case(Signature::Shared)]
#[case(Signature::None)]
#[actix_web::test]
async fn an_id_token_must_be_signed_with_the_issuers_key(#[case] signature: Signature) {
    let (site, issuer) = site().await;
    issuer.sign(signature);
    refused(&sign_in(&site).await, 401, "its signature is wrong");
}

/// carol does not exist, alice is a project, ida is not active.
#[rstest]
#[case("carol")]
#[case("alice")]
#[case("ida")]
#[case("ANNA")]
#[case("anna ")]
#[case("anna\n2026 INFO signed in")]
#[actix_web::test]
async fn only_an_active_person_is_signed_in(#[case] username: &str) {
    let (site, issuer) = site().await;
    issuer.set_claims(&json!({ "preferred_username": username }));
    refused(&sign_in(&site).await, 401, "No active account");
}

#[rstest]
#[case(503, "{}", 503, "does not answer")]
#[case(200, "{}", 401, "no ID token that can be read")]
#[case(
    200,
    r#"{"access_token": "a", "token_type": "Bearer"}"#,
    401,
    "no ID token that can be read"
)]
#[case(
    200,
    r#"{"access_token": "a", "token_type": "Bearer", "id_token": "a.b.c"}"#,
    401,
    "no ID token that can be read"
)]
#[case(302, "", 401, "no ID token that can be read")]
#[actix_web::test]
async fn a_bad_answer_of_the_issuer_signs_nobody_in(
    #[case] status: u16,
    #[case] body: &str,
    #[case] answered: u16,
    #[case] words: &str,
) {
    let (site, issuer) = site().await;
    issuer.answer_instead(status, body);
    let reply = sign_in(&site).await;
    assert_eq!(reply.status, answered, "{}", reply.text());
    assert!(reply.text().contains(words), "{}", reply.text());
    issuer.answer_instead(200, &" ".repeat(300_000));
    assert_eq!(sign_in(&site).await.status, 503, "an answer without end");
}
