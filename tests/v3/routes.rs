//! What all routes of version 3 have in common, and a day by both versions.

use super::{site, PASSWORD};
use crate::support::Reply;
use serde_json::json;

const ROUTES: [(&str, &str); 5] = [
    ("GET", "samples/BM"),
    ("POST", "data/BM"),
    ("POST", "report/BM"),
    ("POST", "session/BM/day/start"),
    ("POST", "session/BM/day/close"),
];

#[actix_web::test]
async fn without_a_good_token_every_route_is_forbidden_without_a_body() {
    let site = site().await;
    let alice = site.sign_in("alice", PASSWORD).await;
    for (method, path) in ROUTES {
        for version in ["v2", "v3"] {
            for slash in ["", "/"] {
                let url = format!("{}/api/{version}/{path}{slash}", site.url());
                let request = || site.http.request(method.parse().unwrap(), &url);
                let refused = [
                    request(),
                    request().header("X-Access-Token", "Bearer x"),
                    request().header("X-Access-Token", &alice.access),
                    request().bearer_auth(&alice.refresh),
                    request().basic_auth("alice", Some(PASSWORD)),
                ];
                for request in refused {
                    let reply = Reply::of(request).await;
                    assert_eq!((reply.status, reply.text().as_str()), (403, ""), "{url}");
                }
                let wrong = site.http.delete(&url).bearer_auth(&alice.access);
                assert_eq!(Reply::of(wrong).await.status, 405, "{url}");
            }
        }
    }
}

#[actix_web::test]
async fn the_token_is_taken_from_either_header() {
    let site = site().await;
    let alice = site.sign_in("alice", PASSWORD).await;
    let url = format!("{}/api/v3/samples/BM/", site.url());
    for name in ["X-Access-Token", "x-access-token", "Authorization"] {
        for scheme in ["Bearer", "bearer"] {
            let request = site
                .http
                .get(&url)
                .header(name, format!("{scheme} {}", alice.access));
            assert_eq!(Reply::of(request).await.status, 200, "{name}: {scheme}");
        }
    }
    // A front end's own Authorization does not hide the other.
    let both = site.http.get(&url).basic_auth("proxy", Some("secret"));
    let both = both.header("X-Access-Token", format!("Bearer {}", alice.access));
    assert_eq!(Reply::of(both).await.status, 200);
}

#[actix_web::test]
async fn the_routes_for_tokens_have_three_addresses() {
    let site = site().await;
    let form = [("username", "alice"), ("password", PASSWORD)];
    for base in ["v3/auth", "v3/token", "v2/auth"] {
        let post = |path: String, form: Vec<(&'static str, String)>| {
            let request = site.http.post(format!("{}/api/{path}", site.url())).form(&form);
            async move { Reply::of(request).await }
        };
        let form = form.map(|(name, value)| (name, value.to_owned())).to_vec();
        let pair = post(format!("{base}/"), form).await.json();
        let access = pair["access"].as_str().unwrap().to_owned();
        let refresh = pair["refresh"].as_str().unwrap().to_owned();
        assert_eq!(
            post(format!("{base}/verify"), vec![("token", access)])
                .await
                .status,
            200,
            "{base}"
        );
        let refreshed = post(format!("{base}/refresh/"), vec![("refresh", refresh)]).await;
        assert_eq!(refreshed.status, 200, "{base}");
        let get = Reply::of(site.http.get(format!("{}/api/{base}/", site.url()))).await;
        assert_eq!(get.status, 405, "{base}");
    }
}

/// One project, half of its day by version 2 and half by version 3.
#[actix_web::test]
async fn one_project_by_both_versions_has_one_day() {
    let site = site().await;
    let old = site.client("alice").await;
    let new = site.sign_in("alice", PASSWORD).await;
    let started = new.start("BM", "day").await;
    let launched = old.launch("BM", "day").await;
    assert_eq!(started.json()["survey"], launched.json()["survey"]);
    assert_eq!(
        new.get("samples/BM/").await.json(),
        old.samples("BM").await.json()
    );
    let dataset = |name: &str, uuid: &str| {
        json!({
            "name": name, "type": "DATA", "directory": "/users/alice/day", "energy": 12.658,
            "exposure": 0.5, "frames": "1-4", "uuid": uuid,
        })
    };
    let first = new.post_json("data/BM/", &dataset("a", "u1")).await.json();
    assert_eq!(old.data("BM", &dataset("a", "u1")).await.json(), first);
    let second = old.data("BM", &dataset("b", "u2")).await.json();
    assert_eq!(
        new.post_json("data/BM/", &dataset("b", "u2")).await.json(),
        second
    );
    let report = json!({
        "title": "a", "kind": "MX Native", "score": 0.5, "directory": "/users/alice/day/report",
        "data_id": [first["id"], second["id"]], "details": [],
    });
    let stored = new.post_json("report/BM/", &report).await;
    assert_eq!(stored.status, 200, "{}", stored.text());
    let closed = new.close("BM", "day").await;
    assert_eq!(closed.json(), old.close("BM", "day").await.json());
    let session = &site.admin("sessions").await[0];
    assert_eq!(
        (&session["datasets"], &session["reports"]),
        (&json!(2), &json!(1)),
        "{session}"
    );
}
