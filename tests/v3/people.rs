//! Which project a request of a person is for, and what persons may do.

use super::{site, PASSWORD};
use crate::support::facilities::beamtime;
use crate::support::{Reply, Site, HOUR};
use serde_json::json;

/// A project that anna is not a member of.
const CAROL: &str = "carol_3-x";

/// Project and session that have a beamline now.
async fn holders(site: &Site) -> Vec<(String, String)> {
    let visits = site.visits().await.into_iter();
    let open = visits.filter(|visit| visit.stretches.iter().any(|(_, end)| end.is_none()));
    open.map(|visit| (visit.project, visit.name)).collect()
}

fn dataset(name: &str) -> serde_json::Value {
    json!({
        "name": name, "type": "DATA", "directory": format!("/users/day/{name}"), "energy": 12.658,
        "exposure": 0.5, "frames": "1-4",
    })
}

fn assert_forbidden(reply: &Reply) {
    assert_eq!(reply.status, 403, "{}", reply.text());
    assert_eq!(reply.json()["error"]["code"], "forbidden");
}

fn assert_not_found(reply: &Reply) {
    assert_eq!(reply.status, 404, "{}", reply.text());
    assert_eq!(reply.json()["error"]["code"], "not_found");
}

#[actix_web::test]
async fn a_person_names_the_project_by_form_query_or_header_in_this_order() {
    let site = site().await;
    let anna = site.sign_in("anna", PASSWORD).await;
    let bob = site.admin("projects/bob").await["id"].to_string();
    let form = |client: &crate::support::v3::SignedIn, path: &str, body: &'static str| {
        let (client, path) = (client.clone(), path.to_owned());
        async move { client.post(&path, body).await }
    };
    let with = anna.with("X-Project", "alice");
    assert_eq!(with.start("BM", "one").await.status, 200);
    assert_eq!(holders(&site).await, [("alice".to_owned(), "one".to_owned())]);
    let started = form(&with, &format!("session/BM/two/start/?project={bob}"), "").await;
    assert_eq!(started.status, 200, "{}", started.text());
    assert_eq!(holders(&site).await, [("bob".to_owned(), "two".to_owned())]);
    let started = form(&with, "session/BM/three/start/?project=bob", "project=alice").await;
    assert_eq!(started.status, 200, "{}", started.text());
    assert_eq!(holders(&site).await, [("alice".to_owned(), "three".to_owned())]);
}

#[actix_web::test]
async fn a_person_acts_only_for_their_projects() {
    let site = site().await;
    let anna = site.sign_in("anna", PASSWORD).await;
    let omar = site.sign_in("omar", PASSWORD).await;
    let carol = anna.with("X-Project", CAROL);
    for reply in [
        carol.start("BM", "day").await,
        carol.close("BM", "day").await,
        carol.get("samples/BM/").await,
        carol.post_json("data/BM/", &dataset("a")).await,
        omar.with("X-Project", "alice").start("BM", "day").await,
    ] {
        assert_forbidden(&reply);
    }
    assert_not_found(&anna.with("X-Project", "nobody").start("BM", "day").await);
    assert_not_found(&anna.with("X-Project", "anna").start("BM", "day").await);
    assert_not_found(&anna.with("X-Project", "alice").start("NOWHERE", "day").await);
    assert!(site.open_stretches().await.is_empty());
}

#[actix_web::test]
async fn a_project_is_itself_and_no_other() {
    let site = site().await;
    let alice = site.sign_in("alice", PASSWORD).await;
    assert_eq!(
        alice.with("X-Project", "alice").start("BM", "day").await.status,
        200
    );
    assert_eq!(alice.start("BM", "day").await.status, 200);
    assert_forbidden(&alice.with("X-Project", "bob").start("BM", "day").await);
    assert_forbidden(&alice.get("samples/BM/?project=bob").await);
}

#[actix_web::test]
async fn without_a_name_the_only_scheduled_project_starts() {
    let site = site().await;
    let anna = site.sign_in("anna", PASSWORD).await;
    assert_not_found(&anna.start("BM", "day").await);
    site.apply(&beamtime("alice", "BM", -HOUR, 2 * HOUR, "")).await;
    // It stays unambiguous with beamtime of a project that is not hers, and with one of hers that
    // begins later.
    site.apply(&beamtime(CAROL, "BM", -HOUR, 2 * HOUR, "")).await;
    site.apply(&beamtime("bob", "BM", 2 * HOUR, 4 * HOUR, "")).await;
    let started = anna.start("BM", "day").await;
    assert_eq!(started.status, 200, "{}", started.text());
    assert!(!started.json()["end_time"].is_null());
    assert_eq!(holders(&site).await, [("alice".to_owned(), "day".to_owned())]);
    site.apply(&beamtime("bob", "BM", -2 * HOUR, HOUR, "")).await;
    assert_not_found(&anna.start("BM", "day").await);
}

