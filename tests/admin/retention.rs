//! Old entries of the activity log and old connections are removed, and nothing else.

use crate::support::{assert_clean, eventually, Reply, Site};
use beamlive_actors::clock::Clock;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{json, Value};

async fn report(site: &Site, name: &str, status: &str) {
    let date = site.clock.now().to_utc().format("%Y-%m-%d %H:%M:%S").to_string();
    let entries = json!([{"project": "alice", "name": name, "status": status, "date": date}]);
    let request = site.request(Method::POST, "/api/v2/accesslist/").json(&entries);
    assert_eq!(Reply::of(request).await.status, 200);
}

async fn names(site: &Site, path: &str, field: &str) -> Vec<String> {
    let rows = site.admin(path).await;
    let text = |row: &Value| row[field].as_str().unwrap().to_owned();
    rows.as_array().unwrap().iter().map(text).collect()
}

#[actix_web::test]
async fn what_is_old_is_removed_and_the_rest_is_sound() {
    let mut site = Site::new().await;
    let alice = site.client("alice").await;
    alice.launch("BM", "first").await;
    alice.close("BM", "first").await;
    report(&site, "old", "Connected").await;
    report(&site, "old", "Finished").await;
    report(&site, "open", "Connected").await;
    site.clock.advance(TimeDelta::days(40));
    alice.launch("BM", "second").await;
    report(&site, "new", "Finished").await;
    let all = names(&site, "activity", "action").await;

    site.restart().await;
    assert_eq!(
        names(&site, "activity", "action").await,
        all,
        "without limits all is kept"
    );

    site.restart_with(|settings| {
        settings.retention.activity_days = Some(30);
        settings.retention.connection_days = Some(30);
    })
    .await;
    // Connections are removed last.
    let connections = eventually("what is old is removed", async || {
        let mut connections = names(&site, "connections", "name").await;
        connections.sort();
        (connections.len() < 3).then_some(connections)
    });
    assert_eq!(connections.await, ["new", "open"]);
    let left = names(&site, "activity", "action").await;
    assert_eq!(left, ["session launched"], "of {all:?}");
    assert_eq!(names(&site, "sessions", "name").await, ["second", "first"]);

    // What follows has new ids, and what was removed may come again.
    report(&site, "old", "Connected").await;
    alice.at(&site).close("BM", "second").await;
    assert_eq!(names(&site, "activity", "action").await.len(), 2);
    site.stop().await;
    assert_clean(site.data()).await;
}
