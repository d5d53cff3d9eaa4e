//! `GET /api/admin/sessions`

use super::{assert_keys, assert_paged, assert_refuses, dataset, ids};
use crate::support::Site;
use chrono::TimeDelta;
use serde_json::{json, Value};

const FIELDS: [&str; 9] = [
    "id",
    "name",
    "project",
    "beamline",
    "created",
    "url",
    "stretches",
    "datasets",
    "reports",
];

/// 1: alice at BM, closed after an hour. 2: bob at ID, open. 3: alice at BM, open. 4: bob at SIM,
/// ended by 5. 5: alice at SIM, open.
async fn site() -> Site {
    let site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    for (client, beamline, name) in [
        (&alice, "BM", "one"),
        (&bob, "ID", "two"),
        (&alice, "BM", "three"),
        (&bob, "SIM", "four"),
        (&alice, "SIM", "five"),
    ] {
        assert_eq!(client.launch(beamline, name).await.status, 200);
        if name == "one" {
            site.clock.advance(TimeDelta::hours(1));
            assert_eq!(client.close(beamline, name).await.status, 200);
        }
        site.clock.advance(TimeDelta::minutes(1));
    }
    site
}

#[actix_web::test]
async fn a_session_is_shown_with_its_stretches_and_counts() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    alice.launch("BM", "day-1").await;
    let data = [
        alice.data("BM", &dataset("a")).await,
        alice.data("BM", &dataset("b")).await,
    ];
    let ids: Vec<_> = data.iter().map(|reply| reply.json()["id"].clone()).collect();
    let report = json!({"directory": "/users/alice/day/p", "data_id": ids});
    assert_eq!(alice.report("BM", &report).await.status, 200);
    site.clock.advance(TimeDelta::minutes(90));
    alice.close("BM", "day-1").await;
    site.clock.advance(TimeDelta::hours(2));
    alice.launch("BM", "day-1").await;
    let mut row = site.admin("sessions/1").await;
    let url = row["url"].take();
    assert_eq!(
        row,
        json!({
            "id": 1, "name": "day-1", "project": "alice", "beamline": "BM", "created": "2026-11-23T15:00:00Z",
            "url": null,
            "stretches": [
                {"start": "2026-11-23T15:00:00Z", "end": "2026-11-23T16:30:00Z"},
                {"start": "2026-11-23T18:30:00Z", "end": null}
            ],
            "datasets": 2, "reports": 1
        })
    );
    let url = url.as_str().unwrap();
    assert!(
        url.len() == 40
            && url
                .bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)),
        "{url}"
    );
    let rows = site.admin("sessions").await;
    assert_keys(&rows, &FIELDS);
    assert_eq!(rows[0], site.admin("sessions/1").await);
}

#[actix_web::test]
async fn the_survey_key_is_not_shown() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let survey = alice.launch("BM", "day-1").await.json()["survey"]
        .as_str()
        .unwrap()
        .to_owned();
    let key = survey.trim_end_matches('/').rsplit('/').next().unwrap();
    assert!(!site.admin_reply("sessions").await.text().contains(key));
}

#[actix_web::test]
async fn sessions_are_filtered_by_project_beamline_and_whether_they_are_open() {
    let site = site().await;
    for (query, expected) in [
        ("", &[5, 4, 3, 2, 1][..]),
        ("?project=alice", &[5, 3, 1]),
        ("?project=bob", &[4, 2]),
        ("?project=staff", &[]),
        ("?beamline=BM", &[3, 1]),
        ("?beamline=SIM", &[5, 4]),
        ("?active=true", &[5, 3, 2]),
        ("?active=false", &[4, 1]),
        ("?project=alice&active=true", &[5, 3]),
        ("?project=alice&beamline=BM", &[3, 1]),
        ("?project=alice&beamline=BM&active=false", &[1]),
        ("?project=bob&beamline=BM", &[]),
        ("?project=&beamline=&active=", &[5, 4, 3, 2, 1]),
        ("?active=true&limit=1&before=5", &[3]),
        ("?beamline=BM&limit=1", &[3]),
    ] {
        assert_eq!(ids(&site, &format!("sessions{query}")).await, expected, "{query}");
    }
}

#[actix_web::test]
async fn sessions_are_paged_newest_first() {
    let site = site().await;
    for path in ["sessions", "sessions?project=alice"] {
        assert_paged(&site, path).await;
    }
}

#[actix_web::test]
async fn unknown_filters_are_refused_and_unknown_ids_are_not_found() {
    let site = site().await;
    assert_refuses(&site, "sessions?project=nobody", "project").await;
    assert_refuses(&site, "sessions?beamline=XX", "beamline").await;
    assert_refuses(&site, "sessions?active=maybe", "active").await;
    for id in ["0", "6", "-1", "one", "18446744073709551616", "1.0", "%00"] {
        let reply = site.admin_reply(&format!("sessions/{id}")).await;
        assert_eq!(reply.status, 404, "{id}");
        assert_eq!(reply.json()["error"]["code"], "not_found", "{id}");
    }
}

#[actix_web::test]
async fn sessions_are_the_same_after_a_restart() {
    let mut site = site().await;
    let before: Value = site.admin("sessions").await;
    site.restart().await;
    assert_eq!(site.admin("sessions").await, before);
}
