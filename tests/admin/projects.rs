//! `GET /api/admin/projects/{username}`, and its key

use super::keys;
use crate::support::{Client, KeyKind, Reply, Site};
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeSet;

async fn put(site: &Site, user: &str, key: &str) -> Reply {
    let request = site.request(Method::PUT, &format!("/api/admin/projects/{user}/key"));
    Reply::of(
        request
            .bearer_auth(site.admin_token())
            .json(&json!({ "key": key })),
    )
    .await
}

async fn delete(site: &Site, user: &str) -> Reply {
    let request = site.request(Method::DELETE, &format!("/api/admin/projects/{user}/key"));
    Reply::of(request.bearer_auth(site.admin_token())).await
}

#[actix_web::test]
async fn an_account_is_shown_without_its_secrets() {
    let site = Site::new().await;
    let fields = BTreeSet::from([
        "id",
        "username",
        "name",
        "has_key",
        "key_type",
        "fingerprint",
        "has_password",
        "password_expired",
        "ssh_keys",
        "created",
        "modified",
    ]);
    let before = site.admin("projects/alice").await;
    assert_eq!(keys(&before), fields);
    assert_eq!(
        before,
        json!({
            "id": 2, "username": "alice", "name": "Alice's group", "has_key": false, "key_type": null,
            "fingerprint": null, "has_password": false, "password_expired": false, "ssh_keys": 1, "created": "2026-11-23T15:00:00Z", "modified": "2026-11-23T15:00:00Z"
        })
    );
    site.clock.advance(chrono::TimeDelta::minutes(1));
    let alice = site.client("alice").await;
    let after = site.admin("projects/alice").await;
    assert_eq!(
        (&after["has_key"], &after["key_type"]),
        (&json!(true), &json!("ssh-ed25519"))
    );
    assert!(after["fingerprint"].as_str().unwrap().starts_with("SHA256:"));
    assert_eq!(
        (&after["created"], &after["modified"]),
        (&before["created"], &json!("2026-11-23T15:01:00Z"))
    );
    let text = after.to_string();
    for secret in [
        alice.public.split(' ').nth(1).unwrap(),
        &site.admin_token(),
        "AAAA",
        "PRIVATE",
    ] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}

#[actix_web::test]
async fn every_type_of_key_is_named() {
    let site = Site::new().await;
    site.client_with("bob", KeyKind::Dsa).await;
    assert_eq!(site.admin("projects/bob").await["key_type"], "ssh-dss");
}

#[actix_web::test]
async fn unknown_accounts_are_not_found() {
    let site = Site::new().await;
    let key = site.stranger("x").public;
    for user in ["nobody", "ALICE", "a%2Fb"] {
        assert_eq!(
            site.admin_reply(&format!("projects/{user}")).await.status,
            404,
            "{user}"
        );
        assert_eq!(put(&site, user, &key).await.status, 404, "{user}");
        assert_eq!(delete(&site, user).await.status, 404, "{user}");
    }
}

#[actix_web::test]
async fn an_operator_can_register_the_first_key() {
    let site = Site::new().await;
    let (hers, other) = (site.stranger("alice"), site.stranger("alice"));
    assert_eq!(put(&site, "alice", &hers.public).await.json(), json!({}));
    assert_eq!(other.register().await.status, 409);
    assert_eq!(
        (hers.samples("BM").await.status, other.samples("BM").await.status),
        (200, 405)
    );
    let entry = &site.admin("activity?limit=1").await[0];
    assert_eq!(
        (&entry["action"], &entry["project"]),
        (&json!("set key"), &json!("alice"))
    );
}

