//! A day of a beamline, before servers that give other ids than beamlive.

use super::upstream::{answer, json, Act, Seen, Upstream};
use super::{assert_sums, before, row, url};
use crate::support::{dataset, Client, Reply, Site, FACILITY};
use serde_json::{json, Value};

/// A session with two datasets of a sample, a repeated upload, a report about both, and a close.
async fn day(client: &Client) {
    let done = |reply: Reply| {
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    };
    done(client.register().await);
    done(client.launch("BM", "day-1").await);
    let samples = done(client.samples("BM").await);
    let sample = &samples[0]["id"];
    let mut ids = Vec::new();
    for name in ["first", "second"] {
        let mut body = dataset(name);
        body["sample_id"] = sample.clone();
        ids.push(done(client.data("BM", &body).await)["id"].clone());
    }
    let mut again = dataset("second");
    again["id"] = ids[1].clone();
    again["energy"] = json!(9.5);
    again["sample_id"] = sample.clone();
    done(client.post_json("data/BM/", &again).await);
    let mut report = json!({
        "directory": "/users/alice/report", "title": "Report", "details": {}, "score": 0.5,
        "data_id": [ids[1], null, ids[0]],
    });
    let id = done(client.report("BM", &report).await)["id"].clone();
    report["id"] = id;
    done(client.report("BM", &report).await);
    done(client.close("BM", "day-1").await);
}

/// Asserts that the service has the whole day, under its own ids.
async fn assert_day(site: &Site) {
    let datasets = site.admin("data").await;
    assert_eq!(datasets.as_array().unwrap().len(), 2);
    for (id, name, energy) in [(1, "first", 12.6), (2, "second", 9.5)] {
        let dataset = site.admin(&format!("data/{id}")).await;
        assert_eq!(
            (&dataset["name"], &dataset["energy"]),
            (&json!(name), &json!(energy))
        );
        assert_eq!(
            (&dataset["session"], &dataset["sample_id"]),
            (&json!(1), &json!(1)),
            "{dataset}"
        );
    }
    let reports = site.admin("reports").await;
    assert_eq!(reports.as_array().unwrap().len(), 1);
    let report = site.admin("reports/1").await;
    assert_eq!(report["data_id"], json!([2, 1]), "{report}");
    assert_eq!(site.open_stretches().await, []);
}

#[actix_web::test]
async fn a_day_before_a_server_of_the_same_shape_is_the_same() {
    let real = Site::with_facility(&format!("[ids]\nfirst = 5000\n{FACILITY}"), |_| {}).await;
    let site = Site::new().await;
    let shadow = before(&real.url(), &site).await;
    let alice = real.stranger("alice").moved_to(&url(&shadow));
    day(&alice).await;
    let report = shadow.stop().await.unwrap();
    assert_sums(&report);
    assert_eq!(
        (report.requests, report.copied, report.same),
        (9, 9, 9),
        "{}",
        report.text()
    );
    assert_eq!(real.admin("data").await.as_array().unwrap().len(), 2);
    assert_day(&site).await;
}

/// MxLIVE's answers, as far as a day needs them.
fn mxlive(seen: &Seen) -> Act {
    let line = seen.line();
    let route = line.split('/').nth(4).unwrap_or_default();
    let html = "Content-Type: text/html\r\n";
    match (route, line.split('/').nth(5)) {
        ("project", _) => json(&json!({})),
        ("launch", Some("XX")) => Act::Say(answer("404 Not Found", html, "<h1>Not Found</h1>")),
        ("launch", _) => json(&json!({
            "session": "day-1", "duration": "2 hours", "survey": "http://mx/survey/1/", "end_time": "2026-11-23T18:00:00Z",
        })),
        ("close", _) => json(&json!({"session": "day-1", "duration": "2 hours"})),
        ("samples", Some("BM")) => {
            let sample = |id: u64, name: &str, location: &str, group: Value| {
                json!({
                    "id": id, "name": name, "barcode": "", "comments": "", "group": group, "location": location,
                    "container": "CLS-0042", "container_type": "Uni-Puck", "port": format!("1A{location}"), "priority": 0,
                })
            };
            json(&json!([
                sample(812, "lys-3", "3", json!("native")),
                sample(811, "lys-1", "1", Value::Null)
            ]))
        }
        ("samples", _) => Act::Say(answer("404 Not Found", html, "")),
        ("data", _) if seen.body.len() < 20 => {
            Act::Say(answer("500 Internal Server Error", html, "<h1>Error</h1>"))
        }
        ("data", _) if seen.body.windows(6).any(|bytes| bytes == b"second") => json(&json!({"id": 9002})),
        ("data", _) => json(&json!({"id": 9001})),
        ("report", _) => json(&json!({"id": 700})),
        _ => Act::Say(answer("404 Not Found", html, "")),
    }
}

#[actix_web::test]
async fn a_day_before_mxlive_is_explained() {
    let upstream = Upstream::start(mxlive);
    let site = Site::new().await;
    let shadow = before(&upstream.url(), &site).await;
    let alice = site.stranger("alice").moved_to(&url(&shadow));
    day(&alice).await;
    assert_eq!(alice.launch("XX", "day-1").await.status, 404);
    assert_eq!(alice.samples("SIM").await.status, 404);
    assert_eq!(alice.data("BM", &json!({"name": "x"})).await.status, 500);
    assert_eq!(alice.close("BM", "yesterday").await.status, 200);
    let report = shadow.stop().await.unwrap();
    assert_sums(&report);
    let text = report.text();
    assert_eq!(
        (report.requests, report.copied, report.dropped),
        (13, 13, 0),
        "{text}"
    );
    assert_eq!(
        (report.same, report.explained, report.different),
        (8, 5, 0),
        "{text}"
    );
    for (method, route, words) in [
        (
            "POST",
            "/api/v2/{token}/launch/{beamline}/{session}/",
            "--schedule",
        ),
        (
            "POST",
            "/api/v2/{token}/launch/{beamline}/{session}/",
            "The status is the same",
        ),
        (
            "GET",
            "/api/v2/{token}/samples/{beamline}/",
            "without an automounter",
        ),
        ("POST", "/api/v2/{token}/data/{beamline}/", "says what is wrong"),
        (
            "POST",
            "/api/v2/{token}/close/{beamline}/{session}/",
            "not seen the launch",
        ),
    ] {
        let explained = &row(&report, method, route).explained;
        let found = explained.iter().find(|counted| counted.why.contains(words));
        assert_eq!(
            found.map(|counted| counted.count),
            Some(1),
            "{words}: {explained:?}"
        );
    }
    assert_day(&site).await;
    // Nothing that a client or a server sent is in the report.
    let everything = format!("{text}{}", serde_json::to_string(&report).unwrap());
    let token = alice.token();
    let signature = token.rsplit(':').next().unwrap();
    let key = alice.public.split(' ').nth(1).unwrap();
    for secret in [signature, key, "alice", "day-1", "lys-3", "9001", "/users/"] {
        assert!(!everything.contains(secret), "{secret:?} is in {everything}");
    }
}
