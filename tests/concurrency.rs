//! Many clients at once, each with its own connection. At most one session has a beamline, an
//! account has one key, datasets are not lost or doubled, and no client gets an undocumented error.

use crate::support::{no_stretches_overlap, while_watching, Client, Reply, Site, MINUTE};
use futures_util::future::join_all;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

const CLIENTS: usize = 32;
const ROUNDS: usize = 10;

/// `count` clients of the same project.
fn crowd(client: &Client, count: usize) -> Vec<Client> {
    (0..count).map(|_| client.on_its_own_connection()).collect()
}

fn assert_all_done(replies: &[Reply]) {
    for reply in replies {
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
}

#[actix_web::test]
async fn launches_of_one_new_name_make_one_session() {
    let site = Site::new().await;
    let clients = crowd(&site.client("alice").await, CLIENTS);
    for round in 0..ROUNDS {
        let name = format!("run-{round}");
        let launches = clients.iter().map(|client| client.launch("BM", &name));
        let replies = while_watching(&site, "BM", launches).await;
        assert_all_done(&replies);
        let surveys: BTreeSet<_> = replies
            .iter()
            .map(|reply| reply.json()["survey"].to_string())
            .collect();
        assert_eq!(surveys.len(), 1, "all launches return the same session");
        assert_eq!(site.visit("alice", &name).await.stretches.len(), 1);
        assert_eq!(site.open_stretches().await, [("BM".to_owned(), name)]);
        site.pass(MINUTE);
    }
    let visits = site.visits().await;
    assert_eq!(visits.len(), ROUNDS);
    no_stretches_overlap(&visits);
}

#[actix_web::test]
async fn launches_of_different_names_leave_one_stretch_open() {
    let site = Site::new().await;
    let mut clients = crowd(&site.client("alice").await, CLIENTS / 2);
    clients.extend(crowd(&site.client("bob").await, CLIENTS / 2));
    for round in 0..ROUNDS {
        let launches = clients.iter().enumerate().map(|(number, client)| {
            let name = format!("run-{round}-{}", number % (CLIENTS / 2));
            async move { client.launch("BM", &name).await }
        });
        assert_all_done(&while_watching(&site, "BM", launches).await);
        assert_eq!(site.open_stretches().await.len(), 1);
        site.pass(MINUTE);
    }
    let visits = site.visits().await;
    assert_eq!(visits.len(), ROUNDS * CLIENTS);
    assert!(
        visits.iter().all(|visit| visit.stretches.len() == 1),
        "each session was launched once"
    );
    no_stretches_overlap(&visits);
}

#[actix_web::test]
async fn launches_of_known_sessions_leave_one_stretch_open() {
    let site = Site::new().await;
    let mut clients = crowd(&site.client("alice").await, CLIENTS / 2);
    clients.extend(crowd(&site.client("bob").await, CLIENTS / 2));
    for _ in 0..ROUNDS {
        let launches = clients.iter().enumerate().map(|(number, client)| {
            let name = format!("run-{}", number % 4);
            async move { client.launch("BM", &name).await }
        });
        assert_all_done(&while_watching(&site, "BM", launches).await);
        assert_eq!(site.open_stretches().await.len(), 1);
        site.pass(MINUTE);
    }
    let visits = site.visits().await;
    assert_eq!(visits.len(), 8);
    no_stretches_overlap(&visits);
}

#[actix_web::test]
async fn launches_and_closes_leave_one_stretch_open_at_most() {
    let site = Site::new().await;
    let clients = crowd(&site.client("alice").await, CLIENTS);
    for round in 0..ROUNDS {
        let name = format!("run-{}", round / 2);
        let known = round % 2 == 1;
        let calls = clients.iter().enumerate().map(|(number, client)| {
            let name = &name;
            async move {
                let launches = number % 2 == 0;
                let reply = if launches {
                    client.launch("BM", name).await
                } else {
                    client.close("BM", name).await
                };
                (launches, reply)
            }
        });
        for (launches, reply) in while_watching(&site, "BM", calls).await {
            let never_launched = !launches && !known && reply.status == 404;
            assert!(
                reply.status == 200 || never_launched,
                "{}: {}",
                reply.status,
                reply.text()
            );
        }
        let open = site.open_stretches().await;
        assert!(
            open.is_empty() || open == [("BM".to_owned(), name.clone())],
            "{open:?}"
        );
        assert_eq!(clients[0].close("BM", &name).await.status, 200);
        assert!(site.open_stretches().await.is_empty());
        site.pass(6 * MINUTE);
    }
    let visits = site.visits().await;
    assert_eq!(visits.len(), ROUNDS / 2);
    no_stretches_overlap(&visits);
}

#[actix_web::test]
async fn one_of_many_keys_for_an_account_is_registered() {
    let site = Site::new().await;
    for round in 0..ROUNDS {
        let strangers: Vec<_> = (0..CLIENTS)
            .map(|_| site.stranger("alice").on_its_own_connection())
            .collect();
        let replies = join_all(strangers.iter().map(Client::register)).await;
        let mut winner = None;
        for (stranger, reply) in strangers.iter().zip(&replies) {
            match reply.status {
                200 => assert!(
                    winner.replace(stranger).is_none(),
                    "two keys were registered in round {round}"
                ),
                409 => assert_eq!(reply.json()["error"]["code"], "another_key"),
                other => panic!("{other}: {}", reply.text()),
            }
        }
        let winner = winner.expect("no key was registered");
        for stranger in &strangers {
            let expected = if std::ptr::eq(stranger, winner) { 200 } else { 405 };
            assert_eq!(stranger.samples("BM").await.status, expected);
        }
        let url = format!("{}/api/admin/projects/alice/key", site.url());
        let reset = Reply::of(site.http.delete(url).bearer_auth(site.admin_token())).await;
        assert_eq!(reset.status, 200, "{}", reset.text());
    }
    let log = site.admin("activity?project=alice&limit=1000").await;
    let registered = log
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["action"] == "register key");
    assert_eq!(registered.count(), ROUNDS);
}

