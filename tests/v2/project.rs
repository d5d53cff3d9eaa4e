//! `POST /api/v2/{token}/project/`

use crate::support::{Client, KeyKind, Reply, Site};
use beamlive_storage::Timestamp;
use serde_json::{json, Value};

/// Public keys that can't sign requests, and why.
const UNUSABLE: [(&str, &str); 12] = [
    ("nothing", ""),
    ("white space", "  \t "),
    ("no key", "nonsense"),
    ("a type alone", "ssh-ed25519"),
    ("cut short", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHmviWc9fXW1Pum7"),
    ("no base64", "ssh-ed25519 ****"),
    ("another type inside", "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIHmviWc9fXW1Pum7mFf7huogMThAljEqFmPtLDybonxi"),
    (
        "two lines",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHmviWc9fXW1Pum7mFf7huogMThAljEqFmPtLDybonxi\nssh-ed25519 AAAAC3",
    ),
    ("the private half", "-----BEGIN OPENSSH PRIVATE KEY-----"),
    (
        "an RSA key of 1024 bits",
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDEUqO3iPld5+jsmnF7TrrUAlTXUiAiLfEyeRcVgS76bHUOSlFIyw46zhXZF7WTrMJtWr\
         PSYhy8YBdn2ZqX5DRAsvZ3AytOXbAgXyCiPYZc8p9Le94x6W3lab3CUfKrR8gZRQMTpRQHdjYZz5IDkBM5E7kmH5AtFqhI/m4kQMO4Lw==",
    ),
    (
        "a curve that is not supported",
        "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBADPDctljLIatu/4yjYVsuSJl1heT9q1olLT\
         TVQxQ9QrgMFpCdzG/2GRpQhXxa/wNo/m1+0lRK01g++KlgmBj/Gp1gF1hB4E/ZkHrZo1zH9MMqseZhn2/TxjQw942BMex2L3HVqTDb+7adOd\
         Ea5mXGghX/qjZDcqDqgzD5tH5heKMyLlzQ==",
    ),
    (
        "an Ed25519 key with which anyone could sign",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ),
];

/// Sends a key line as a form with that client's token.
async fn send(site: &Site, client: &Client, line: &str) -> Reply {
    Reply::of(site.http.post(client.url("project/")).form(&[("public", line)])).await
}

async fn account(site: &Site, username: &str) -> Value {
    site.admin(&format!("projects/{username}")).await
}

/// The entries of the activity log about an account's key, oldest first: action, who, address.
async fn key_log(site: &Site, username: &str) -> Vec<(String, String, String)> {
    let log = site.admin(&format!("activity?project={username}")).await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let entries = log.as_array().unwrap().iter().rev();
    entries
        .filter(|entry| entry["record"]["subject"] == "project")
        .map(|entry| {
            assert_eq!(entry["project"], username);
            (
                text(&entry["action"]),
                text(&entry["who"]),
                text(&entry["address"]),
            )
        })
        .collect()
}

fn key_entry(action: &str, who: &str) -> (String, String, String) {
    (action.to_owned(), who.to_owned(), "127.0.0.1".to_owned())
}

#[actix_web::test]
async fn the_first_client_with_a_private_key_gets_the_account() {
    let site = Site::new().await;
    for kind in [KeyKind::Ed25519, KeyKind::Dsa] {
        let (user, algorithm) = match kind {
            KeyKind::Ed25519 => ("alice", "ssh-ed25519"),
            KeyKind::Dsa => ("bob", "ssh-dss"),
        };
        let client = Client::new(&site, user, kind);
        assert_eq!(client.samples("BM").await.json()["error"]["code"], "no_key");
        assert_eq!(account(&site, user).await["has_key"], false);

        let reply = client.register().await;
        assert_eq!((reply.status, reply.json()), (200, json!({})), "{}", reply.text());
        assert_eq!(client.samples("BM").await.status, 200);
        let account = account(&site, user).await;
        assert_eq!(
            (&account["has_key"], &account["key_type"]),
            (&json!(true), &json!(algorithm))
        );
        assert_eq!(key_log(&site, user).await, [key_entry("register key", user)]);
    }
}

#[actix_web::test]
async fn keys_of_every_type_can_be_registered() {
    let vectors: Value = serde_json::from_str(include_str!("../fixtures/vectors/tokens.json")).unwrap();
    let site = Site::new().await;
    site.apply("[[project]]\nusername = \"proj-042_b\"\n").await;
    for vector in vectors["vectors"].as_array().unwrap() {
        let text = |name: &str| vector[name].as_str().unwrap();
        site.clock
            .set(Timestamp(vector["signed_at_unix"].as_i64().unwrap() * 1_000_000));
        let url = |path: &str| format!("{}/api/v2/{}/{path}", site.url(), text("token"));
        let request = site
            .http
            .post(url("project/"))
            .form(&[("public", text("public"))]);
        let reply = Reply::of(request).await;
        assert_eq!((reply.status, reply.text().as_str()), (200, "{}"), "{vector}");
        assert_eq!(
            Reply::of(site.http.get(url("samples/BM/"))).await.status,
            200,
            "{vector}"
        );
        reset(&site, text("username")).await;
    }
}

#[actix_web::test]
async fn registering_the_same_key_again_succeeds() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let bare: Vec<&str> = alice.public.split(' ').take(2).collect();
    let lines = [
        alice.public.clone(),
        bare.join(" "),
        format!("  {} alice@elsewhere\n", bare.join("  ")),
    ];
    for line in lines {
        let reply = send(&site, &alice, &line).await;
        assert_eq!(
            (reply.status, reply.json()),
            (200, json!({})),
            "{line:?}: {}",
            reply.text()
        );
    }
    assert_eq!(alice.samples("BM").await.status, 200);
    assert_eq!(
        key_log(&site, "alice").await,
        [key_entry("register key", "alice")]
    );
}

