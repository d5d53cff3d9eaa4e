//! The contents and the order of sample lists.

use super::listed;
use crate::support::facilities::{container, sample};
use crate::support::{Client, Reply, Site, FACILITY};
use reqwest::Method;
use serde_json::json;
use std::fmt::Write as _;

async fn names(client: &Client, beamline: &str) -> Vec<String> {
    let rows = listed(client, beamline).await;
    rows.iter()
        .map(|row| row["name"].as_str().unwrap().to_owned())
        .collect()
}

/// The port of a sample, or `None` if it is not listed.
async fn port(client: &Client, beamline: &str, name: &str) -> Option<String> {
    let rows = listed(client, beamline).await;
    let row = rows.iter().find(|row| row["name"] == name)?;
    Some(row["port"].as_str().unwrap().to_owned())
}

#[actix_web::test]
async fn a_list_has_every_field_in_its_order() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let reply = alice.samples("BM").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(
        reply.text(),
        concat!(
            r#"[{"id":1,"name":"lys-3","barcode":"","comments":"","group":"native","location":"3","#,
            r#""container":"CLS-0042","container_type":"Uni-Puck","port":"1A3","priority":0},"#,
            r#"{"id":2,"name":"lys-1","barcode":"","comments":"","group":null,"location":"1","#,
            r#""container":"CLS-0042","container_type":"Uni-Puck","port":"1A1","priority":1}]"#
        )
    );
}

#[actix_web::test]
async fn a_sample_on_the_shelf_has_no_port_and_is_listed_at_every_beamline() {
    let site = Site::new().await;
    let bob = site.client("bob").await;
    let expected = json!([{
        "id": 3, "name": "ins-1", "barcode": "B-1", "comments": "handle with care", "group": null, "location": "1",
        "container": "BOB-1", "container_type": "Uni-Puck", "port": "", "priority": 0
    }]);
    for beamline in ["BM", "ID", "SIM"] {
        assert_eq!(bob.samples(beamline).await.json(), expected, "{beamline}");
    }
}

#[actix_web::test]
async fn samples_loaded_at_another_beamline_are_hidden() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    assert_eq!(names(&alice, "BM").await, ["lys-3", "lys-1"]);
    for beamline in ["ID", "SIM"] {
        let reply = alice.samples(beamline).await;
        assert_eq!((reply.status, reply.text().as_str()), (200, "[]"), "{beamline}");
    }
}

#[actix_web::test]
async fn only_samples_on_site_are_listed() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let statuses = ["draft", "sent", "on-site", "returned", "archived"];
    let mut facility = String::new();
    for (status, adaptor) in statuses.iter().zip(["A", "B", "C", "D", "A"]) {
        let shelf = format!("shelf-{status}");
        facility += &container("alice", &shelf, "Uni-Puck", status, None);
        facility += &sample("alice", &shelf, "1", &shelf, "");
        let loaded = format!("loaded-{status}");
        let dewar = if *status == "archived" {
            ("staff/AD-3", "3")
        } else {
            ("staff/AD-2", "2")
        };
        if adaptor == "A" {
            let (name, place) = (dewar.0.strip_prefix("staff/").unwrap(), dewar.1);
            facility += &container("staff", name, "Adaptor", "on-site", Some(("staff/AM-BM", place)));
        }
        facility += &container("alice", &loaded, "Uni-Puck", status, Some((dewar.0, adaptor)));
        facility += &sample("alice", &loaded, "1", &loaded, "");
    }
    site.apply(&facility).await;
    let listed = names(&alice, "BM").await;
    assert_eq!(listed, ["lys-3", "lys-1", "loaded-on-site", "shelf-on-site"]);
    assert_eq!(names(&alice, "ID").await, ["shelf-on-site"]);
}

#[actix_web::test]
async fn a_puck_in_an_unloaded_adaptor_is_on_site() {
    let site = Site::new().await;
    let bob = site.client("bob").await;
    let mut facility = container("staff", "SPARE", "Adaptor", "on-site", None);
    facility += &container("bob", "BOB-2", "Uni-Puck", "on-site", Some(("staff/SPARE", "B")));
    facility += &sample("bob", "BOB-2", "5", "in-adaptor", "");
    site.apply(&facility).await;
    for beamline in ["BM", "ID"] {
        assert_eq!(
            port(&bob, beamline, "in-adaptor").await.as_deref(),
            Some(""),
            "{beamline}"
        );
    }
}

