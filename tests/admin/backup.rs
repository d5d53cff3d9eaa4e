//! `GET /api/admin/backup`

use crate::support::{assert_clean, Client, Site};
use beamlive_storage::backup::{restore, Reader};
use beamlive_storage::EngineKind;
use serde_json::{json, Value};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Arc;
use tempfile::TempDir;

fn upload(client: &str, n: u64, points: usize) -> Value {
    json!({
        "name": format!("{client}-{n}"), "type": "DATA", "directory": format!("/users/alice/{client}/{n}"),
        "energy": 12.5, "exposure": 0.1, "uuid": format!("{client}-{n}"), "points": vec![n; points],
    })
}

/// Uploads one dataset after the other until `stop` is set. Each is acknowledged before the next is
/// sent.
async fn upload_on(client: Client, name: &'static str, acknowledged: Arc<AtomicU64>, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::SeqCst) {
        let n = acknowledged.load(Ordering::SeqCst) + 1;
        // The first dataset is sent again each time, so that rows that are already in a backup
        // change too.
        let body = upload(name, n, if n.is_multiple_of(5) { 20_000 } else { 10 });
        assert_eq!(client.data("BM", &body).await.status, 200);
        assert_eq!(client.data("BM", &upload(name, 1, 10)).await.status, 200);
        acknowledged.store(n, Ordering::SeqCst);
        if n.is_multiple_of(7) {
            assert_eq!(client.launch("ID", &format!("{name}-{n}")).await.status, 200);
        }
    }
}

#[actix_web::test]
async fn a_backup_is_the_store_at_one_moment_during_uploads() {
    let mut site = Site::new().await;
    let mut clients = Vec::new();
    for (user, name) in [("alice", "a"), ("alice", "b"), ("bob", "c"), ("carol_3-x", "d")] {
        let client = match name {
            // The same account with its own connections.
            "b" => clients
                .first()
                .map(|(client, ..): &(Client, &str, Arc<AtomicU64>)| client.on_its_own_connection())
                .unwrap(),
            _ => site.client(user).await,
        };
        clients.push((client, name, Arc::new(AtomicU64::new(0))));
    }
    let stop = Arc::new(AtomicBool::new(false));
    let mut tasks = Vec::new();
    for (client, name, acknowledged) in &clients {
        tasks.push(actix_web::rt::spawn(upload_on(
            client.clone(),
            name,
            acknowledged.clone(),
            stop.clone(),
        )));
    }
    let home = TempDir::new().unwrap();
    let mut points = Vec::new();
    for round in 0..3 {
        let enough = clients.first().unwrap().2.load(Ordering::SeqCst) + 15;
        crate::support::eventually("uploads", || {
            let done = clients.first().unwrap().2.load(Ordering::SeqCst) >= enough;
            async move { done.then_some(()) }
        })
        .await;
        let before: Vec<_> = clients.iter().map(|(.., n)| n.load(Ordering::SeqCst)).collect();
        let reply = site.admin_reply("backup").await;
        let after: Vec<_> = clients
            .iter()
            .map(|(.., n)| n.load(Ordering::SeqCst) + 1)
            .collect();
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(reply.header("content-type"), Some("application/octet-stream"));
        let data = home.path().join(format!("copy-{round}"));
        // Alternate the engines.
        let engine = EngineKind::ALL[round % 2];
        restore(reply.body.as_slice(), &data, engine, |_, _| {}).unwrap();
        points.push((data, before, after));
    }
    stop.store(true, Ordering::SeqCst);
    for task in tasks {
        task.await.unwrap();
    }
    site.stop().await;
    assert_clean(site.data()).await;

    for (data, before, after) in points {
        assert_clean(&data).await;
        let uploads = uploads_in(&data);
        for ((.., name, _), (before, after)) in clients.iter().zip(before.into_iter().zip(after)) {
            let numbers = uploads.get(*name).cloned().unwrap_or_default();
            let count = numbers.len() as u64;
            // No gap: a backup with an upload contains all earlier uploads of its client.
            assert_eq!(numbers, (1..=count).collect::<Vec<_>>(), "{name}");
            assert!(
                (before..=after).contains(&count),
                "{name}: {before} ≤ {count} ≤ {after}"
            );
        }
    }
}

