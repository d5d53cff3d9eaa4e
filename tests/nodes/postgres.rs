//! Two services on a real PostgreSQL.

use crate::support::{dataset, eventually, Client, KeyKind, Postgres, Reply, Site};
use futures_util::future::join_all;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// A client at each node; both nodes know its key.
async fn clients(sites: &[Site; 2]) -> [Client; 2] {
    let here = sites[0].client("alice").await;
    let there = here.at(&sites[1]);
    eventually("the key on the other node", || async {
        (there.samples("BM").await.status == 200).then_some(())
    })
    .await;
    [here, there]
}

#[actix_web::test]
async fn a_key_that_was_reset_on_one_node_is_refused_by_the_other() {
    let Some(postgres) = Postgres::start() else { return };
    let sites = Site::two_on(&postgres).await;
    let [here, _] = clients(&sites).await;
    let request = sites[1]
        .http
        .delete(format!("{}/api/admin/projects/alice/key", sites[1].url()));
    let reset = Reply::of(request.bearer_auth(sites[1].admin_token())).await;
    assert_eq!(reset.status, 200, "{}", reset.text());
    let began = Instant::now();
    eventually("the refusal", || async {
        (here.samples("BM").await.status == 400).then_some(())
    })
    .await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let new = sites[1]
        .client_with("alice", KeyKind::Ed25519)
        .await
        .at(&sites[0]);
    eventually("the new key", || async {
        (new.samples("BM").await.status == 200).then_some(())
    })
    .await;
}

/// Uploads `count` datasets, one after the other, and returns their ids.
async fn upload(client: Client, name: &str, count: usize) -> Vec<u64> {
    let mut ids = Vec::new();
    for number in 0..count {
        let reply = client.data("BM", &dataset(&format!("{name}-{number}"))).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        ids.push(reply.json()["id"].as_u64().unwrap());
    }
    ids
}

#[actix_web::test]
async fn uploads_are_held_while_the_database_is_killed_and_none_is_lost() {
    let Some(mut postgres) = Postgres::start() else {
        return;
    };
    let sites = Site::two_on(&postgres).await;
    let [here, there] = clients(&sites).await;
    assert_eq!(here.launch("BM", "day").await.status, 200);
    let names: Vec<_> = (0..8).map(|number| format!("writer-{number}")).collect();
    let uploads = join_all(names.iter().enumerate().map(|(number, name)| {
        let client = if number % 2 == 0 { &here } else { &there };
        upload(client.on_its_own_connection(), name, 40)
    }));
    let kills = async {
        for round in 0..6 {
            actix_web::rt::time::sleep(Duration::from_millis(700)).await;
            let change = move || {
                match round % 2 {
                    0 => postgres.kill(),
                    _ => postgres.restart(),
                }
                postgres
            };
            postgres = actix_web::web::block(change).await.unwrap();
        }
        postgres
    };
    let (ids, postgres) = futures_util::future::join(uploads, kills).await;
    let ids: BTreeSet<u64> = ids.into_iter().flatten().collect();
    assert_eq!(ids, (1..=320).collect(), "each upload once");
    let stored = sites[1].admin("data?limit=1000").await;
    let names: BTreeSet<_> = stored
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!((stored.as_array().map(Vec::len), names.len()), (Some(320), 320));
    let sessions = sites[0].admin("sessions").await;
    assert_eq!(sessions.as_array().map(Vec::len), Some(1));
    assert_ne!(sessions[0]["datasets"], Value::Null);
    drop(postgres);
}
