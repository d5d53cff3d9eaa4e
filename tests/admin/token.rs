//! Every admin route needs the admin token.

use crate::docs::{described, document};
use crate::support::{Reply, Site};
use reqwest::Method;

const ROUTES: [(&str, &str); 30] = [
    ("POST", "apply"),
    ("GET", "backup"),
    ("GET", "sessions"),
    ("GET", "sessions/1"),
    ("GET", "data"),
    ("GET", "data/1"),
    ("GET", "reports"),
    ("GET", "reports/1"),
    ("GET", "connections"),
    ("GET", "activity"),
    ("GET", "events"),
    ("GET", "outbox"),
    ("POST", "outbox/retry"),
    ("GET", "projects/alice"),
    ("PUT", "projects/alice/key"),
    ("DELETE", "projects/alice/key"),
    ("GET", "projects/alice/samples"),
    ("POST", "projects/alice/samples"),
    ("PUT", "import/dump"),
    ("POST", "import"),
    ("GET", "import"),
    ("GET", "import/report"),
    ("GET", "people"),
    ("GET", "people/alice"),
    ("PUT", "accounts/alice/password"),
    ("POST", "accounts/alice/password/reset"),
    ("POST", "accounts/alice/password/expire"),
    ("DELETE", "accounts/alice/tokens"),
    ("GET", "feedback"),
    ("HEAD", "sessions"),
];

#[actix_web::test]
async fn every_described_route_is_tested() {
    let site = Site::new().await;
    for (method, path) in described(&document(&site).await) {
        if let Some(path) = path.strip_prefix("/api/admin/") {
            let path = path
                .replace("{id}", "1")
                .replace("{username}", "alice")
                .replace("{part}", "dump");
            assert!(
                ROUTES.contains(&(method.as_str(), path.as_str())),
                "{method} {path}"
            );
        }
    }
}

#[actix_web::test]
async fn nothing_is_shown_or_done_without_the_token() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let token = site.admin_token();
    let wrong = [
        None,
        Some(String::new()),
        Some("Bearer".to_owned()),
        Some("Bearer ".to_owned()),
        Some(token.clone()),
        Some(format!("Basic {token}")),
        Some(format!("Bearer {}", token.to_uppercase())),
        Some(format!("Bearer {}", &token[1..])),
        Some(format!("Bearer {token}0")),
        Some(format!("Bearer {token} {token}")),
        Some(format!("Bearer {}", alice.token())),
    ];
    for (method, path) in ROUTES {
        for slash in ["", "/"] {
            for header in &wrong {
                let method: Method = method.parse().unwrap();
                let mut request = site
                    .request(method.clone(), &format!("/api/admin/{path}{slash}"))
                    .body("key=x");
                if let Some(header) = header {
                    request = request.header("authorization", header);
                }
                let reply = Reply::of(request).await;
                assert_eq!(reply.status, 401, "{method} {path}{slash} {header:?}");
                assert_eq!(
                    reply.header("www-authenticate"),
                    Some("Bearer"),
                    "{method} {path}"
                );
                if method != Method::HEAD {
                    assert_eq!(reply.json()["error"]["code"], "not_admin", "{method} {path}");
                }
            }
        }
    }
    assert_eq!(
        alice.samples("BM").await.status,
        200,
        "her registered key has not changed"
    );
}

#[actix_web::test]
async fn with_the_token_every_route_answers_with_and_without_its_slash() {
    let site = Site::new().await;
    for (method, path) in ROUTES {
        for slash in ["", "/"] {
            let method: Method = method.parse().unwrap();
            let request = site.request(method.clone(), &format!("/api/admin/{path}{slash}"));
            // A successful stream of events has no end.
            let request = request.header("last-event-id", "none");
            let reply =
                Reply::of(request.header("authorization", format!("bearer {}", site.admin_token()))).await;
            let expected: &[u16] = match path {
                "events" => &[400],
                "sessions/1" | "data/1" | "reports/1" => &[404],
                "projects/alice/key" | "accounts/alice/password" if method == Method::PUT => &[400],
                "projects/alice/samples" if method == Method::POST => &[400],
                "people/alice" | "import/report" => &[404],
                // The second time the first one is under way.
                "import" | "import/dump" => &[200, 400],
                _ => &[200],
            };
            assert!(
                expected.contains(&reply.status),
                "{method} {path}{slash}: {} {}",
                reply.status,
                reply.text()
            );
        }
    }
}

#[actix_web::test]
async fn a_wrong_method_is_answered_with_the_allowed_methods() {
    let site = Site::new().await;
    for (method, path, allowed) in [
        (Method::GET, "apply", "POST"),
        (Method::POST, "sessions", "GET, HEAD"),
        (Method::DELETE, "data/1", "GET, HEAD"),
        (Method::GET, "outbox/retry", "POST"),
        (Method::POST, "projects/alice", "GET, HEAD"),
        (Method::GET, "projects/alice/key", "PUT, DELETE"),
    ] {
        let reply = site
            .admin_request(method.clone(), path, crate::support::plain)
            .await;
        assert_eq!(
            (reply.status, reply.header("allow")),
            (405, Some(allowed)),
            "{method} {path}"
        );
    }
}

#[actix_web::test]
async fn answers_are_not_cached_and_do_not_contain_the_token() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    alice.launch("BM", "day").await;
    let token = site.admin_token();
    for (method, path) in ROUTES {
        if method == "GET" && path != "events" {
            let reply = site.admin_reply(path).await;
            assert!(!reply.text().contains(&token), "{path}");
            if reply.status == 200 {
                assert_eq!(reply.header("cache-control"), Some("no-store"), "{path}");
            }
        }
    }
}
