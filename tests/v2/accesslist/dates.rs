//! The formats of dates in reports of hosts. The facility is in Saskatchewan: UTC−6 all year.

use crate::support::{Reply, Site};
use reqwest::Method;
use serde_json::{json, Value};

async fn post(site: &Site, entries: &Value) {
    let packed = rmp_serde::to_vec(entries).unwrap();
    let reply = Reply::of(site.request(Method::POST, "/api/v2/accesslist/").body(packed)).await;
    assert_eq!((reply.status, reply.json()), (200, json!(["alice", "bob"])));
}

/// The only connection.
async fn kept(site: &Site) -> Value {
    let rows = site.admin("connections").await;
    assert_eq!(rows.as_array().unwrap().len(), 1, "{rows}");
    rows[0].clone()
}

#[actix_web::test]
async fn a_date_can_have_an_offset() {
    for (date, created) in [
        ("2026-11-26 08:00:00", "2026-11-26T14:00:00Z"),
        ("2026-11-26 08:00:00+00:00", "2026-11-26T08:00:00Z"),
        ("2026-11-26T08:00:00-05:00", "2026-11-26T13:00:00Z"),
        ("2026-11-26T08:00:00Z", "2026-11-26T08:00:00Z"),
    ] {
        let site = Site::new().await;
        post(
            &site,
            &json!([{"project": "alice", "name": "nx", "status": "Connected", "date": date}]),
        )
        .await;
        assert_eq!(kept(&site).await["created"], created, "{date}");
    }
}

#[actix_web::test]
async fn hosts_of_2026_send_the_start_and_the_end() {
    let site = Site::new().await;
    let entry = |status: &str, end: Value| {
        json!([{"project": "alice", "name": "nx", "status": status,
                "start_time": "2026-11-26T08:00:00+00:00", "end_time": end}])
    };
    let start = json!({"status": "Connected", "date": "2026-11-26T08:00:00Z"});
    for lasting in [
        entry("Connected", json!(null)),
        json!([{"project": "alice", "name": "nx", "status": "Connected", "start_time": "2026-11-26T08:00:00+00:00"}]),
    ] {
        post(&site, &lasting).await;
        let row = kept(&site).await;
        assert_eq!(
            (&row["created"], &row["end"], &row["history"]),
            (&start["date"], &json!(null), &json!([start]))
        );
    }
    for _ in 0..2 {
        post(&site, &entry("Finished", json!("2026-11-26T09:30:00+00:00"))).await;
        let row = kept(&site).await;
        assert_eq!(row["status"], "Finished");
        assert_eq!(
            (&row["created"], &row["end"]),
            (&start["date"], &json!("2026-11-26T09:30:00Z"))
        );
        let end = json!({"status": "Finished", "date": "2026-11-26T09:30:00Z"});
        assert_eq!(row["history"], json!([start, end]));
    }
}

#[actix_web::test]
async fn an_invalid_time_discards_only_its_entry() {
    let site = Site::new().await;
    post(
        &site,
        &json!([
            {"project": "alice", "name": "bad-1", "status": "Connected", "start_time": "soon"},
            {"project": "alice", "name": "bad-2", "status": "Finished",
             "start_time": "2026-11-26T08:00:00Z", "end_time": "later"},
            {"project": "alice", "name": "bad-3", "status": "Connected"},
            {"project": "alice", "name": "bad-4", "status": "Connected", "start_time": 1_795_442_400},
            {"project": "alice", "name": "bad-5", "status": "Connected", "date": "2026-11-26 08:00:00", "end_time": ["x"]},
            {"project": "alice", "name": "good", "status": "Connected", "start_time": "2026-11-26T08:00:00Z"},
        ]),
    )
    .await;
    assert_eq!(kept(&site).await["name"], "good");
}