#[actix_web::test]
async fn setting_a_key_replaces_the_old_one_at_once() {
    let mut site = Site::new().await;
    let (old, new) = (site.client("alice").await, site.stranger("alice"));
    assert_eq!(put(&site, "alice", &new.public).await.status, 200);
    assert_eq!(
        (old.samples("BM").await.status, new.samples("BM").await.status),
        (405, 200)
    );
    assert_eq!(site.admin("activity?limit=1").await[0]["action"], "replace key");
    let count = site.admin("activity").await.as_array().unwrap().len();
    assert_eq!(
        put(&site, "alice", &new.public).await.status,
        200,
        "the same key again"
    );
    assert_eq!(
        site.admin("activity").await.as_array().unwrap().len(),
        count,
        "an unchanged key was logged"
    );
    site.restart().await;
    assert_eq!(
        (
            old.at(&site).samples("BM").await.status,
            new.at(&site).samples("BM").await.status
        ),
        (405, 200)
    );
}

#[actix_web::test]
async fn after_a_reset_the_next_client_can_register() {
    let site = Site::new().await;
    let (old, new) = (site.client("alice").await, site.stranger("alice"));
    assert_eq!(delete(&site, "alice").await.json(), json!({}));
    assert_eq!(site.admin("projects/alice").await["has_key"], false);
    let refused = old.samples("BM").await;
    assert_eq!(
        (refused.status, refused.json()["error"]["code"].clone()),
        (400, json!("no_key"))
    );
    assert_eq!(new.register().await.status, 200);
    assert_eq!(
        (old.samples("BM").await.status, new.samples("BM").await.status),
        (405, 200)
    );
    assert_eq!(delete(&site, "alice").await.status, 200);
    assert_eq!(delete(&site, "alice").await.status, 200, "again");
}

#[actix_web::test]
async fn a_key_can_be_sent_as_a_form() {
    let site = Site::new().await;
    for field in ["key", "public"] {
        let alice = site.stranger("alice");
        let request = site
            .request(Method::PUT, "/api/admin/projects/alice/key")
            .bearer_auth(site.admin_token());
        let reply = Reply::of(request.form(&[(field, &alice.public)])).await;
        assert_eq!(reply.status, 200, "{field}: {}", reply.text());
        assert_eq!(alice.samples("BM").await.status, 200, "{field}");
    }
}

#[actix_web::test]
async fn an_unusable_key_is_refused_and_changes_nothing() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let half = &alice.public[..alice.public.len() / 2];
    for key in ["", "nonsense", half, "ssh-rsa AAAA", "ssh-ed25519 AAAA alice"] {
        let reply = put(&site, "alice", key).await;
        assert_eq!(
            (reply.status, reply.fields()),
            (400, vec!["key".to_owned()]),
            "{key:?}"
        );
    }
    for (kind, body) in [
        ("application/json", "{}"),
        ("application/json", "{\"key\": null}"),
        ("application/x-www-form-urlencoded", ""),
        ("application/x-www-form-urlencoded", "kee=x"),
    ] {
        let request = site
            .request(Method::PUT, "/api/admin/projects/alice/key")
            .bearer_auth(site.admin_token());
        let reply = Reply::of(request.header("content-type", kind).body(body)).await;
        assert_eq!(
            (reply.status, reply.fields()),
            (400, vec!["key".to_owned()]),
            "{kind} {body:?}"
        );
    }
    let request = site
        .request(Method::PUT, "/api/admin/projects/alice/key")
        .bearer_auth(site.admin_token());
    let reply = Reply::of(request.header("content-type", "application/json").body("{")).await;
    assert_eq!((reply.status, reply.fields()), (400, vec!["body".to_owned()]));
    assert_eq!(
        alice.samples("BM").await.status,
        200,
        "her registered key has not changed"
    );
}

#[actix_web::test]
async fn a_key_line_can_have_any_comment() {
    let site = Site::new().await;
    let alice = Client::new(&site, "alice", KeyKind::Ed25519);
    let line = alice.public.split(' ').take(2).collect::<Vec<_>>().join(" ");
    assert_eq!(
        put(&site, "alice", &format!("  {line} alice on her laptop\n"))
            .await
            .status,
        200
    );
    assert_eq!(alice.samples("BM").await.status, 200);
}