/// The numbers of each client's uploads.
fn uploads_in(data: &std::path::Path) -> BTreeMap<String, Vec<u64>> {
    use beamlive_storage::engine::Order;
    use beamlive_storage::records::Dataset;
    use beamlive_storage::{keys, Key, Store, Table};
    let store = Store::open_to_read(&data.join("store"), 8 << 20).unwrap();
    let (start, end) = keys::below(&Key::of(Table::Dataset), None);
    let mut uploads: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for row in store.scan::<Dataset>(&start, &end, Order::Ascending) {
        let (_, dataset) = row.unwrap();
        let (client, n) = dataset.record.name.split_once('-').unwrap();
        uploads
            .entry(client.to_owned())
            .or_default()
            .push(n.parse().unwrap());
    }
    for numbers in uploads.values_mut() {
        numbers.sort_unstable();
    }
    uploads
}

/// Requests a backup without reading its body.
async fn begin_backup(site: &Site) -> reqwest::Response {
    site.http
        .get(format!("{}/api/admin/backup", site.url()))
        .bearer_auth(site.admin_token())
        .send()
        .await
        .unwrap()
}

#[actix_web::test]
async fn one_backup_runs_at_a_time_and_ends_when_its_client_disconnects() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    // More than the buffers of the sockets hold. Random numbers, so that deflate cannot shrink
    // them.
    for n in 0..24 {
        let mut noise = u64::MAX / (n + 3);
        let points: Vec<_> = (0..40_000)
            .map(|_| {
                noise ^= noise << 13;
                noise ^= noise >> 7;
                noise ^= noise << 17;
                noise
            })
            .collect();
        let mut body = upload("a", n, 0);
        body["points"] = json!(points);
        assert_eq!(alice.data("BM", &body).await.status, 200);
    }
    let begun = begin_backup(&site).await;
    assert_eq!(begun.status(), 200);
    let second = site.admin_reply("backup").await;
    assert_eq!((second.status, second.header("retry-after")), (429, Some("1")));
    assert!(
        second.text().contains("a backup is being taken already"),
        "{}",
        second.text()
    );
    // The running backup does not block uploads.
    assert_eq!(alice.data("BM", &upload("later", 1, 10)).await.status, 200);
    drop(begun);
    let whole = crate::support::eventually("a backup after the client has disconnected", || async {
        let reply = site.admin_reply("backup").await;
        (reply.status == 200).then_some(reply)
    })
    .await;
    let mut reader = Reader::open(whole.body.as_slice()).unwrap();
    while reader.next_rows().unwrap().is_some() {}
}

#[actix_web::test]
async fn a_backup_beyond_its_memory_limit_fails_with_a_reason_and_the_service_continues() {
    let site = Site::with(|settings| {
        // Other engines keep old versions themselves.
        settings.store.engine = EngineKind::Sled;
        settings.store.backup_memory_bytes = 2_000;
    })
    .await;
    let alice = site.client("alice").await;
    for n in 0..24 {
        let mut body = upload("a", n, 0);
        body["points"] = json!((0..40_000_u64)
            .map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15 ^ n))
            .collect::<Vec<_>>());
        assert_eq!(alice.data("BM", &body).await.status, 200);
    }
    let mut begun = begin_backup(&site).await;
    // These changes are to rows that are not sent yet.
    for n in 0..24 {
        assert_eq!(alice.data("BM", &upload("a", n, 10)).await.status, 200);
    }
    let mut bytes = Vec::new();
    while let Some(piece) = begun.chunk().await.unwrap() {
        bytes.extend(piece);
    }
    let mut reader = Reader::open(bytes.as_slice()).unwrap();
    let why = loop {
        match reader.next_rows() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the backup was complete"),
            Err(error) => break error.to_string(),
        }
    };
    assert!(
        why.contains("more than 2000 bytes were changed before the backup came to them"),
        "{why}"
    );
    assert_eq!(alice.launch("BM", "day-1").await.status, 200);
}
