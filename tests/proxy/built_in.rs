//! The built-in Data Proxy: immediate keys, and `POST /download/data/create/`.

use super::{dataset_in, url};
use crate::support::{for_address, Reply, Site};
use beamlive_actors::secure_path;
use beamlive_storage::records::SecureKey;
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use std::net::IpAddr;

const PATH: &str = "/download/data/create/";

fn ask(site: &Site, path: &str) -> RequestBuilder {
    site.request(Method::POST, PATH).form(&[("path", path)])
}

/// The key of a directory.
async fn create(site: &Site, path: &str) -> String {
    let reply = Reply::of(ask(site, path)).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    let answer = reply.json();
    assert_eq!(answer.as_object().unwrap().len(), 1);
    let key = answer["key"].as_str().unwrap().to_owned();
    assert!(
        key.len() == 40 && key.bytes().all(|byte| b"0123456789abcdef".contains(&byte)),
        "{key}"
    );
    key
}

#[actix_web::test]
async fn every_record_has_its_key_immediately() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    alice.launch("BM", "day").await;
    alice.data("BM", &dataset_in("/users/alice/day/a")).await;
    // Only a request for files checks whether they may be served.
    alice.data("BM", &dataset_in("/somewhere/else")).await;
    alice.report("BM", &json!({"directory": "relative"})).await;
    let mut keys = Vec::new();
    for path in ["sessions/1", "data/1", "data/2", "reports/1"] {
        keys.push(
            url(&site, path)
                .await
                .unwrap_or_else(|| panic!("{path} has no key")),
        );
    }
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 4, "different directories, different keys");
}

#[actix_web::test]
async fn every_record_of_a_directory_has_its_own_key_and_keeps_it() {
    let mut site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    let mut again = dataset_in("/users/alice/a");
    again["id"] = json!(1);
    let mut keys = Vec::new();
    for client in [&alice, &alice, &bob] {
        client.data("BM", &dataset_in("/users/alice/a")).await;
        client.report("BM", &json!({"directory": "/users/alice/a"})).await;
    }
    for path in [
        "data/1",
        "data/2",
        "data/3",
        "reports/1",
        "reports/2",
        "reports/3",
    ] {
        keys.push((path, url(&site, path).await.unwrap()));
    }
    let different: std::collections::BTreeSet<_> = keys.iter().map(|(_, key)| key).collect();
    assert_eq!(different.len(), keys.len());
    site.restart().await;
    assert_eq!(alice.at(&site).data("BM", &again).await.json()["id"], 1);
    for (path, key) in keys {
        assert_eq!(url(&site, path).await.unwrap(), key, "{path}");
    }
}

#[actix_web::test]
async fn every_call_creates_a_key_for_any_spelling_of_the_directory() {
    let mut site = Site::new().await;
    let mut keys = Vec::new();
    for path in [
        "/users/alice/day",
        "/users/alice/day/",
        "/users//alice/./day",
        "alice/day",
        "/users/bob/../alice/day",
    ] {
        keys.push(create(&site, path).await);
    }
    let request = site.request(Method::POST, PATH);
    let as_json = Reply::of(request.json(&json!({"path": "/users/alice/day"}))).await;
    keys.push(as_json.json()["key"].as_str().unwrap().to_owned());
    let slashless = site
        .request(Method::POST, "/download/data/create")
        .form(&[("path", "/users/alice/day")]);
    let slashless = Reply::of(slashless).await.json();
    keys.push(slashless["key"].as_str().unwrap().to_owned());
    site.restart().await;
    let different: std::collections::BTreeSet<_> = keys.iter().collect();
    assert_eq!(different.len(), 7);
    let store = &site.app().directory.services().store;
    for key in &keys {
        let key = SecureKey::parse(key).unwrap();
        let opened = secure_path::find(store, &key).unwrap().unwrap();
        assert_eq!(opened.directory, "/users/alice/day");
    }
}

#[actix_web::test]
async fn a_directory_outside_the_users_roots_is_refused() {
    let site =
        Site::with(|settings| settings.users_root = vec!["/users".into(), "/archive/users".into()]).await;
    create(&site, "/archive/users/alice").await;
    for path in [
        "/etc/passwd",
        "/users",
        "/users/",
        "/",
        "/users/../etc",
        "../etc",
        "/usersx/alice",
        "/archive/alice",
        "/users/alice/../../archive/alice",
        "",
        "/users/a\0b",
    ] {
        let reply = Reply::of(ask(&site, path)).await;
        assert_eq!(reply.status, 403, "{path:?}");
        assert_eq!(reply.json()["error"]["code"], "forbidden", "{path:?}");
    }
}

