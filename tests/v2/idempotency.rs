//! `Idempotency-Key` on uploads: retries with the same key make one record, even if an answer was
//! lost.

use crate::support::raw::RawRequest;
use crate::support::{eventually, Client, Reply, Service, Site, HOUR, MINUTE};
use futures_util::future::join_all;
use serde_json::{json, Value};
use std::collections::BTreeSet;
use std::io::Write;
use std::net::TcpStream;

const DATA: &str = "data/BM/";
const REPORT: &str = "report/BM/";

fn dataset(name: &str) -> Value {
    json!({"directory": "/users/alice/a", "type": "DATA", "name": name, "energy": 12.6, "exposure": 0.5})
}

fn report(title: &str) -> Value {
    json!({"directory": "/users/alice/a", "title": title, "details": [1, {"a": 2}]})
}

fn id(reply: &Reply) -> u64 {
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["id"].as_u64().unwrap()
}

fn assert_reused(reply: &Reply) {
    assert_eq!(reply.status, 422, "{}", reply.text());
    assert_eq!(reply.json()["error"]["code"], "idempotency_key_reused");
}

async fn count(site: &Site, table: &str) -> usize {
    site.admin(&format!("{table}?limit=1000"))
        .await
        .as_array()
        .unwrap()
        .len()
}

#[actix_web::test]
async fn a_retry_gets_the_same_id_and_changes_nothing() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    for (path, table, body) in [(DATA, "data", dataset("lys")), (REPORT, "reports", report("lys"))] {
        let first = id(&alice.post_once(path, "k-1", &body).await);
        let before = site.admin(&format!("{table}/{first}")).await;
        site.pass(MINUTE);
        assert_eq!(id(&alice.post_once(path, "k-1", &body).await), first, "{path}");
        assert_eq!(site.admin(&format!("{table}/{first}")).await, before, "{path}");
        assert_ne!(id(&alice.post_once(path, "k-2", &body).await), first, "{path}");
        assert_ne!(id(&alice.post_msgpack(path, &body).await), first, "{path}");
        assert_eq!(count(&site, table).await, 3, "{path}");
        // Both paths share the keys of the project.
        let other = if path == DATA { REPORT } else { DATA };
        let of_other = if path == DATA { report("x") } else { dataset("x") };
        assert_reused(&alice.post_once(other, "k-1", &of_other).await);
        site.pass(25 * HOUR);
    }
}

#[actix_web::test]
async fn another_upload_under_the_same_key_is_refused_and_not_stored() {
    let site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    let first = id(&alice.post_once(DATA, "k", &dataset("lys-1")).await);
    assert_reused(&alice.post_once(DATA, "k", &dataset("lys-2")).await);
    assert_reused(&alice.post_once("data/ID/", "k", &dataset("lys-1")).await);
    assert_reused(&alice.post_once(REPORT, "k", &report("lys-1")).await);
    assert_eq!(count(&site, "data").await, 1);
    assert_eq!(count(&site, "reports").await, 0);
    // Another project can use the same key.
    assert_ne!(id(&bob.post_once(DATA, "k", &dataset("lys-1")).await), first);
}

#[actix_web::test]
async fn a_key_expires_after_a_day() {
    let mut site = Site::new().await;
    let alice = site.client("alice").await;
    let first = id(&alice.post_once(DATA, "k", &dataset("lys")).await);
    site.pass(24 * HOUR - 1);
    assert_eq!(id(&alice.post_once(DATA, "k", &dataset("lys")).await), first);
    site.pass(1);
    let second = id(&alice.post_once(DATA, "k", &dataset("another")).await);
    assert_ne!(second, first);
    assert_eq!(id(&alice.post_once(DATA, "k", &dataset("another")).await), second);
    site.restart().await;
    let alice = alice.at(&site);
    assert_eq!(id(&alice.post_once(DATA, "k", &dataset("another")).await), second);
    assert_eq!(count(&site, "data").await, 2);
}

#[actix_web::test]
async fn an_update_under_a_key_is_done_once() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let first = id(&alice.post_once(DATA, "k-1", &dataset("lys")).await);
    let mut change = dataset("lys");
    change["id"] = json!(first);
    change["energy"] = json!(7.1);
    assert_eq!(id(&alice.post_once(DATA, "k-2", &change).await), first);
    let mut later = dataset("lys");
    later["id"] = json!(first);
    later["energy"] = json!(6.5);
    assert_eq!(id(&alice.post_once(DATA, "k-3", &later).await), first);
    // A late retry does not undo a later update.
    assert_eq!(id(&alice.post_once(DATA, "k-2", &change).await), first);
    assert_eq!(site.admin("data/1").await["energy"], 6.5);
}

