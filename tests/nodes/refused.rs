//! What was refused because the database was away is not remembered.

use super::Nodes;
use crate::support::{dataset, eventually, Client, Reply, Site};
use reqwest::Method;
use serde_json::{json, Value};
use std::time::Duration;

/// A host reports that its connection is `status`.
async fn report(site: &Site, status: &str, time: &str) -> Reply {
    let date = format!("2026-11-23 {time}");
    let entries = json!([{"project": "alice", "name": "nx-1", "status": status, "date": date}]);
    let request = site.request(Method::POST, "/api/v2/accesslist/");
    Reply::of(request.body(rmp_serde::to_vec(&entries).unwrap())).await
}

/// One change by each actor but the beamline's, which `away.rs` has.
async fn changes(site: &Site, alice: &Client, line: &str, survey: &str) -> Vec<Reply> {
    let token = site.admin_token();
    let key = site.request(Method::PUT, "/api/admin/projects/bob/key");
    vec![
        // First: once the node knows that the database is away, no request reaches an actor.
        report(site, "Disconnected", "13:00:00").await,
        Reply::of(key.bearer_auth(token).form(&[("key", line)])).await,
        site.post_admin("apply", "[[project]]\nusername = \"new\"".to_owned())
            .await,
        alice.data("ID", &dataset("xtal")).await,
        Reply::of(
            site.http
                .post(format!("{}{survey}", site.url()))
                .form(&[("comments", "good")]),
        )
        .await,
    ]
}

/// What of these changes the other node sees.
async fn found(site: &Site) -> Value {
    let new = site.admin_reply("projects/new").await.status;
    let key = site.admin("projects/bob").await["key_type"].clone();
    let rows = async |path| site.admin(path).await.as_array().unwrap().len();
    json!([
        !key.is_null(),
        new == 200,
        site.admin("connections").await[0]["status"].clone(),
        rows("data").await,
        rows("feedback").await
    ])
}

#[actix_web::test]
async fn a_change_that_was_refused_is_made_when_it_is_sent_again() {
    let nodes = Nodes::start(Duration::from_millis(100), |_| ()).await;
    let [here, _] = nodes.clients("alice").await;
    let [site, other] = &nodes.sites[..] else {
        panic!("there are two nodes")
    };
    let survey = here.launch("BM", "day").await.json()["survey"]
        .as_str()
        .unwrap()
        .strip_prefix(&site.url())
        .unwrap()
        .to_owned();
    let line = site.stranger("bob").public.clone();
    assert_eq!(report(site, "Connected", "12:00:00").await.status, 200);
    for _ in 0..2 {
        nodes.engines[0].set_away(true);
        for reply in changes(site, &here, &line, &survey).await {
            assert_eq!(reply.status, 503, "{}", reply.text());
        }
    }
    nodes.engines[0].set_away(false);
    assert_eq!(found(other).await, json!([false, false, "Connected", 0, 0]));
    eventually("the first node to follow", || async {
        (here.samples("BM").await.status == 200).then_some(())
    })
    .await;
    for reply in changes(site, &here, &line, &survey).await {
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    eventually("all changes on the other node", || async {
        (found(other).await == json!([true, true, "Disconnected", 1, 1])).then_some(())
    })
    .await;
}