#[actix_web::test]
async fn a_project_sees_only_its_own_samples() {
    let site = Site::new().await;
    let (alice, bob, carol) = (
        site.client("alice").await,
        site.client("bob").await,
        site.client("carol_3-x").await,
    );
    // Two containers in the same adaptor.
    let mut facility = container("bob", "BOB-3", "Uni-Puck", "on-site", Some(("staff/AD-1", "B")));
    facility += &sample("bob", "BOB-3", "1", "bobs", "");
    site.apply(&facility).await;
    assert_eq!(names(&alice, "BM").await, ["lys-3", "lys-1"]);
    assert_eq!(names(&bob, "BM").await, ["ins-1", "bobs"]);
    assert_eq!(carol.samples("BM").await.text(), "[]");
}

#[actix_web::test]
async fn ports_name_every_level_from_one_to_four() {
    let site = Site::new().await;
    let staff = site.client("staff").await;
    let mut facility = sample("staff", "AM-BM", "2", "level-1", "");
    facility += &container(
        "staff",
        "PUCK-2",
        "Uni-Puck",
        "on-site",
        Some(("staff/AM-BM", "3")),
    );
    facility += &sample("staff", "PUCK-2", "16", "level-2", "");
    facility += &container(
        "staff",
        "PUCK-3",
        "Uni-Puck",
        "on-site",
        Some(("staff/AD-1", "D")),
    );
    facility += &sample("staff", "PUCK-3", "7", "level-3", "");
    facility += &container("staff", "AD-2", "Adaptor", "on-site", Some(("staff/AM-BM", "4")));
    facility += &container("staff", "AD-2B", "Adaptor", "on-site", Some(("staff/AD-2", "B")));
    facility += &container(
        "staff",
        "PUCK-4",
        "Uni-Puck",
        "on-site",
        Some(("staff/AD-2B", "C")),
    );
    facility += &sample("staff", "PUCK-4", "10", "level-4", "");
    site.apply(&facility).await;
    for (name, expected) in [
        ("level-1", "2"),
        ("level-2", "316"),
        ("level-3", "1D7"),
        ("level-4", "4BC10"),
    ] {
        assert_eq!(
            port(&staff, "BM", name).await.as_deref(),
            Some(expected),
            "{name}"
        );
        assert_eq!(port(&staff, "ID", name).await, None, "{name}");
    }
}

#[actix_web::test]
async fn the_order_is_group_sample_container_location_and_nulls_come_last() {
    let site = Site::new().await;
    let carol = site.client("carol_3-x").await;
    let mut facility = String::new();
    for (name, priority) in [
        ("second", "priority = 2"),
        ("first", "priority = -1"),
        ("unranked", ""),
    ] {
        writeln!(
            facility,
            "[[group]]\nproject = \"carol_3-x\"\nname = \"{name}\"\n{priority}"
        )
        .unwrap();
    }
    for name in ["P-2", "P-10", "P-1"] {
        facility += &container("carol_3-x", name, "Uni-Puck", "on-site", None);
    }
    // Declared in another order than that of the list.
    for (puck, location, name, more) in [
        ("P-2", "1", "13-no-group-P-2", ""),
        ("P-1", "10", "11-location-10", ""),
        ("P-1", "9", "10-location-9", ""),
        ("P-10", "1", "12-container-P-10", ""),
        (
            "P-1",
            "1",
            "08-unranked-group-counts-as-none",
            "group = \"unranked\"\npriority = 7",
        ),
        ("P-2", "16", "09-no-group-but-priority", "priority = 8"),
        ("P-2", "2", "06-second-null", "group = \"second\""),
        ("P-2", "3", "05-second-9", "group = \"second\"\npriority = 9"),
        ("P-2", "4", "04-second-0", "group = \"second\"\npriority = 0"),
        ("P-2", "5", "03-first-null", "group = \"first\""),
        ("P-2", "6", "02-first-10", "group = \"first\"\npriority = 10"),
        ("P-10", "7", "01-first-2", "group = \"first\"\npriority = 2"),
        ("P-10", "8", "07-no-group-negative", "priority = -5"),
    ] {
        facility += &sample("carol_3-x", puck, location, name, more);
    }
    site.apply(&facility).await;
    let rows = listed(&carol, "BM").await;
    let order: Vec<_> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
    let mut sorted = order.clone();
    sorted.sort_unstable();
    assert_eq!(order, sorted);
    assert_eq!(rows.len(), 13);
    for (index, row) in rows.iter().enumerate() {
        assert_eq!(row["priority"], index, "the priority is the position in the list");
    }
}