#[actix_web::test]
async fn a_key_and_a_uuid_go_together() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let mut body = dataset("lys");
    body["uuid"] = json!("u-1");
    let first = id(&alice.post_once(DATA, "k-1", &body).await);
    assert_eq!(id(&alice.post_once(DATA, "k-1", &body).await), first);
    assert_eq!(id(&alice.post_once(DATA, "k-2", &body).await), first);
    assert_eq!(id(&alice.post_msgpack(DATA, &body).await), first);
    assert_eq!(count(&site, "data").await, 1);
}

#[actix_web::test]
async fn thirty_two_concurrent_retries_make_one_record() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let crowd: Vec<Client> = (0..32).map(|_| alice.on_its_own_connection()).collect();
    for round in 0..5 {
        for (path, body) in [(DATA, dataset("lys")), (REPORT, report("lys"))] {
            let key = format!("{path}-{round}");
            let replies = join_all(crowd.iter().map(|client| client.post_once(path, &key, &body))).await;
            let ids: BTreeSet<_> = replies.iter().map(id).collect();
            assert_eq!(ids.len(), 1, "{ids:?}");
        }
    }
    assert_eq!(count(&site, "data").await, 5);
    assert_eq!(count(&site, "reports").await, 5);
}

#[actix_web::test]
async fn an_upload_with_a_lost_answer_is_stored_once() {
    let service = Service::start();
    let alice = service.client("alice");
    let body = rmp_serde::to_vec(&dataset("lys")).unwrap();
    for round in 0..20 {
        let request = || {
            RawRequest::post(service.signed(&alice, DATA), body.clone())
                .header("Idempotency-Key", format!("k-{round}"))
        };
        // This client disconnects before it reads the answer.
        let mut socket = TcpStream::connect(service.address()).unwrap();
        socket.write_all(&request().bytes()).unwrap();
        drop(socket);
        let reply = service.send(&request());
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    assert_eq!(service.admin("data?limit=1000").as_array().unwrap().len(), 20);
}

#[actix_web::test]
async fn invalid_keys_are_refused_by_name() {
    let service = Service::start();
    let alice = service.client("alice");
    let body = rmp_serde::to_vec(&dataset("lys")).unwrap();
    let post = |keys: &[&str]| {
        let request = RawRequest::post(service.signed(&alice, DATA), body.clone());
        let request = keys
            .iter()
            .fold(request, |request, key| request.header("Idempotency-Key", *key));
        service.send(&request)
    };
    for keys in [
        &[""][..],
        &["a b"],
        &["\u{e9}"],
        &["a", "a"],
        &["k".repeat(256).as_str()],
    ] {
        let reply = post(keys);
        assert_eq!(reply.status, 400, "{keys:?}: {}", reply.text());
        assert!(
            reply.json()["error"]["fields"]["Idempotency-Key"].is_string(),
            "{keys:?}"
        );
    }
    assert_eq!(service.admin("data"), json!([]));
    assert_eq!(post(&["k".repeat(255).as_str()]).status, 200);
    assert_eq!(post(&["\"8e03978e-40d5-43dd-bc93-6894a57f9324\""]).status, 200);
}

#[actix_web::test]
async fn expired_keys_are_removed() {
    use beamlive_storage::engine::Order;
    use beamlive_storage::keys::{below, Key, Table};
    let mut site = Site::new().await;
    let alice = site.client("alice").await;
    for key in ["a", "b", "c"] {
        id(&alice.post_once(DATA, key, &dataset("lys")).await);
    }
    let rows = |site: &Site| {
        let store = site.app().directory.services().store.clone();
        let rows = |table| {
            let (start, end) = below(&Key::of(table), None);
            store.scan_keys(&start, &end, Order::Ascending).count()
        };
        (rows(Table::AnsweredRequest), rows(Table::AnsweredRequestByTime))
    };
    assert_eq!(rows(&site), (3, 3));
    site.pass(25 * HOUR);
    site.restart().await;
    eventually("the rows of expired keys are removed", || async {
        (rows(&site) == (0, 0)).then_some(())
    })
    .await;
}