#[actix_web::test]
async fn only_callers_on_the_same_machine_create_keys() {
    let site = Site::with(|settings| settings.trusted_proxy = vec!["127.0.0.2/32".parse().unwrap()]).await;
    let from = |peer: [u8; 4]| {
        let client = reqwest::Client::builder()
            .local_address(IpAddr::from(peer))
            .build()
            .unwrap();
        client
            .post(format!("{}{PATH}", site.url()))
            .form(&[("path", "/users/alice/day")])
    };
    assert_eq!(Reply::of(from([127, 0, 0, 1])).await.status, 200);
    assert_eq!(Reply::of(from([127, 0, 0, 3])).await.status, 403);
    for (caller, status) in [
        ("127.0.0.1", 200),
        ("::1", 200),
        ("::ffff:127.0.0.1", 200),
        ("10.45.0.9", 403),
        ("192.0.2.1", 403),
        ("127.0.0.1, 192.0.2.1", 403),
        ("127.0.0.2", 403),
        ("nonsense", 400),
    ] {
        let reply = Reply::of(for_address(from([127, 0, 0, 2]), &[caller])).await;
        assert_eq!(reply.status, status, "{caller}: {}", reply.text());
    }
}

#[actix_web::test]
async fn an_untrusted_front_end_does_not_change_the_address_of_a_caller() {
    let site = Site::new().await;
    for (name, value) in [
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-for", "127.0.0.1"),
        ("forwarded", "for=192.0.2.1"),
    ] {
        let reply = Reply::of(ask(&site, "/users/alice/day").header(name, value)).await;
        assert_eq!(reply.status, 403, "{name}: {value}");
    }
    assert_eq!(Reply::of(ask(&site, "/users/alice/day")).await.status, 200);
}

#[actix_web::test]
async fn allowed_networks_and_callers_with_the_secret_are_admitted() {
    let site = Site::with(|settings| {
        settings.trusted_proxy = vec!["127.0.0.1/32".parse().unwrap()];
        settings.proxy.allow_from = vec!["10.45.0.0/24".parse().unwrap()];
        settings.proxy.secret = Some("open sesame".to_owned());
    })
    .await;
    for (caller, secret, status) in [
        ("10.45.0.9", None, 200),
        ("10.45.0.9", Some("wrong"), 200),
        ("127.0.0.1", None, 403),
        ("192.0.2.1", None, 403),
        ("192.0.2.1", Some("open sesame"), 200),
        ("192.0.2.1", Some("open"), 403),
        ("192.0.2.1", Some("open sesame!"), 403),
        ("192.0.2.1", Some(""), 403),
    ] {
        let request = for_address(ask(&site, "/users/alice/day"), &[caller]);
        let request = match secret {
            Some(secret) => request.header("X-Beamlive-Secret", secret),
            None => request,
        };
        let reply = Reply::of(request).await;
        assert_eq!(reply.status, status, "{caller} {secret:?}");
        assert!(!reply.text().contains("sesame"));
    }
}

#[actix_web::test]
async fn a_body_without_a_path_is_refused() {
    let site = Site::new().await;
    for (kind, body) in [
        ("application/x-www-form-urlencoded", ""),
        ("application/x-www-form-urlencoded", "dir=/users/a"),
        ("application/x-www-form-urlencoded", "path=/users/a&path=/users/b"),
        ("application/json", ""),
        ("application/json", "{}"),
        ("application/json", "{\"path\": 1}"),
        ("application/json", "{\"path\": null}"),
        ("application/json", "path=/users/a"),
    ] {
        let request = site
            .request(Method::POST, PATH)
            .header("content-type", kind)
            .body(body);
        let reply = Reply::of(request).await;
        assert_eq!(
            (reply.status, reply.fields()),
            (400, vec!["path".to_owned()]),
            "{kind} {body:?}"
        );
    }
    let long = Reply::of(ask(&site, &format!("/users/{}", "a".repeat(20_000)))).await;
    assert_eq!(long.status, 413);
    let get = site.get(PATH).await;
    assert_eq!((get.status, get.header("allow")), (405, Some("POST")));
}

#[actix_web::test]
async fn every_key_in_an_answer_is_durable() {
    let (site, engine) = Site::failing(|_| {}).await;
    engine.fail_after(0);
    let reply = Reply::of(ask(&site, "/users/alice/new")).await;
    assert_eq!(reply.status, 503);
    assert!(reply.header("retry-after").is_some());
}