#[actix_web::test]
async fn samples_of_an_inactive_automounter_are_on_the_shelf() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    site.apply(
        "[[automounter]]\nbeamline = \"BM\"\ncontainer = { project = \"staff\", name = \"AM-BM\" }\nactive = false\n",
    )
    .await;
    for beamline in ["BM", "ID", "SIM"] {
        assert_eq!(names(&alice, beamline).await, ["lys-3", "lys-1"], "{beamline}");
        assert_eq!(
            port(&alice, beamline, "lys-3").await.as_deref(),
            Some(""),
            "{beamline}"
        );
    }
}

#[actix_web::test]
async fn samples_move_with_their_container_to_a_new_automounter() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    site.apply(
        r#"
        [[container]]
        project = "staff"
        name = "AM-NEW"
        type = "Dewar"
        status = "on-site"
        [[automounter]]
        beamline = "BM"
        container = { project = "staff", name = "AM-BM" }
        active = false
        [[automounter]]
        beamline = "BM"
        container = { project = "staff", name = "AM-NEW" }
        "#,
    )
    .await;
    assert_eq!(port(&alice, "BM", "lys-1").await.as_deref(), Some(""));
    site.apply(&container(
        "staff",
        "AD-1",
        "Adaptor",
        "on-site",
        Some(("staff/AM-NEW", "4")),
    ))
    .await;
    assert_eq!(port(&alice, "BM", "lys-1").await.as_deref(), Some("4A1"));
    assert_eq!(port(&alice, "ID", "lys-1").await, None);
}

#[actix_web::test]
async fn an_unknown_beamline_is_not_found() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    for beamline in ["XX", "bm", "BM%20"] {
        let reply = alice.samples(beamline).await;
        assert_eq!(reply.status, 404, "{beamline}");
        assert_eq!(reply.json()["error"]["code"], "not_found", "{beamline}");
    }
}

#[actix_web::test]
async fn the_trailing_slash_is_optional_and_posts_are_refused() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    assert_eq!(
        alice.get("samples/BM").await.body,
        alice.get("samples/BM/").await.body
    );
    let head = Reply::of(site.http.head(alice.url("samples/BM/"))).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let reply = Reply::of(site.http.request(method.clone(), alice.url("samples/BM/"))).await;
        assert_eq!(
            (reply.status, reply.header("allow")),
            (405, Some("GET, HEAD")),
            "{method}"
        );
    }
    let stranger = site.stranger("alice");
    assert_eq!(
        (
            stranger.samples("BM").await.status,
            stranger.samples("XX").await.status
        ),
        (405, 405)
    );
    assert_eq!(site.stranger("bob").samples("BM").await.status, 400);
}

#[actix_web::test]
async fn moves_between_beamlines_are_seen_at_once() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let adaptor = |held| container("staff", "AD-1", "Adaptor", "on-site", held);
    for _ in 0..5 {
        site.apply(&adaptor(Some(("staff/AM-ID", "3")))).await;
        assert_eq!(port(&alice, "BM", "lys-3").await, None);
        assert_eq!(port(&alice, "ID", "lys-3").await.as_deref(), Some("3A3"));
        site.apply(&adaptor(None)).await;
        assert_eq!(port(&alice, "BM", "lys-3").await.as_deref(), Some(""));
        assert_eq!(port(&alice, "ID", "lys-3").await.as_deref(), Some(""));
        site.apply(&adaptor(Some(("staff/AM-BM", "1")))).await;
        assert_eq!(port(&alice, "BM", "lys-3").await.as_deref(), Some("1A3"));
        assert_eq!(port(&alice, "ID", "lys-3").await, None);
    }
}

#[actix_web::test]
async fn pruned_samples_are_no_longer_listed() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let without = FACILITY.replace(
        "[[sample]]\nproject = \"alice\"\nname = \"lys-1\"\ncontainer = \"CLS-0042\"\nlocation = \"1\"\n",
        "",
    );
    assert_ne!(without, FACILITY);
    let reply = site.post_admin("apply?prune=true", without).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(names(&alice, "BM").await, ["lys-3"]);
}
