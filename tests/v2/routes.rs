//! Common rules of all routes: slashes, methods, the form of errors, and unknown paths.

use crate::support::{Client, Reply, Site};
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// All routes of v2 without their trailing slashes, with their methods; `{t}` stands for a token.
const ROUTES: [(&str, &str); 10] = [
    ("/api/v2/{t}/project", "POST"),
    ("/api/v2/{t}/launch/BM/day", "POST"),
    ("/api/v2/{t}/close/BM/day", "POST"),
    ("/api/v2/{t}/samples/BM", "GET, HEAD"),
    ("/api/v2/{t}/data/BM", "POST"),
    ("/api/v2/{t}/report/BM", "POST"),
    ("/api/v2/accesslist", "GET, HEAD, POST"),
    ("/access/accesslist", "GET, HEAD, POST"),
    ("/api/v2/keys/alice", "GET, HEAD"),
    ("/access/keys/alice", "GET, HEAD"),
];

/// A valid body for a route.
fn body_for(route: &str, client: &Client) -> Vec<u8> {
    let dataset =
        json!({"directory": "/users/alice/a", "type": "DATA", "name": "a", "energy": 12.6, "exposure": 0.1});
    let report = json!({"directory": "/users/alice/a", "title": "a"});
    match route.rsplit('/').nth(if route.ends_with("BM") { 1 } else { 0 }) {
        Some("project") => serde_urlencoded::to_string([("public", &client.public)])
            .unwrap()
            .into_bytes(),
        Some("data") => rmp_serde::to_vec(&dataset).unwrap(),
        Some("report") => rmp_serde::to_vec(&report).unwrap(),
        Some("accesslist") => rmp_serde::to_vec(&json!([])).unwrap(),
        _ => Vec::new(),
    }
}

fn url(site: &Site, client: &Client, path: &str) -> String {
    format!("{}{}", site.url(), path.replace("{t}", &client.token()))
}

/// Checks the form of an error and returns its code.
fn code_of(reply: &Reply) -> String {
    let text = reply.text();
    assert_eq!(reply.header("content-type"), Some("application/json"), "{text}");
    let json = reply.json();
    assert_eq!(
        json.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["error"],
        "{text}"
    );
    let error = json["error"].as_object().unwrap();
    assert!(
        error
            .keys()
            .all(|key| ["code", "message", "fields"].contains(&key.as_str())),
        "{text}"
    );
    assert!(!error["message"].as_str().unwrap().is_empty(), "{text}");
    if let Some(fields) = error.get("fields") {
        let fields = fields.as_object().unwrap();
        assert!(!fields.is_empty(), "{text}");
        assert!(
            fields
                .values()
                .all(|problem| problem.as_str().is_some_and(|text| !text.is_empty())),
            "{text}"
        );
    }
    error["code"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn every_route_works_with_and_without_its_trailing_slash() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    for (route, methods) in ROUTES {
        for path in [route.to_owned(), format!("{route}/")] {
            for method in methods.split(", ") {
                let method = Method::from_bytes(method.as_bytes()).unwrap();
                let request = site.http.request(method.clone(), url(&site, &alice, &path));
                let reply = Reply::of(request.body(body_for(route, &alice))).await;
                assert_eq!(reply.status, 200, "{method} {path}: {}", reply.text());
            }
        }
    }
    assert_eq!(site.visit("alice", "day").await.stretches.len(), 1);
    assert_eq!(
        site.admin("data?project=alice").await.as_array().unwrap().len(),
        2
    );
    assert_eq!(
        site.admin("reports?project=alice")
            .await
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[actix_web::test]
async fn a_wrong_method_is_answered_with_the_allowed_methods() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    for (route, allowed) in ROUTES {
        for path in [route.to_owned(), format!("{route}/")] {
            for method in [
                "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE",
            ] {
                if allowed.split(", ").any(|taken| taken == method) {
                    continue;
                }
                let name = Method::from_bytes(method.as_bytes()).unwrap();
                let reply = Reply::of(site.http.request(name, url(&site, &alice, &path))).await;
                assert_eq!(reply.status, 405, "{method} {path}: {}", reply.text());
                assert_eq!(reply.header("allow"), Some(allowed), "{method} {path}");
                if method != "HEAD" {
                    assert_eq!(code_of(&reply), "wrong_method", "{method} {path}");
                }
            }
        }
    }
    assert!(site.visits().await.is_empty());
}

#[actix_web::test]
async fn head_answers_like_get_without_the_body() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let paths = [
        "/api/v2/{t}/samples/BM/",
        "/api/v2/{t}/samples/NOWHERE/",
        "/api/v2/keys/alice",
        "/api/v2/accesslist/",
        "/access/accesslist",
        "/health/live",
        "/api/admin/sessions",
        "/nowhere",
    ];
    for path in paths {
        let path = path.replace("{t}", &alice.token());
        let get = site.get(&path).await;
        let head = raw(
            &site,
            &format!("HEAD {path} HTTP/1.1\r\nHost: beamlive\r\nConnection: close\r\n\r\n"),
        )
        .await;
        let (lines, body) = head.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, "", "{path}");
        assert!(
            lines.starts_with(&format!("HTTP/1.1 {} ", get.status)),
            "{path}: {lines}"
        );
        for name in ["content-type", "content-length", "etag", "allow"] {
            let value = lines.lines().find_map(|line| {
                let (found, value) = line.split_once(": ")?;
                found.eq_ignore_ascii_case(name).then_some(value)
            });
            assert_eq!(value, get.header(name), "{name} of {path}");
        }
    }
}