#[actix_web::test]
async fn another_key_is_refused_and_the_first_one_stays() {
    let site = Site::new().await;
    let first = site.client("alice").await;
    let before = account(&site, "alice").await;
    let second = site.stranger("alice");
    let reply = second.register().await;
    assert_eq!(reply.status, 409, "{}", reply.text());
    assert_eq!(reply.json()["error"]["code"], "another_key");
    assert_eq!(account(&site, "alice").await, before);
    assert_eq!(first.samples("BM").await.status, 200);
    assert_eq!(second.samples("BM").await.status, 405);
}

#[actix_web::test]
async fn an_unusable_key_is_refused_by_name() {
    let site = Site::new().await;
    let alice = site.stranger("alice");
    let mut reasons = Vec::new();
    for (why, line) in UNUSABLE {
        let reply = send(&site, &alice, line).await;
        assert_eq!(reply.status, 400, "{why}: {}", reply.text());
        assert_eq!(reply.fields(), ["public"], "{why}");
        reasons.push(
            reply.json()["error"]["fields"]["public"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    assert!(
        reasons[9].contains("1024") && reasons[9].contains("2048"),
        "{}",
        reasons[9]
    );
    assert_eq!(account(&site, "alice").await["has_key"], false);
    assert!(key_log(&site, "alice").await.is_empty());
    assert_eq!(alice.register().await.status, 200);
}

#[actix_web::test]
async fn a_form_without_the_key_is_refused_by_name() {
    let site = Site::new().await;
    let alice = site.stranger("alice");
    let bodies = [
        String::new(),
        "public".to_owned(),
        "key=ssh-ed25519".to_owned(),
        json!({"public": alice.public}).to_string(),
        "%FF%FE=%FF".to_owned(),
    ];
    for body in bodies {
        let reply = alice.post("project/", body.clone()).await;
        assert_eq!(reply.status, 400, "{body}: {}", reply.text());
        assert_eq!(reply.json()["error"]["code"], "invalid", "{body}");
        assert_eq!(reply.fields(), ["public"], "{body}");
    }
    let reply = alice.post("project/", vec![b'a'; 64 * 1024 + 1]).await;
    assert_eq!(reply.status, 413, "{}", reply.text());
    assert_eq!(account(&site, "alice").await["has_key"], false);
}

#[actix_web::test]
async fn the_token_must_be_signed_with_the_sent_key() {
    let site = Site::new().await;
    let (alice, mallory) = (site.stranger("alice"), site.stranger("alice"));
    let reply = send(&site, &mallory, &alice.public).await;
    assert_eq!(reply.status, 405, "{}", reply.text());
    assert_eq!(reply.header("allow"), Some(""));

    let stale = alice.token_at(site.now() - 61);
    let url = format!("{}/api/v2/{stale}/project/", site.url());
    assert_eq!(
        Reply::of(site.http.post(url).form(&[("public", &alice.public)]))
            .await
            .status,
        405
    );

    let bob = site.client("bob").await;
    assert_eq!(
        send(&site, &bob.posing_as("alice"), &alice.public).await.status,
        405
    );
    assert_eq!(account(&site, "alice").await["has_key"], false);
    assert!(key_log(&site, "alice").await.is_empty());
}

#[actix_web::test]
async fn an_unknown_user_is_refused_like_a_bad_signature() {
    let site = Site::new().await;
    let (nobody, alice, mallory) = (
        site.stranger("nobody"),
        site.stranger("alice"),
        site.stranger("alice"),
    );
    let unknown = nobody.register().await;
    let bad = send(&site, &mallory, &alice.public).await;
    assert_eq!((unknown.status, bad.status), (405, 405), "{}", unknown.text());
    assert_eq!(unknown.body, bad.body);
    assert_eq!(unknown.header("allow"), Some(""));
    assert_eq!(site.admin_reply("projects/nobody").await.status, 404);
}

#[actix_web::test]
async fn registration_can_be_closed() {
    let site = Site::with(|settings| settings.registration.open = false).await;
    let alice = site.stranger("alice");
    let reply = alice.register().await;
    assert_eq!(reply.status, 403, "{}", reply.text());
    assert_eq!(reply.json()["error"]["code"], "forbidden");
    assert_eq!(account(&site, "alice").await["has_key"], false);
    assert!(key_log(&site, "alice").await.is_empty());
    assert_eq!(alice.samples("BM").await.json()["error"]["code"], "no_key");

    let key = json!({"key": alice.public});
    let url = format!("{}/api/admin/projects/alice/key", site.url());
    let put = Reply::of(site.http.put(url).bearer_auth(site.admin_token()).json(&key)).await;
    assert_eq!(put.status, 200, "{}", put.text());
    assert_eq!(alice.samples("BM").await.status, 200);
}

#[actix_web::test]
async fn registration_can_be_limited_to_networks() {
    let site = Site::with(|settings| {
        settings.registration.allow_from = vec!["10.45.0.0/24".parse().unwrap(), "fd00::/8".parse().unwrap()];
        settings.trusted_proxy = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    let alice = site.stranger("alice");
    let from = |address: &str| {
        let request = site
            .http
            .post(alice.url("project/"))
            .header("X-Forwarded-For", address);
        Reply::of(request.form(&[("public", &alice.public)]))
    };
    assert_eq!(alice.register().await.status, 403);
    for address in ["10.45.1.1", "10.45.0.7, 192.0.2.1", "fe80::1"] {
        assert_eq!(from(address).await.status, 403, "{address}");
    }
    assert_eq!(from("not an address").await.status, 400);
    assert_eq!(account(&site, "alice").await["has_key"], false);
    assert!(key_log(&site, "alice").await.is_empty());

    assert_eq!(from("192.0.2.1, ::ffff:10.45.0.7").await.status, 200);
    assert_eq!(account(&site, "alice").await["has_key"], true);
    let key_log = key_log(&site, "alice").await;
    assert_eq!(
        key_log,
        [(
            "register key".to_owned(),
            "alice".to_owned(),
            "10.45.0.7".to_owned()
        )]
    );
}

#[actix_web::test]
async fn an_account_with_a_key_from_the_facility_file_accepts_no_other() {
    let site = Site::new().await;
    let alice = site.stranger("alice");
    site.apply(&format!(
        "[[project]]\nusername = \"alice\"\nkey = \"{}\"\n",
        alice.public
    ))
    .await;
    assert_eq!(alice.samples("BM").await.status, 200);
    assert_eq!(alice.register().await.status, 200);
    assert_eq!(site.stranger("alice").register().await.status, 409);
    assert_eq!(alice.samples("BM").await.status, 200);
    assert_eq!(key_log(&site, "alice").await, [key_entry("set key", "operator")]);
}

#[actix_web::test]
async fn an_account_can_register_again_after_a_reset() {
    let site = Site::new().await;
    let old = site.client("alice").await;
    let new = site.stranger("alice");
    assert_eq!(new.register().await.status, 409);

    reset(&site, "alice").await;
    assert_eq!(account(&site, "alice").await["has_key"], false);
    assert_eq!(old.samples("BM").await.json()["error"]["code"], "no_key");

    assert_eq!(new.register().await.status, 200);
    assert_eq!(new.samples("BM").await.status, 200);
    assert_eq!(old.samples("BM").await.status, 405);
    assert_eq!(old.register().await.status, 409);
    assert_eq!(
        key_log(&site, "alice").await,
        [
            key_entry("register key", "alice"),
            key_entry("reset key", "operator"),
            key_entry("register key", "alice")
        ]
    );
}

#[actix_web::test]
async fn a_registered_key_survives_a_restart() {
    let mut site = Site::new().await;
    let alice = site.client("alice").await;
    site.restart().await;
    let alice = alice.at(&site);
    assert_eq!(alice.samples("BM").await.status, 200);
    assert_eq!(alice.register().await.status, 200);
    assert_eq!(site.stranger("alice").register().await.status, 409);
}

/// Resets an account's key as an operator does.
async fn reset(site: &Site, username: &str) {
    let url = format!("{}/api/admin/projects/{username}/key", site.url());
    let reply = Reply::of(site.http.delete(url).bearer_auth(site.admin_token())).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
}
