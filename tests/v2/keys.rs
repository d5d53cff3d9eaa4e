//! `GET /api/v2/keys/{username}` and `/access/keys/{username}`

use crate::support::facilities::{access_list, beamtime};
use crate::support::{Reply, Site, MORNING};
use reqwest::Method;

const ALICES: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHmviWc9fXW1Pum7mFf7huogMThAljEqFmPtLDybonxi alice@home";

/// Asserts an empty answer with status 200. For any other status sshd reports a failed command.
fn assert_empty(reply: &Reply, why: &str) {
    assert_eq!((reply.status, reply.text().as_str()), (200, ""), "{why}");
    assert!(
        reply.header("content-type").unwrap().starts_with("text/plain"),
        "{why}"
    );
}

#[actix_web::test]
async fn keys_of_a_listed_user_are_given_one_per_line_at_both_paths() {
    let site = Site::new().await;
    let second = site.stranger("alice").public;
    site.apply(&format!(
        "[[project]]\nusername = \"alice\"\nname = \"Alice's group\"\nssh_keys = [\"{ALICES}\", \"{second}\"]\n"
    ))
    .await;
    for path in [
        "/api/v2/keys/alice",
        "/api/v2/keys/alice/",
        "/access/keys/alice",
        "/access/keys/alice/",
    ] {
        let reply = site.get(path).await;
        assert_eq!(reply.status, 200, "{path}");
        assert!(
            reply.header("content-type").unwrap().starts_with("text/plain"),
            "{path}"
        );
        assert_eq!(reply.text(), format!("{ALICES}\n{second}\n"), "{path}");
    }
}

#[actix_web::test]
async fn the_key_that_signs_requests_is_no_login_key() {
    let site = Site::new().await;
    site.client("bob").await;
    assert_empty(
        &site.get("/access/keys/bob").await,
        "bob has registered a key, but has no login key",
    );
}

#[actix_web::test]
async fn users_who_are_not_on_the_callers_list_have_no_keys() {
    let site = Site::new().await;
    site.apply(&format!(
        "[[project]]\nusername = \"carol_3-x\"\nssh_keys = [\"{ALICES}\"]\n"
    ))
    .await;
    assert_empty(&site.get("/api/v2/keys/carol_3-x").await, "not on the list");
    for nobody in ["nobody", "ALICE", "alic", "%00", "..%2f", "%ff", "a%20b"] {
        assert_empty(&site.get(&format!("/api/v2/keys/{nobody}")).await, nobody);
    }
}

#[actix_web::test]
async fn keys_are_given_only_to_the_hosts_of_a_list() {
    let site = Site::with(|settings| settings.trusted_proxy = vec!["127.0.0.1/32".parse().unwrap()]).await;
    site.apply(&access_list("far", "10.45.0.0/24", &["alice"], ""))
        .await;
    site.apply(&access_list("off", "10.46.0.0/24", &["alice"], "active = false"))
        .await;
    for (caller, expected) in [
        ("127.0.0.1", format!("{ALICES}\n")),
        ("10.45.0.9", format!("{ALICES}\n")),
        ("::ffff:10.45.0.9", format!("{ALICES}\n")),
        ("10.46.0.9", String::new()),
        ("192.0.2.1", String::new()),
    ] {
        let reply = site.get_for("/access/keys/alice", &[caller]).await;
        assert_eq!((reply.status, reply.text()), (200, expected), "{caller}");
    }
    let reply = site
        .get_for("/access/keys/alice", &["10.45.0.9, elsewhere"])
        .await;
    assert_eq!(
        (reply.status, reply.fields()),
        (400, vec!["X-Forwarded-For".to_owned()])
    );
}

#[actix_web::test]
async fn a_remote_beamtime_gives_access_while_it_lasts() {
    let site = Site::with(|settings| settings.schedule = true).await;
    site.apply(&format!(
        "[[project]]\nusername = \"carol_3-x\"\nssh_keys = [\"{ALICES}\"]\n{}",
        beamtime("carol_3-x", "BM", MORNING, MORNING + 3600, "remote = true")
    ))
    .await;
    assert_eq!(
        site.get("/access/keys/carol_3-x").await.text(),
        format!("{ALICES}\n")
    );
    site.clock.advance(chrono::TimeDelta::hours(6));
    assert_empty(&site.get("/access/keys/carol_3-x").await, "long after its end");
}

#[actix_web::test]
async fn keys_are_read_only() {
    let site = Site::new().await;
    let reply = Reply::of(site.request(Method::POST, "/access/keys/alice")).await;
    assert_eq!((reply.status, reply.header("allow")), (405, Some("GET, HEAD")));
}