/// Sends bytes and reads the whole answer.
async fn raw(site: &Site, request: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(site.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[actix_web::test]
async fn unknown_paths_are_answered_with_404_in_json() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let token = alice.token();
    let paths = [
        "/api",
        "/api/v2/",
        "/api/v2/{t}",
        "/api/v2/{t}/",
        "/api/v2/{t}/nothing/",
        "/api/v2/{t}/launch/",
        "/api/v2/{t}/launch/BM/",
        "/api/v2/{t}/launch/BM//",
        "/api/v2/{t}/launch/BM/a/b/",
        "/api/v2/{t}/samples/",
        "/api/v2/{t}/samples/BM//",
        "/api/v2/{t}/Samples/BM/",
        "/api/v1/{t}/samples/BM/",
        "/api/v2/keys/",
        "/access/",
        "/../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/survey/",
        "/download/nothing/",
        "/api/admin/nothing",
    ];
    for path in paths {
        for method in [Method::GET, Method::POST] {
            let url = format!("{}{}", site.url(), path.replace("{t}", &token));
            let reply = Reply::of(site.http.request(method.clone(), url)).await;
            assert_eq!(reply.status, 404, "{method} {path}: {}", reply.text());
            assert_eq!(code_of(&reply), "not_found", "{method} {path}");
            assert!(!reply.text().contains(&token), "{path}: {}", reply.text());
        }
    }
}

#[actix_web::test]
async fn every_error_is_json_of_the_same_form() {
    let site = Site::with(|settings| settings.limits.body_bytes = 1_000).await;
    let alice = site.client("alice").await;
    let keyless = site.stranger("bob");
    let second_key = site.stranger("alice");
    let good =
        json!({"directory": "/users/alice/a", "type": "DATA", "name": "a", "energy": 12.6, "exposure": 0.1});
    let replies = [
        (405, "not_verified", site.get("/api/v2/garbage/samples/BM/").await),
        (405, "wrong_method", alice.get("launch/BM/day/").await),
        (400, "no_key", keyless.samples("BM").await),
        (409, "another_key", second_key.register().await),
        (400, "invalid", alice.post("project/", "public=nonsense").await),
        (400, "invalid", alice.data("BM", &json!({})).await),
        (400, "invalid", alice.data("BM", &json!([])).await),
        (400, "invalid", alice.post("data/BM/", "\u{1}").await),
        (400, "invalid", alice.post("report/BM/", "").await),
        (413, "too_large", alice.post("data/BM/", vec![0; 1_001]).await),
        (404, "not_found", alice.samples("NOWHERE").await),
        (404, "not_found", alice.data("NOWHERE", &good).await),
        (404, "not_found", alice.report("NOWHERE", &json!({})).await),
        (404, "not_found", alice.launch("NOWHERE", "day").await),
        (404, "not_found", alice.launch("BM", "no.name").await),
        (404, "not_found", alice.close("BM", "never").await),
        (404, "not_found", site.get("/nowhere").await),
        (401, "not_admin", site.get("/api/admin/sessions").await),
        (404, "not_found", site.admin_reply("sessions/17").await),
        (400, "invalid", site.admin_reply("sessions?colour=red").await),
    ];
    for (status, code, reply) in replies {
        assert_eq!(reply.status, status, "{code}: {}", reply.text());
        assert_eq!(code_of(&reply), code);
    }
}
