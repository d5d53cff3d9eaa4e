//! `POST /api/v3/auth/verify/` and `…/refresh/`.

use super::{site, PASSWORD};
use crate::support::{Reply, Site, MINUTE};

const INVALID: &str = r#"{"detail":"Token is invalid or expired","code":"token_not_valid"}"#;
const SPENT: &str = r#"{"detail":"Token is blacklisted","code":"token_not_valid"}"#;
const WRONG_TYPE: &str = r#"{"detail":"Token has wrong type","code":"token_not_valid"}"#;

async fn verified(site: &Site, token: &str) -> Reply {
    site.v3_form("auth/verify/", &[("token", token)]).await
}

async fn refreshed(site: &Site, token: &str) -> Reply {
    site.v3_form("auth/refresh/", &[("refresh", token)]).await
}

fn assert_refused(reply: &Reply, text: &str) {
    assert_eq!((reply.status, reply.text().as_str()), (401, text));
    assert_eq!(reply.header("www-authenticate"), Some("Bearer realm=\"api\""));
}

#[actix_web::test]
async fn both_tokens_are_verified_and_others_are_not() {
    let site = site().await;
    let alice = site.sign_in("alice", PASSWORD).await;
    for token in [&alice.access, &alice.refresh] {
        let reply = verified(&site, token).await;
        assert_eq!((reply.status, reply.text().as_str()), (200, "{}"));
    }
    let mut changed = alice.access.clone();
    changed.pop();
    for token in [changed.as_str(), "x", "a.b.c", "💥"] {
        assert_refused(&verified(&site, token).await, INVALID);
    }
    site.pass(31 * 24 * 60 * MINUTE);
    assert_refused(&verified(&site, &alice.access).await, INVALID);
    assert_eq!(verified(&site, &alice.refresh).await.status, 200);
    site.pass(330 * 24 * 60 * MINUTE);
    assert_refused(&verified(&site, &alice.refresh).await, INVALID);
}

#[actix_web::test]
async fn a_refresh_spends_its_token() {
    let site = site().await;
    let first = site.sign_in("alice", PASSWORD).await;
    assert_refused(&refreshed(&site, &first.access).await, WRONG_TYPE);
    assert_refused(&refreshed(&site, "x").await, INVALID);
    let reply = refreshed(&site, &first.refresh).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let second = site.signed_in(&reply.json());
    assert_ne!(second.refresh, first.refresh);
    assert_refused(&verified(&site, &first.refresh).await, SPENT);
    assert_eq!(second.get("samples/BM/").await.status, 200);
    // Today's client uses the other path.
    let third = site
        .v3_form("token/refresh/", &[("refresh", &second.refresh)])
        .await;
    assert_eq!(third.status, 200);
}

#[actix_web::test]
async fn a_client_that_lost_the_answer_gets_the_same_pair_for_half_a_minute() {
    let mut site = site().await;
    let first = site.sign_in("alice", PASSWORD).await;
    let pair = refreshed(&site, &first.refresh).await.json();
    site.clock.advance(chrono::TimeDelta::seconds(29));
    assert_eq!(refreshed(&site, &first.refresh).await.json(), pair);
    site.restart().await;
    assert_eq!(refreshed(&site, &first.refresh).await.json(), pair);
}

#[actix_web::test]
async fn many_refreshes_at_once_give_one_pair() {
    let site = site().await;
    let first = site.sign_in("alice", PASSWORD).await;
    let all = (0..16).map(|_| refreshed(&site, &first.refresh));
    let all = futures_util::future::join_all(all).await;
    let pairs: std::collections::BTreeSet<_> = all.iter().map(Reply::text).collect();
    assert_eq!(pairs.len(), 1, "{pairs:?}");
    assert_eq!(all[0].status, 200);
}

#[actix_web::test]
async fn a_spent_token_that_comes_again_ends_all_that_came_from_its_sign_in() {
    let mut site = site().await;
    let first = site.sign_in("alice", PASSWORD).await;
    let other = site.sign_in("alice", PASSWORD).await;
    let second = site.signed_in(&refreshed(&site, &first.refresh).await.json());
    site.clock.advance(chrono::TimeDelta::seconds(31));
    assert_eq!(second.get("samples/BM/").await.status, 200);
    assert_refused(&refreshed(&site, &first.refresh).await, SPENT);
    for restarted in [false, true] {
        if restarted {
            site.restart().await;
        }
        assert_eq!(
            site.signed_in(&pair(&second)).get("samples/BM/").await.status,
            403
        );
        assert_eq!(site.signed_in(&pair(&first)).get("samples/BM/").await.status, 403);
        assert_refused(&refreshed(&site, &second.refresh).await, SPENT);
        assert_refused(&verified(&site, &second.access).await, SPENT);
        // The other sign-in is still valid.
        assert_eq!(site.signed_in(&pair(&other)).get("samples/BM/").await.status, 200);
    }
    let log = site.admin("activity").await;
    let ended = log
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["who"] == "alice");
    assert!(
        ended.unwrap()["action"].as_str().unwrap().contains("spent token"),
        "{log}"
    );
}

fn pair(tokens: &crate::support::v3::SignedIn) -> serde_json::Value {
    serde_json::json!({ "access": tokens.access, "refresh": tokens.refresh })
}
