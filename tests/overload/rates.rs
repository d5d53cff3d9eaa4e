//! The limits on the requests of an address and of a project.

use super::{assert_refused, counted, dataset};
use crate::support::{Client, KeyKind, Reply, Site};
use beamlive::config::{Quota, Settings};
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

/// The lowest rate that can be configured. The test must end before a second request is allowed.
const FEW: Quota = Quota {
    per_second: 1,
    burst: 20,
};

/// Sends a GET request from another address of this machine.
async fn from(site: &Site, last: u8, path: &str) -> Reply {
    let address = IpAddr::V4(Ipv4Addr::new(127, 0, 0, last));
    let http = reqwest::Client::builder().local_address(address).build().unwrap();
    Reply::of(http.get(format!("{}{path}", site.url()))).await
}

/// Sends requests until one is refused. Returns how many were answered.
async fn exhaust(mut ask: impl AsyncFnMut() -> Reply) -> (usize, Reply) {
    for passed in 0..200 {
        let reply = ask().await;
        if reply.status == 429 {
            return (passed, reply);
        }
    }
    panic!("200 requests passed");
}

#[actix_web::test]
async fn an_address_that_sends_too_much_is_refused_before_its_signature_is_verified() {
    let mut site = Site::new().await;
    let alice = site.client("alice").await;
    site.restart_with(|settings| settings.limits.rate.per_address = Some(FEW))
        .await;
    let alice = alice.at(&site);
    let (passed, reply) = exhaust(async || alice.samples("BM").await).await;
    assert!(passed >= 20, "{passed}");
    assert_refused(&reply, 429, "too_many");
    let forged = Client::new(&site, "alice", KeyKind::Ed25519);
    let mut refused = 0;
    for _ in 0..5 {
        refused += u32::from(forged.samples("BM").await.status == 429);
    }
    assert!(refused >= 3, "only one request a second is allowed");
    assert_eq!(
        from(&site, 2, "/api/v2/accesslist/").await.status,
        200,
        "other addresses are served"
    );
    assert_eq!(from(&site, 2, "/metrics").await.status, 200);
}

#[actix_web::test]
async fn behind_a_trusted_proxy_each_caller_has_its_own_rate() {
    for trusted in [true, false] {
        let site = Site::with(|settings| {
            settings.limits.rate.per_address = Some(FEW);
            if trusted {
                settings.trusted_proxy = vec!["127.0.0.1/32".parse().unwrap()];
            }
        })
        .await;
        let path = "/api/v2/accesslist/";
        let (passed, _) = exhaust(async || site.get_for(path, &["10.1.2.3"]).await).await;
        assert!(passed >= 15, "{passed}");
        let other = site.get_for(path, &["10.1.2.4"]).await.status;
        assert_eq!(other, if trusted { 200 } else { 429 }, "trusted: {trusted}");
        // Other addresses of one IPv6 network share its rate.
        if trusted {
            exhaust(async || site.get_for(path, &["2001:db8::1"]).await).await;
            assert_eq!(site.get_for(path, &["2001:db8::2"]).await.status, 429);
            assert_eq!(site.get_for(path, &["2001:db8:0:1::1"]).await.status, 200);
            assert!(counted(&site, "address").await >= 3);
        }
    }
}

#[actix_web::test]
async fn a_project_above_its_rate_is_refused_everywhere_and_others_do_not_use_its_rate() {
    let mut site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    site.restart_with(|settings| settings.limits.rate.per_project = Some(FEW))
        .await;
    let (alice, bob) = (alice.at(&site), bob.at(&site));
    let forged = Client::new(&site, "alice", KeyKind::Ed25519);
    for _ in 0..40 {
        assert_eq!(forged.samples("BM").await.status, 405);
    }
    let (passed, reply) = exhaust(async || alice.data("BM", &dataset("a")).await).await;
    assert!(passed >= 20, "{passed}: another client has used its rate");
    assert_refused(&reply, 429, "too_many");
    for _ in 0..20 {
        assert_eq!(bob.samples("BM").await.status, 200);
    }
    assert!(counted(&site, "project").await >= 1);
}

#[actix_web::test]
async fn the_production_example_allows_usual_bursts() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/production.toml");
    let rate = Settings::load(Some(&file), serde_json::json!({}))
        .unwrap()
        .limits
        .rate;
    assert!(Settings::default().limits.rate.per_address.is_none());
    let mut site = Site::new().await;
    let alice = site.client("alice").await;
    site.restart_with(|settings| settings.limits.rate = rate.clone())
        .await;
    assert!(rate.per_address.is_some() && rate.per_project.is_some());
    let alice = alice.at(&site);
    // The reports of a raster scan of 20 × 20, one after the other.
    for number in 0..400 {
        let report = serde_json::json!({"directory": format!("/users/alice/{number}"), "title": "raster"});
        let reply = alice.report("BM", &report).await;
        assert_eq!(reply.status, 200, "{number}: {}", reply.text());
    }
}