#[actix_web::test]
async fn without_a_name_the_project_that_has_the_beamline_is_used() {
    let site = site().await;
    let anna = site.sign_in("anna", PASSWORD).await;
    assert_not_found(&anna.get("samples/BM/").await);
    assert_not_found(&anna.post_json("data/BM/", &dataset("a")).await);
    let alice = site.client("alice").await;
    alice.launch("BM", "day").await;
    assert_eq!(
        anna.get("samples/BM/").await.json(),
        alice.samples("BM").await.json()
    );
    let stored = anna.post_json("data/BM/", &dataset("a")).await;
    assert_eq!(stored.status, 200, "{}", stored.text());
    let row = site.admin(&format!("data/{}", stored.json()["id"])).await;
    assert_eq!(
        (&row["project"], row["session"].is_null()),
        (&json!("alice"), false)
    );
    let carol = site.client(CAROL).await;
    carol.launch("BM", "theirs").await;
    assert_forbidden(&anna.get("samples/BM/").await);
    assert_forbidden(&anna.post_json("data/BM/", &dataset("b")).await);
}

#[actix_web::test]
async fn without_a_name_a_close_is_of_the_session_of_that_name() {
    let site = site().await;
    let anna = site.sign_in("anna", PASSWORD).await;
    let (bob, carol) = (site.client("bob").await, site.client(CAROL).await);
    carol.launch("BM", "night").await;
    bob.launch("BM", "night").await;
    assert_not_found(&anna.close("BM", "day").await);
    let closed = anna.close("BM", "night").await;
    assert_eq!(closed.status, 200, "{}", closed.text());
    assert_eq!(closed.json()["session"], "night");
    assert!(site.open_stretches().await.is_empty());
    carol.launch("BM", "theirs").await;
    assert_not_found(&anna.close("BM", "theirs").await);
}

#[actix_web::test]
async fn an_inactive_beamline_takes_projects_but_no_persons() {
    let site = site().await;
    site.apply("[[beamline]]\nacronym = \"SIM\"\nactive = false")
        .await;
    let anna = site.sign_in("anna", PASSWORD).await.with("X-Project", "alice");
    assert_forbidden(&anna.start("SIM", "day").await);
    let alice = site.sign_in("alice", PASSWORD).await;
    assert_eq!(alice.start("SIM", "day").await.status, 200);
    assert_eq!(anna.close("SIM", "day").await.status, 200);
}

#[actix_web::test]
async fn a_simulated_beamline_has_two_hours() {
    let site = Site::new().await;
    site.set_password("alice", PASSWORD).await;
    site.apply("[[beamline]]\nacronym = \"SIM\"\nsimulated = true")
        .await;
    let alice = site.sign_in("alice", PASSWORD).await;
    assert_eq!(
        alice.start("SIM", "day").await.json()["end_time"],
        "2026-11-23T17:00:00+00:00"
    );
    assert!(alice.start("BM", "day").await.json()["end_time"].is_null());
    let signed = site.client("alice").await.launch("SIM", "day").await;
    assert!(signed.json()["end_time"].is_null());
}

#[actix_web::test]
async fn what_a_person_does_is_in_the_log_under_their_name() {
    let site = site().await;
    let anna = site.sign_in("anna", PASSWORD).await.with("X-Project", "alice");
    anna.start("BM", "day").await;
    let log = site.admin("activity?project=alice").await;
    assert_eq!(log[0]["who"], "anna", "{log}");
    assert_eq!(log[0]["project"], "alice");
}

#[actix_web::test]
async fn persons_are_on_access_lists_and_have_keys_and_connections() {
    let site = site().await;
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINb1B0d6q0Yk6fQqgYp0q3ZcN8i2m8cC0h5jv3yW5c2L anna";
    site.apply(&format!(
        "[[access_list]]\nname = \"here\"\naddress = \"127.0.0.1\"\nusers = [\"anna\", \"ida\", \"bob\"]\n\
         beamlines = [\"BM\"]\n[[person]]\nusername = \"anna\"\nmember_of = [{{ project = \"carol_3-x\" }}]\n\
         ssh_keys = [\"{key}\"]"
    ))
    .await;
    let list = async || {
        Reply::of(site.http.get(format!("{}/api/v3/accesslist/", site.url())))
            .await
            .json()
    };
    // ida may not sign in.
    assert_eq!(list().await, json!(["anna", "bob"]));
    assert_eq!(site.get("/api/v3/keys/anna/").await.text(), format!("{key}\n"));
    site.apply(&beamtime(CAROL, "BM", -HOUR, HOUR, "remote = true"))
        .await;
    // Scheduled accounts come first: carol, and her member anna.
    assert_eq!(list().await, json!(["anna", "carol_3-x", "bob"]));
    let posted = site
        .http
        .post(format!("{}/api/v3/accesslist/", site.url()))
        .json(&json!([{
            "project": "anna", "name": "nx-1", "status": "Connected",
            "start_time": "2026-11-23T14:00:00+00:00", "end_time": null,
        }]));
    assert_eq!(Reply::of(posted).await.status, 200);
    let connections = site.admin("connections?list=here").await;
    assert_eq!(connections[0]["project"], "anna", "{connections}");
}

#[actix_web::test]
async fn a_person_who_leaves_loses_their_rights_at_once() {
    let site = site().await;
    let anna = site.sign_in("anna", PASSWORD).await.with("X-Project", "alice");
    assert_eq!(anna.get("samples/BM/").await.status, 200);
    site.apply("[[person]]\nusername = \"anna\"\nmember_of = []")
        .await;
    assert_forbidden(&anna.get("samples/BM/").await);
    site.apply("[[person]]\nusername = \"anna\"\nactive = false")
        .await;
    let refused = anna.get("samples/BM/").await;
    assert_eq!((refused.status, refused.text().as_str()), (403, ""));
}