#[actix_web::test]
async fn the_same_key_from_many_clients_is_registered_once() {
    let site = Site::new().await;
    let clients = crowd(&site.stranger("alice"), CLIENTS);
    assert_all_done(&join_all(clients.iter().map(Client::register)).await);
    let log = site.admin("activity?project=alice").await;
    assert_eq!(log.as_array().unwrap().len(), 1, "{log:#}");
}

#[actix_web::test]
async fn uploads_of_one_uuid_make_one_dataset() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let clients = crowd(&alice, CLIENTS);
    alice.launch("BM", "day").await;
    for round in 0..ROUNDS {
        let body = dataset(&format!("a-{round}"), Some(&format!("0f8fad5b-{round}")));
        let replies = join_all(clients.iter().map(|client| client.data("BM", &body))).await;
        assert_all_done(&replies);
        let ids: BTreeSet<_> = replies
            .iter()
            .map(|reply| reply.json()["id"].as_u64().unwrap())
            .collect();
        assert_eq!(ids.len(), 1, "{ids:?}");
    }
    let kept = site.admin("data?project=alice&limit=1000").await;
    let kept = kept.as_array().unwrap();
    assert_eq!(kept.len(), ROUNDS);
    let names: BTreeSet<_> = kept
        .iter()
        .map(|row| row["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names.len(), ROUNDS);
}

#[actix_web::test]
async fn uploads_of_one_uuid_from_two_projects_make_a_dataset_each() {
    let site = Site::new().await;
    let mut clients = crowd(&site.client("alice").await, CLIENTS / 2);
    clients.extend(crowd(&site.client("bob").await, CLIENTS / 2));
    let body = dataset("a", Some("0f8fad5b"));
    let replies = join_all(clients.iter().map(|client| client.data("BM", &body))).await;
    assert_all_done(&replies);
    let mut ids: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
    for (client, reply) in clients.iter().zip(&replies) {
        ids.entry(&client.user)
            .or_default()
            .insert(reply.json()["id"].as_u64().unwrap());
    }
    assert!(
        ids.values().all(|ids| ids.len() == 1) && ids["alice"] != ids["bob"],
        "{ids:?}"
    );
    for user in ["alice", "bob"] {
        assert_eq!(
            site.admin(&format!("data?project={user}"))
                .await
                .as_array()
                .unwrap()
                .len(),
            1
        );
    }
}

#[actix_web::test]
async fn uploads_during_launches_belong_to_a_session_of_their_own_project_or_to_none() {
    let site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    let launchers = [alice.on_its_own_connection(), bob.on_its_own_connection()];
    let uploaders: Vec<_> = crowd(&alice, 15).into_iter().chain(crowd(&bob, 15)).collect();
    for round in 0..ROUNDS {
        let launches = launchers.iter().map(|client| async move {
            let mut replies = Vec::new();
            for step in 0..4 {
                let name = format!("run-{}", (round + step) % 3);
                replies.push(client.launch("BM", &name).await);
                if step == 2 {
                    replies.push(client.close("BM", &name).await);
                }
            }
            replies
        });
        let uploads = uploaders.iter().enumerate().map(|(number, client)| async move {
            let mut replies = Vec::new();
            for part in 0..3 {
                let name = format!("{round}-{number}-{part}");
                // The first directory is always new. Some actor already knows the other one.
                let mut body = dataset(&name, None);
                body["directory"] = json!(format!(
                    "/users/{}/{}",
                    client.user,
                    if part == 0 { &name } else { "a" }
                ));
                replies.push(client.data("BM", &body).await);
            }
            replies
        });
        let (launches, uploads) =
            futures_util::future::join(while_watching(&site, "BM", launches), join_all(uploads)).await;
        for replies in launches.iter().chain(&uploads) {
            assert_all_done(replies);
        }
        site.pass(MINUTE);
    }
    let visits = site.visits().await;
    no_stretches_overlap(&visits);
    let owners: BTreeMap<u64, &str> = visits
        .iter()
        .map(|visit| (visit.id, visit.project.as_str()))
        .collect();
    let kept = site.admin("data?limit=1000").await;
    let kept = kept.as_array().unwrap();
    assert_eq!(kept.len(), ROUNDS * uploaders.len() * 3);
    let mut attributed = 0;
    for row in kept {
        if let Some(session) = row["session"].as_u64() {
            assert_eq!(owners[&session], row["project"], "{row:#}");
            attributed += 1;
        }
        assert!(row["url"].is_string(), "{row:#}");
    }
    assert!(attributed > 0, "no upload belongs to a session");
    let counted: u64 = site
        .admin("sessions?limit=1000")
        .await
        .as_array()
        .unwrap()
        .iter()
        .map(|session| session["datasets"].as_u64().unwrap())
        .sum();
    assert_eq!(counted, attributed);
}

fn dataset(name: &str, uuid: Option<&str>) -> serde_json::Value {
    json!({
        "directory": "/users/alice/a", "type": "DATA", "name": name, "energy": 12.6, "exposure": 0.1, "uuid": uuid,
    })
}
