//! The access list of an address, and its users.

use crate::support::facilities::{access_list, beamtime};
use crate::support::{for_address, Reply, Site, MORNING};
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{json, Value};
use std::net::{IpAddr, Ipv4Addr};

const PATHS: [&str; 4] = [
    "/api/v2/accesslist/",
    "/api/v2/accesslist",
    "/access/accesslist/",
    "/access/accesslist",
];

/// A site behind trusted proxies at 127.0.0.1 and in 10.0.0.0/30, with lists that overlap.
async fn behind_proxies() -> Site {
    let trusted = ["127.0.0.1/32", "10.0.0.0/30"].map(|net| net.parse().unwrap());
    let site = Site::with(|settings| settings.trusted_proxy = trusted.to_vec()).await;
    let lists = [
        access_list("wide", "10.0.0.0/8", &["alice"], ""),
        access_list("narrow", "10.45.0.0/24", &["bob"], ""),
        access_list("host", "10.45.0.7", &["carol_3-x"], ""),
        access_list("off", "10.45.0.8", &["staff"], "active = false"),
        access_list("six", "2001:db8::/32", &["alice", "bob"], ""),
        access_list("six-host", "2001:db8::1", &["staff"], ""),
        access_list("mapped", "::ffff:192.0.2.0/120", &["bob", "alice"], ""),
    ];
    site.apply(&lists.concat()).await;
    site
}

async fn users_for(site: &Site, forwarded: &[&str]) -> Value {
    let reply = site.get_for("/api/v2/accesslist/", forwarded).await;
    assert_eq!(reply.status, 200, "{forwarded:?}: {}", reply.text());
    reply.json()
}

