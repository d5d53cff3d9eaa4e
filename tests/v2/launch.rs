//! The answers of `POST /api/v2/{token}/launch/{beamline}/{session}/`. `stretches.rs` tests which
//! stretches begin and end, `schedule.rs` tests `end_time`.

use super::{duration, survey_url};
use crate::support::{Reply, Site, DAY, HOUR, MINUTE, SECOND};
use chrono::TimeDelta;
use serde_json::{json, Value};

#[actix_web::test]
async fn a_launch_answers_with_all_four_keys() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let reply = alice.launch("BM", "day-1").await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let answer = reply.json();
    assert_eq!(answer["session"], "day-1");
    assert_eq!(answer["duration"], "0 minutes");
    assert_eq!(answer["end_time"], json!(null));
    let survey = answer["survey"].as_str().unwrap();
    assert!(survey.starts_with(&format!("{}/survey/", site.url())), "{survey}");
    assert!(!survey.contains("day-1") && !survey.contains("alice"), "{survey}");
    assert_eq!(answer.as_object().unwrap().len(), 4);
}

#[actix_web::test]
async fn the_duration_is_that_of_all_stretches() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    alice.launch("BM", "day").await;
    site.clock.advance(TimeDelta::minutes(65));
    assert_eq!(alice.close("BM", "day").await.json()["duration"], "1 hour 5 mins");
    site.clock.advance(TimeDelta::minutes(10));
    alice.launch("BM", "day").await;
    site.clock.advance(TimeDelta::minutes(60));
    assert_eq!(
        alice.launch("BM", "day").await.json()["duration"],
        "2 hours 5 mins"
    );
}

#[actix_web::test]
async fn durations_have_two_units_at_most() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    alice.launch("BM", "day").await;
    let lengths = [
        (SECOND, "1 sec"),
        (59 * SECOND, "59 secs"),
        (MINUTE, "1 min"),
        (HOUR + SECOND, "1 hour 1 sec"),
        (2 * HOUR + 5 * MINUTE + 6 * SECOND, "2 hours 5 mins"),
        (DAY, "1 day"),
        (9 * DAY + HOUR, "1 week 2 days"),
        (35 * DAY, "1 month 5 days"),
        (800 * DAY, "2 years 2 months"),
    ];
    let mut passed = 0;
    for (length, text) in lengths {
        site.pass(length - passed);
        passed = length;
        assert_eq!(duration(&alice.launch("BM", "day").await), text);
    }
    assert_eq!(site.stretches("alice", "day").await, [(0, None)]);
}

#[actix_web::test]
async fn an_unknown_beamline_is_not_found() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    for beamline in ["NOWHERE", "bm", "08B1-1", "BM%20", "%C3%A9"] {
        let reply = alice.launch(beamline, "day").await;
        assert_eq!(reply.status, 404, "{beamline}: {}", reply.text());
        assert_eq!(reply.json()["error"]["code"], "not_found", "{beamline}");
    }
    assert!(site.visits().await.is_empty());
}

#[actix_web::test]
async fn session_names_are_letters_digits_hyphens_and_underscores() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let longest = "x".repeat(100);
    for name in ["a", "0", "-", "_", "CMCF-20261123_2", &longest] {
        let reply = alice.launch("BM", name).await;
        assert_eq!(reply.status, 200, "{name}: {}", reply.text());
        assert_eq!(reply.json()["session"], name);
    }
    let known = site.visits().await;
    let too_long = "x".repeat(101);
    let bad = [
        "a.b", "a%20b", "a+b", "a:b", "a%2Fb", "a%00", "%C3%A9", "%FF", "a%0A", "..", "a,b", "'a'", &too_long,
    ];
    for name in bad {
        for reply in [alice.launch("BM", name).await, alice.close("BM", name).await] {
            assert_eq!(reply.status, 404, "{name}: {}", reply.text());
            assert_eq!(reply.json()["error"]["code"], "not_found", "{name}");
        }
    }
    assert_eq!(site.visits().await, known);
}

#[actix_web::test]
async fn a_new_session_gets_the_key_of_its_directory() {
    let site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    alice.launch("BM", "day").await;
    bob.launch("BM", "day").await;
    alice.launch("BM", "night").await;
    let mut keys: Vec<_> = site
        .visits()
        .await
        .into_iter()
        .map(|visit| visit.url.unwrap())
        .collect();
    for key in &keys {
        assert!(
            key.len() == 40 && key.bytes().all(|byte| b"0123456789abcdef".contains(&byte)),
            "{key}"
        );
    }
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 3, "each directory has its own key");
}

#[actix_web::test]
async fn survey_urls_start_with_the_public_url() {
    let site =
        Site::with(|settings| settings.public_url = Some("https://live.example.org/mx".to_owned())).await;
    let alice = site.client("alice").await;
    let request = site
        .http
        .post(alice.url("launch/BM/day/"))
        .header("Host", "attacker.example");
    let survey = survey_url(&Reply::of(request).await);
    let key = survey
        .strip_prefix("https://live.example.org/mx/survey/")
        .unwrap();
    let key = key.trim_end_matches('/');
    assert!(
        key.len() == 40 && key.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{survey}"
    );
    assert_eq!(site.get(&format!("/survey/{key}/")).await.status, 200);
}

#[actix_web::test]
async fn without_a_public_url_survey_urls_use_the_clients_host_header() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let request = site
        .http
        .post(alice.url("launch/BM/day/"))
        .header("Host", "live.example.org:8443");
    let survey = survey_url(&Reply::of(request).await);
    assert!(
        survey.starts_with("http://live.example.org:8443/survey/"),
        "{survey}"
    );
}

#[actix_web::test]
async fn the_activity_log_shows_who_had_the_beamline() {
    let site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    alice.launch("BM", "day").await;
    site.pass(HOUR);
    alice.launch("BM", "day").await;
    bob.launch("BM", "night").await;
    site.pass(HOUR);
    alice.launch("BM", "day").await;
    site.pass(HOUR);
    alice.close("BM", "day").await;
    site.pass(MINUTE);
    alice.launch("BM", "day").await;
    let session = site.visit("alice", "day").await.id;
    let log = site.admin("activity?project=alice").await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let entries: Vec<_> = log
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .filter(|entry| entry["record"] == json!({"subject": "session", "id": session}))
        .map(|entry| {
            assert_eq!(entry["address"], "127.0.0.1");
            assert!(text(&entry["note"]).contains("day"), "{entry}");
            (text(&entry["who"]), text(&entry["action"]), text(&entry["time"]))
        })
        .collect();
    let entry = |who: &str, action: &str, time: &str| {
        (who.to_owned(), action.to_owned(), format!("2026-11-23T{time}Z"))
    };
    assert_eq!(
        entries,
        [
            entry("alice", "session launched", "15:00:00"),
            entry("bob", "session ended", "16:00:00"),
            entry("alice", "session joined", "17:00:00"),
            entry("alice", "session closed", "18:00:00"),
            entry("alice", "session continued", "18:01:00"),
        ]
    );
}
