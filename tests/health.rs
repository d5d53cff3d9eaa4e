//! `/health/…` and `/metrics`.

use crate::support::exposition::families;
use crate::support::{dataset_in, FakeProxy, Mood, Reply, Site};
use beamlive_storage::{Applied, Batch, DiskUse, Engine, EngineError, Entries, MemoryEngine, Order};
use reqwest::Method;
use serde_json::{json, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

fn dataset() -> Value {
    dataset_in("/users/alice/a")
}

#[actix_web::test]
async fn a_healthy_service_is_live_and_ready() {
    let site = Site::new().await;
    for path in ["/health/live", "/health/live/"] {
        let live = site.get(path).await;
        assert_eq!((live.status, live.json()), (200, json!({"status": "live"})));
    }
    let ready = site.get("/health/ready").await;
    assert_eq!(ready.status, 200);
    let answer = ready.json();
    let keys: BTreeSet<_> = answer.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        BTreeSet::from(["status", "store", "forwarder", "users_roots", "version"])
    );
    assert_eq!(
        (&answer["status"], &answer["store"]),
        (&json!("ready"), &json!({"status": "writing"}))
    );
    assert_eq!(answer["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(answer["forwarder"]["up"], true);
    assert_eq!(
        Reply::of(site.request(Method::POST, "/health/live")).await.status,
        405
    );
}

#[actix_web::test]
async fn failed_writes_are_reported_and_refuse_uploads_but_not_reads() {
    let (site, engine) = Site::failing(|_| {}).await;
    let alice = site.client("alice").await;
    alice.launch("BM", "day").await;
    assert_eq!(alice.data("BM", &dataset()).await.status, 200);
    let (samples, data) = (alice.samples("BM").await.body, site.admin("data").await);
    engine.fail_after(0);
    for _ in 0..2 {
        for reply in [
            alice.data("BM", &dataset()).await,
            alice.report("BM", &json!({"directory": "/users/alice/p"})).await,
            alice.launch("BM", "evening").await,
            alice.close("BM", "day").await,
            site.stranger("bob").register().await,
            site.post_admin("apply", "[[project]]\nusername = \"dora\"\n".to_owned())
                .await,
        ] {
            assert_eq!(reply.status, 503, "{}", reply.text());
            assert_eq!(reply.json()["error"]["code"], "writes_off");
            assert!(reply.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
        }
    }
    let ready = site.get("/health/ready").await;
    assert_eq!(ready.status, 503);
    let answer = ready.json();
    assert_eq!(
        (&answer["status"], &answer["store"]["status"]),
        (&json!("not ready"), &json!("writes off"))
    );
    assert!(!answer["store"]["reason"].as_str().unwrap().is_empty());
    assert_eq!(answer["store"]["advice"], "fix the cause, then restart beamlive");
    assert_eq!(site.get("/health/live").await.status, 200);
    assert_eq!(
        families(&site.get("/metrics").await.text())["beamlive_store_writes_off"].1,
        [("", 1.0)]
    );
    assert_eq!(alice.samples("BM").await.body, samples);
    assert_eq!(site.admin("data").await, data);
    assert_eq!(
        site.get("/api/v2/accesslist/").await.json(),
        json!(["alice", "bob"])
    );
    // Writes stay off even after the disk works again.
    engine.fail_after(u64::MAX);
    assert_eq!(alice.data("BM", &dataset()).await.status, 503);
    assert_eq!(site.get("/health/ready").await.status, 503);
}

#[actix_web::test]
async fn the_forwarder_shows_the_waiting_records() {
    let proxy = FakeProxy::start(Mood::Bad(500, "")).await;
    let address = proxy.url();
    let site = Site::with(|settings| settings.proxy_url = Some(address)).await;
    let alice = site.client("alice").await;
    alice.data("BM", &dataset()).await;
    let forwarder = crate::support::eventually("the outage is shown", || async {
        let forwarder = site.get("/health/ready").await.json()["forwarder"].clone();
        (forwarder["up"] == false && forwarder["waiting"] == 1).then_some(forwarder)
    })
    .await;
    assert_eq!(forwarder["oldest"], "2026-11-23T15:00:00Z");
    assert_eq!(forwarder["last_error"], "the Data Proxy answered with status 500");
    assert!(
        !forwarder.to_string().contains("/users/"),
        "health shows a directory"
    );
}

#[actix_web::test]
async fn metrics_are_in_the_text_format_and_complete() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    alice.launch("BM", "day").await;
    alice.data("BM", &dataset()).await;
    site.stranger("alice").samples("BM").await;
    let reply = site.get("/metrics").await;
    assert_eq!(reply.status, 200);
    assert!(reply
        .header("content-type")
        .unwrap()
        .starts_with("text/plain; version=0.0.4"));
    let text = reply.text();
    let families = families(&text);
    for (name, kind) in [
        ("beamlive_http_requests_total", "counter"),
        ("beamlive_http_request_duration_seconds", "histogram"),
        ("beamlive_http_requests_in_flight", "gauge"),
        ("beamlive_http_requests_abandoned_total", "counter"),
        ("beamlive_verification_failures_total", "counter"),
        ("beamlive_build_info", "gauge"),
        ("beamlive_store_writes_off", "gauge"),
        ("beamlive_store_queue_depth", "gauge"),
        ("beamlive_store_groups_total", "counter"),
        ("beamlive_store_batches_total", "counter"),
        ("beamlive_store_conflicts_total", "counter"),
        ("beamlive_store_group_batches", "histogram"),
        ("beamlive_store_commit_duration_seconds", "histogram"),
        ("beamlive_store_disk_bytes", "gauge"),
        ("beamlive_store_trouble", "gauge"),
        ("beamlive_data_proxy_up", "gauge"),
        ("beamlive_outbox_depth", "gauge"),
        ("beamlive_outbox_oldest_age_seconds", "gauge"),
        ("beamlive_actor_respawns_total", "counter"),
        ("beamlive_open_sessions", "gauge"),
    ] {
        let family = families
            .get(name)
            .unwrap_or_else(|| panic!("{name} is missing in\n{text}"));
        assert_eq!(family.0, kind, "{name}");
        assert!(!family.1.is_empty(), "{name} has no sample in\n{text}");
    }
    let open = &families["beamlive_open_sessions"].1;
    assert!(
        open.contains(&("beamline=\"BM\"", 1.0)) && open.contains(&("beamline=\"ID\"", 0.0)),
        "{open:?}"
    );
    let requests = &families["beamlive_http_requests_total"].1;
    let uploads = r#"method="POST",route="/api/v2/{token}/data/{beamline}",status="200""#;
    assert!(requests.contains(&(uploads, 1.0)), "{requests:?}");
}

#[actix_web::test]
async fn metrics_do_not_contain_what_clients_send() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let token = alice.token();
    alice.launch("BM", "secret-session").await;
    alice.samples("secret-beamline").await;
    alice.posing_as("secret-user").samples("BM").await;
    for path in [
        format!("/api/v2/{token}/nothing/"),
        format!("/{token}"),
        format!("/api/v2/{token}/samples/BM/extra/secret-path"),
        "/secret-path?secret-query=1".to_owned(),
        "/survey/secret-survey".to_owned(),
    ] {
        site.get(&path).await;
    }
    Reply::of(site.request(Method::from_bytes(b"SECRET").unwrap(), "/health/live")).await;
    let text = site.get("/metrics").await.text();
    let signature = token.rsplit(':').next().unwrap();
    for secret in [
        signature,
        "alice",
        "secret",
        "SECRET",
        site.admin_token().as_str(),
    ] {
        assert!(!text.contains(secret), "{secret:?} is in\n{text}");
    }
    assert!(text.contains("route=\"none\""), "{text}");
}

#[actix_web::test]
async fn a_health_address_is_the_only_one_with_health_and_metrics() {
    let site = Site::with(|settings| settings.health.listen = Some("127.0.0.1:0".parse().unwrap())).await;
    let elsewhere = site.health_url().unwrap();
    assert_ne!(elsewhere, site.url());
    for path in ["/health/live", "/health/ready", "/metrics"] {
        assert_eq!(site.get(path).await.status, 404, "{path}");
        let there = Reply::of(site.http.get(format!("{elsewhere}{path}"))).await;
        assert_eq!(there.status, 200, "{path}");
    }
    for path in ["/api/v2/accesslist/", "/api/admin/sessions", "/api/docs/"] {
        let there = Reply::of(site.http.get(format!("{elsewhere}{path}"))).await;
        assert_eq!(there.status, 404, "{path} is served at the health address");
    }
    let metrics = Reply::of(site.http.get(format!("{elsewhere}/metrics")))
        .await
        .text();
    assert!(
        metrics.contains("route=\"/api/admin/apply\""),
        "requests to the main address are not counted: {metrics}"
    );
}

#[actix_web::test]
async fn unknown_paths_are_answered_in_json() {
    let site = Site::new().await;
    for path in [
        "/api",
        "/api/v2/",
        "/api/v4/accesslist/",
        "/health",
        "/robots.txt",
    ] {
        let reply = site.get(path).await;
        assert_eq!(
            (reply.status, reply.json()["error"]["code"].clone()),
            (404, json!("not_found")),
            "{path}"
        );
    }
}

/// A database that reports a problem.
struct Troubled(MemoryEngine);

impl Engine for Troubled {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.0.get(key)
    }

    fn range(&self, start: &[u8], end: &[u8], order: Order) -> Entries<'_> {
        self.0.range(start, end, order)
    }

    fn apply(&self, group: &[Batch]) -> Result<Applied, EngineError> {
        self.0.apply(group)
    }

    fn disk(&self) -> DiskUse {
        DiskUse {
            trouble: Some("3 pages are in files of their own".to_owned()),
            ..DiskUse::default()
        }
    }
}

#[actix_web::test]
async fn trouble_of_the_store_is_reported_while_the_service_is_ready() {
    let site = Site::on(Arc::new(Troubled(MemoryEngine::new())), |_| {}).await;
    let ready = site.get("/health/ready").await;
    assert_eq!(ready.status, 200);
    assert_eq!(
        ready.json()["store"],
        json!({"status": "writing", "trouble": "3 pages are in files of their own"})
    );
}