#[actix_web::test]
async fn every_path_gives_the_users_of_the_callers_list_in_order() {
    let site = Site::new().await;
    for path in PATHS {
        let get = site.get(path).await;
        assert_eq!(
            (get.status, get.text().as_str()),
            (200, r#"["alice","bob"]"#),
            "{path}"
        );
        assert_eq!(get.header("content-type"), Some("application/json"), "{path}");
        let post = Reply::of(site.request(Method::POST, path).json(&json!([]))).await;
        assert_eq!((post.status, post.text()), (200, get.text()), "{path}");
        let put = Reply::of(site.request(Method::PUT, path)).await;
        assert_eq!(
            (put.status, put.header("allow")),
            (405, Some("GET, HEAD, POST")),
            "{path}"
        );
    }
}

#[actix_web::test]
async fn the_longest_prefix_wins_and_inactive_lists_do_not_count() {
    let site = behind_proxies().await;
    for (address, users) in [
        ("10.1.2.3", json!(["alice"])),
        ("10.45.1.0", json!(["alice"])),
        ("10.45.0.0", json!(["bob"])),
        ("10.45.0.255", json!(["bob"])),
        ("10.45.0.7", json!(["carol_3-x"])),
        ("10.45.0.8", json!(["bob"])),
        ("2001:db8:ffff::2", json!(["alice", "bob"])),
        ("2001:db8::1", json!(["staff"])),
        ("2001:0db8:0:0::0001", json!(["staff"])),
    ] {
        assert_eq!(users_for(&site, &[address]).await, users, "{address}");
    }
}

#[actix_web::test]
async fn an_ipv4_address_in_ipv6_form_counts_as_ipv4() {
    let site = behind_proxies().await;
    for (address, users) in [
        ("::ffff:10.45.0.7", json!(["carol_3-x"])),
        ("::ffff:a2d:7", json!(["carol_3-x"])),
        ("192.0.2.77", json!(["alice", "bob"])),
        ("::ffff:192.0.2.77", json!(["alice", "bob"])),
        ("192.0.3.1", json!([])),
    ] {
        assert_eq!(users_for(&site, &[address]).await, users, "{address}");
    }
}

#[actix_web::test]
async fn a_peer_on_a_socket_of_both_families_is_known_by_its_ipv4_address() {
    let site = Site::with(|settings| settings.listen = "[::]:0".parse().unwrap()).await;
    let port = site.address().port();
    site.apply(&access_list("six", "::1", &["carol_3-x"], "")).await;
    for (host, users) in [
        ("127.0.0.1", json!(["alice", "bob"])),
        ("[::1]", json!(["carol_3-x"])),
    ] {
        let reply = Reply::of(site.http.get(format!("http://{host}:{port}/api/v2/accesslist/"))).await;
        assert_eq!((reply.status, reply.json()), (200, users), "{host}");
    }
}

#[actix_web::test]
async fn an_address_without_a_list_gets_no_users() {
    let site = behind_proxies().await;
    for address in ["198.51.100.1", "2001:db9::1", "::1", "0.0.0.0", "255.255.255.255"] {
        let reply = site.get_for("/api/v2/accesslist/", &[address]).await;
        assert_eq!((reply.status, reply.text().as_str()), (200, "[]"), "{address}");
    }
}

#[actix_web::test]
async fn addresses_from_an_untrusted_peer_are_ignored() {
    let site = Site::with(|settings| settings.trusted_proxy = vec!["127.0.0.1/32".parse().unwrap()]).await;
    site.apply(&access_list("far", "10.45.0.0/24", &["carol_3-x"], ""))
        .await;
    let from = |address: [u8; 4]| {
        let client = reqwest::Client::builder().local_address(IpAddr::from(Ipv4Addr::from(address)));
        client
            .build()
            .unwrap()
            .get(format!("{}/api/v2/accesslist/", site.url()))
    };
    let trusted = Reply::of(for_address(from([127, 0, 0, 1]), &["10.45.0.7"])).await;
    assert_eq!(trusted.json(), json!(["carol_3-x"]));
    for forwarded in ["10.45.0.7", "nonsense", ""] {
        let untrusted = Reply::of(for_address(from([127, 0, 0, 2]), &[forwarded])).await;
        assert_eq!(
            (untrusted.status, untrusted.json()),
            (200, json!(["alice", "bob"])),
            "{forwarded:?}"
        );
    }
    let nobody_trusted = Site::new().await;
    assert_eq!(
        users_for(&nobody_trusted, &["10.45.0.7"]).await,
        json!(["alice", "bob"])
    );
}

#[actix_web::test]
async fn the_caller_is_the_rightmost_address_that_is_not_a_trusted_proxy() {
    let site = behind_proxies().await;
    for (forwarded, users) in [
        // Without a header or with an empty one: the peer, 127.0.0.1.
        (&[][..], json!(["alice", "bob"])),
        (&[""][..], json!(["alice", "bob"])),
        (&["10.45.0.7"][..], json!(["carol_3-x"])),
        // A chain of proxies.
        (&["10.45.0.7, 10.0.0.1"][..], json!(["carol_3-x"])),
        (
            &["10.45.0.7,10.0.0.1 , 10.0.0.2,127.0.0.1"][..],
            json!(["carol_3-x"]),
        ),
        (&["10.45.0.7, ::ffff:10.0.0.1"][..], json!(["carol_3-x"])),
        // Addresses that the caller sent itself are further left.
        (&["10.45.0.7, 10.1.1.1"][..], json!(["alice"])),
        (&["10.45.0.7, 198.51.100.1, 10.0.0.1"][..], json!([])),
        // Several headers count as one list.
        (&["10.45.0.7", "10.0.0.1"][..], json!(["carol_3-x"])),
        (&["10.45.0.7", "10.1.1.1, 10.0.0.1"][..], json!(["alice"])),
    ] {
        assert_eq!(users_for(&site, forwarded).await, users, "{forwarded:?}");
    }
}

#[actix_web::test]
async fn a_trusted_proxy_that_forwards_no_address_is_refused() {
    let site = behind_proxies().await;
    for forwarded in [
        &["nonsense"][..],
        &["10.45.0.7, nonsense"][..],
        &["10.45.0.7", "unknown"][..],
        &["10.45.0.7:"][..],
        &["[10.45.0.7]"][..],
        &["10.45.0.0/24"][..],
        &["10.45.0.007"][..],
        &["\u{1f600}"][..],
    ] {
        for method in [Method::GET, Method::POST] {
            let request = site
                .request(method.clone(), "/access/accesslist/")
                .json(&json!([]));
            let reply = Reply::of(for_address(request, forwarded)).await;
            assert_eq!(reply.status, 400, "{method} {forwarded:?}");
            assert_eq!(reply.fields(), ["X-Forwarded-For"], "{method} {forwarded:?}");
        }
    }
}

#[actix_web::test]
async fn a_change_of_the_facility_takes_effect_at_once() {
    let site = behind_proxies().await;
    assert_eq!(users_for(&site, &["10.45.0.7"]).await, json!(["carol_3-x"]));
    site.apply(&access_list(
        "host",
        "10.45.0.7",
        &["carol_3-x", "bob", "alice"],
        "",
    ))
    .await;
    assert_eq!(
        users_for(&site, &["10.45.0.7"]).await,
        json!(["alice", "bob", "carol_3-x"])
    );
    site.apply(&access_list(
        "host",
        "10.45.0.7",
        &["carol_3-x"],
        "active = false",
    ))
    .await;
    assert_eq!(users_for(&site, &["10.45.0.7"]).await, json!(["bob"]));
}

const HOUR: i64 = 3600;
/// Half a shift.
const LATE: i64 = 4 * HOUR;

/// The users of the host at `MORNING` with these beamtimes. Its list has alice, bob and the
/// beamline BM.
async fn with_beamtimes(schedule: bool, beamtimes: &[String]) -> Value {
    let site = Site::with(|settings| settings.schedule = schedule).await;
    site.apply(&beamtimes.concat()).await;
    site.get("/access/accesslist/").await.json()
}

#[actix_web::test]
async fn a_remote_beamtime_counts_from_its_start_to_half_a_shift_after_its_end() {
    let (without, with) = (json!(["alice", "bob"]), json!(["alice", "bob", "carol_3-x"]));
    for (start, end, users) in [
        (0, HOUR, &with),
        (1, HOUR, &without),
        (-HOUR, HOUR, &with),
        (-9 * HOUR, -LATE, &with),
        (-9 * HOUR, -LATE - 1, &without),
    ] {
        let time = beamtime("carol_3-x", "BM", MORNING + start, MORNING + end, "remote = true");
        assert_eq!(with_beamtimes(true, &[time]).await, *users, "{start} to {end}");
    }
}

#[actix_web::test]
async fn beamtimes_that_are_local_cancelled_or_elsewhere_do_not_count() {
    let time = |beamline, more| beamtime("carol_3-x", beamline, MORNING - HOUR, MORNING + HOUR, more);
    let without = json!(["alice", "bob"]);
    for (what, time) in [
        ("not remote", time("BM", "")),
        ("cancelled", time("BM", "remote = true\ncancelled = true")),
        ("at another beamline", time("ID", "remote = true")),
    ] {
        assert_eq!(with_beamtimes(true, &[time]).await, without, "{what}");
    }
    assert_eq!(
        with_beamtimes(false, &[time("BM", "remote = true")]).await,
        without,
        "scheduling is off"
    );
}

#[actix_web::test]
async fn no_user_is_listed_twice() {
    let (from, to) = (MORNING - HOUR, MORNING + HOUR);
    let times = [
        beamtime("bob", "BM", from, to, "remote = true"),
        beamtime("carol_3-x", "BM", from, to, "remote = true"),
        beamtime("carol_3-x", "BM", from - HOUR, to, "remote = true"),
    ];
    assert_eq!(
        with_beamtimes(true, &times).await,
        json!(["alice", "bob", "carol_3-x"])
    );
}

#[actix_web::test]
async fn beamtimes_begin_and_end_while_the_service_runs() {
    let site = Site::with(|settings| settings.schedule = true).await;
    site.apply(&beamtime(
        "carol_3-x",
        "BM",
        MORNING + HOUR,
        MORNING + 2 * HOUR,
        "remote = true",
    ))
    .await;
    let mut seen = Vec::new();
    for _ in 0..8 {
        let users = site.get("/api/v2/accesslist/").await.json();
        seen.push(users.as_array().unwrap().contains(&json!("carol_3-x")));
        site.clock.advance(TimeDelta::hours(1));
    }
    assert_eq!(seen, [false, true, true, true, true, true, true, false]);
}

#[actix_web::test]
async fn a_network_with_host_bits_is_refused() {
    let site = Site::new().await;
    let reply = site
        .post_admin("apply", access_list("bad", "10.45.0.7/24", &["alice"], ""))
        .await;
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert!(
        reply.text().contains("10.45.0.0/24"),
        "the message does not suggest the network: {}",
        reply.text()
    );
}

/// Only the answers with lists and login keys depend on the address.
#[actix_web::test]
async fn an_invalid_forwarded_address_does_not_affect_uploads() {
    let site = behind_proxies().await;
    let alice = site.client("alice").await;
    let body =
        json!({"directory": "/users/alice/x", "type": "DATA", "name": "n", "energy": 12.5, "exposure": 0.5});
    for forwarded in [
        "unknown",
        "10.45.0.7, unknown",
        "[2001:db8::1]:443",
        "10.45.0.7:4711",
        "x, 10.45.0.7",
    ] {
        let request = alice.posting("data/BM/").json(&body);
        let reply = Reply::of(for_address(request, &[forwarded])).await;
        assert_eq!(reply.status, 200, "{forwarded}: {}", reply.text());
    }
    for (forwarded, users) in [
        ("[2001:db8::1]:443", json!(["staff"])),
        ("[2001:db8::7]", json!(["alice", "bob"])),
        ("10.45.0.7:4711", json!(["carol_3-x"])),
        (
            "_hidden, unknown, 10.45.0.7:4711, 10.0.0.2:80",
            json!(["carol_3-x"]),
        ),
    ] {
        assert_eq!(users_for(&site, &[forwarded]).await, users, "{forwarded}");
    }
}
