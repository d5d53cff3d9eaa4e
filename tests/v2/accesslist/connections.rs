//! Reports of hosts about their connections.

use crate::support::facilities::access_list;
use crate::support::{for_address, Reply, Site};
use reqwest::Method;
use serde_json::{json, Value};

const PATH: &str = "/api/v2/accesslist/";

async fn post(site: &Site, entries: &Value) -> Reply {
    Reply::of(
        site.request(Method::POST, PATH)
            .body(rmp_serde::to_vec(entries).unwrap()),
    )
    .await
}

/// Posts a report, which must be accepted.
async fn report(site: &Site, entries: &Value) {
    let reply = post(site, entries).await;
    assert_eq!((reply.status, reply.text().as_str()), (200, r#"["alice","bob"]"#));
}

fn entry(project: &str, name: &str, status: &str, date: &str) -> Value {
    json!({"project": project, "name": name, "status": status, "date": format!("2026-11-23 {date}")})
}

/// Status, creation, end and history of the only connection.
async fn only(site: &Site) -> Value {
    let rows = site.admin("connections").await;
    assert_eq!(rows.as_array().unwrap().len(), 1, "{rows}");
    rows[0].clone()
}

#[actix_web::test]
async fn a_connection_is_kept_with_its_date_in_the_facilitys_zone() {
    let site = Site::new().await;
    report(
        &site,
        &json!([entry("alice", "D-host-1001-ABCDEF", "Connected", "12:00:00")]),
    )
    .await;
    assert_eq!(
        only(&site).await,
        json!({
            "list": "home", "project": "alice", "name": "D-host-1001-ABCDEF", "status": "Connected",
            "created": "2026-11-23T18:00:00Z", "end": null,
            "history": [{"status": "Connected", "date": "2026-11-23T18:00:00Z"}]
        })
    );
}

#[actix_web::test]
async fn json_is_accepted_at_every_path() {
    let site = Site::new().await;
    for (index, path) in [
        "/api/v2/accesslist/",
        "/api/v2/accesslist",
        "/access/accesslist/",
        "/access/accesslist",
    ]
    .iter()
    .enumerate()
    {
        let body = json!([entry("alice", &format!("json-{index}"), "Connected", "12:00:00")]);
        let as_json = Reply::of(site.request(Method::POST, path).json(&body)).await;
        assert_eq!(
            (as_json.status, as_json.json()),
            (200, json!(["alice", "bob"])),
            "{path}"
        );
        let body = json!([entry("bob", &format!("msgpack-{index}"), "Connected", "12:00:00")]);
        let packed = site
            .request(Method::POST, path)
            .body(rmp_serde::to_vec(&body).unwrap());
        for content_type in [
            None,
            Some("application/msgpack"),
            Some("application/octet-stream"),
        ] {
            let request = packed.try_clone().unwrap();
            let request = match content_type {
                Some(kind) => request.header("content-type", kind),
                None => request,
            };
            assert_eq!(Reply::of(request).await.status, 200, "{path} {content_type:?}");
        }
    }
    assert_eq!(site.admin("connections").await.as_array().unwrap().len(), 8);
}

#[actix_web::test]
async fn changes_of_status_are_appended_with_their_dates() {
    let site = Site::new().await;
    for (status, date) in [
        ("Connected", "09:00:00"),
        ("Disconnected", "09:10:00"),
        ("Connected", "09:20:00"),
        ("Finished", "09:30:00"),
    ] {
        report(&site, &json!([entry("alice", "c", status, date)])).await;
    }
    let row = only(&site).await;
    assert_eq!(row["status"], "Finished");
    assert_eq!(row["created"], "2026-11-23T15:00:00Z", "the first date");
    assert_eq!(row["end"], "2026-11-23T15:30:00Z");
    assert_eq!(
        row["history"],
        json!([
            {"status": "Connected", "date": "2026-11-23T15:00:00Z"},
            {"status": "Disconnected", "date": "2026-11-23T15:10:00Z"},
            {"status": "Connected", "date": "2026-11-23T15:20:00Z"},
            {"status": "Finished", "date": "2026-11-23T15:30:00Z"}
        ])
    );
}

#[actix_web::test]
async fn only_finished_and_failed_end_a_connection() {
    let site = Site::new().await;
    for (name, status, ends) in [
        ("a", "Connected", false),
        ("b", "Disconnected", false),
        ("c", "Failed", true),
        ("d", "Finished", true),
    ] {
        report(&site, &json!([entry("bob", name, status, "09:00:00")])).await;
        let rows = site.admin("connections").await;
        let row = rows
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["name"] == name)
            .unwrap();
        let end = if ends {
            json!("2026-11-23T15:00:00Z")
        } else {
            json!(null)
        };
        assert_eq!(row["end"], end, "{status}");
        assert_eq!(row["status"], status);
    }
}

#[actix_web::test]
async fn one_report_can_contain_several_changes() {
    let site = Site::new().await;
    let story = json!([
        entry("alice", "c", "Connected", "09:00:00"),
        entry("bob", "c", "Connected", "09:01:00"),
        entry("alice", "c", "Disconnected", "09:02:00"),
        entry("alice", "d", "Failed", "09:03:00"),
    ]);
    report(&site, &story).await;
    let rows = site.admin("connections").await;
    let seen: Vec<_> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let history = row["history"].as_array().unwrap().len();
            format!(
                "{}/{} {history}",
                row["project"].as_str().unwrap(),
                row["name"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        seen,
        ["alice/d 1", "bob/c 1", "alice/c 2"],
        "one record for each project and name"
    );
}

#[actix_web::test]
async fn each_list_keeps_its_own_connections() {
    let site = Site::with(|settings| settings.trusted_proxy = vec!["127.0.0.1/32".parse().unwrap()]).await;
    site.apply(&access_list("far", "10.45.0.0/24", &["bob"], ""))
        .await;
    let entries = json!([entry("alice", "c", "Connected", "09:00:00")]);
    for (address, users) in [
        ("127.0.0.1", json!(["alice", "bob"])),
        ("10.45.0.1", json!(["bob"])),
    ] {
        let request = site.request(Method::POST, PATH).json(&entries);
        let reply = Reply::of(for_address(request, &[address])).await;
        assert_eq!((reply.status, reply.json()), (200, users), "{address}");
    }
    for list in ["home", "far"] {
        let rows = site.admin(&format!("connections?list={list}")).await;
        assert_eq!(rows.as_array().unwrap().len(), 1, "{list}");
        assert_eq!(rows[0]["list"], list);
    }
}

#[actix_web::test]
async fn reports_of_a_host_without_a_list_are_ignored() {
    let site = Site::with(|settings| settings.trusted_proxy = vec!["127.0.0.1/32".parse().unwrap()]).await;
    let request =
        site.request(Method::POST, PATH)
            .json(&json!([entry("alice", "c", "Connected", "09:00:00")]));
    let reply = Reply::of(for_address(request, &["192.0.2.1"])).await;
    assert_eq!((reply.status, reply.text().as_str()), (200, "[]"));
    assert_eq!(site.admin("connections").await, json!([]));
}

#[actix_web::test]
async fn posting_the_same_again_changes_and_writes_nothing() {
    let mut site = Site::new().await;
    let statuses = ["Connected", "Disconnected", "Failed", "Finished"];
    let entries: Vec<_> = (0..1000)
        .map(|n| {
            let project = if n % 3 == 0 { "alice" } else { "bob" };
            let date = format!("{:02}:{:02}:{:02}", n / 60 % 24, n % 60, n % 7);
            entry(project, &format!("D-host-{}", n % 400), statuses[n % 4], &date)
        })
        .collect();
    let entries = Value::Array(entries);
    report(&site, &entries).await;
    let connections = site.admin("connections?limit=1000").await;
    assert!(connections.as_array().unwrap().len() >= 400);
    let activity = site.admin("activity").await;
    let written = site.written();
    for _ in 0..10 {
        report(&site, &entries).await;
    }
    assert_eq!(site.written(), written, "a repetition was written");
    assert_eq!(site.admin("connections?limit=1000").await, connections);
    assert_eq!(site.admin("activity").await, activity, "a repetition was logged");
    // Some of the entries in another order, as a host sends them that has dropped the oldest.
    let part: Vec<_> = entries
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .take(300)
        .cloned()
        .collect();
    report(&site, &Value::Array(part)).await;
    assert_eq!(site.written(), written);
    site.restart().await;
    report(&site, &entries).await;
    assert_eq!(
        site.admin("connections?limit=1000").await,
        connections,
        "after a restart"
    );
}

#[actix_web::test]
async fn a_repeated_status_is_not_a_change() {
    let site = Site::new().await;
    report(&site, &json!([entry("alice", "c", "Connected", "09:00:00")])).await;
    let before = only(&site).await;
    report(&site, &json!([entry("alice", "c", "Connected", "09:05:00")])).await;
    assert_eq!(only(&site).await, before);
}

#[actix_web::test]
async fn bad_entries_are_skipped_and_the_rest_is_kept() {
    let site = Site::new().await;
    let good = |name| entry("alice", name, "Connected", "09:00:00");
    let bad = [
        entry("nobody", "x", "Connected", "09:00:00"),
        entry("alice", "x", "connected", "09:00:00"),
        entry("alice", "x", "Lost", "09:00:00"),
        entry("alice", "x", "", "09:00:00"),
        entry("alice", "x", "Connected", "25:00:00"),
        entry("alice", "x", "Connected", "09"),
        entry("alice", "x", "Connected", "09:00:00+99:00"),
        entry("alice", "", "Connected", "09:00:00"),
        entry("alice", &"n".repeat(256), "Connected", "09:00:00"),
        json!({"project": "alice", "name": "x", "status": "Connected"}),
        json!({"project": "alice", "name": "x", "date": "2026-11-23 09:00:00"}),
        json!({"project": 1, "name": 2, "status": 3, "date": 4}),
        json!({"project": "alice", "name": "x", "status": "Connected", "date": null}),
        json!({}),
        json!([]),
        json!(null),
        json!("alice"),
        json!(17),
    ];
    let mut entries = vec![good("first")];
    entries.extend(bad);
    entries.push(good("last"));
    report(&site, &Value::Array(entries)).await;
    let rows = site.admin("connections").await;
    let mut names: Vec<_> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["first", "last"]);
}

#[actix_web::test]
async fn unknown_fields_are_ignored() {
    let site = Site::new().await;
    let mut entry = entry("alice", "c", "Connected", "09:00:00");
    entry["host"] = json!({"cpu": [1, 2, 3]});
    report(&site, &json!([entry])).await;
    assert_eq!(only(&site).await["name"], "c");
}

#[actix_web::test]
async fn a_body_that_is_not_a_list_is_refused() {
    let site = Site::new().await;
    let bodies: [(&[u8], &str); 5] = [
        (b"", "nothing"),
        (b"\xc1", "no MessagePack"),
        (b"\x80", "a map"),
        (b"\xdd\xff\xff\xff\xff", "a list that claims 4 billion entries"),
        (b"\x91\x80\x00", "more after the end"),
    ];
    for (body, what) in bodies {
        let reply = Reply::of(site.request(Method::POST, PATH).body(body)).await;
        assert_eq!(
            (reply.status, reply.fields()),
            (400, vec!["body".to_owned()]),
            "{what}"
        );
    }
    for text in ["", "{}", "[", "null", "[1,]"] {
        let request = site
            .request(Method::POST, PATH)
            .header("content-type", "application/json")
            .body(text);
        assert_eq!(Reply::of(request).await.status, 400, "{text:?}");
    }
    assert_eq!(site.admin("connections").await, json!([]));
}

#[actix_web::test]
async fn while_writes_are_off_changes_are_refused_and_the_list_is_given() {
    let (site, engine) = Site::failing(|_| {}).await;
    report(&site, &json!([entry("alice", "c", "Connected", "09:00:00")])).await;
    let before = site.admin("connections").await;
    engine.fail_after(0);
    for _ in 0..3 {
        let reply = post(&site, &json!([entry("alice", "c", "Finished", "09:30:00")])).await;
        assert_eq!(reply.status, 503, "the change was not refused: {}", reply.text());
        assert_eq!(reply.json()["error"]["code"], "writes_off");
        assert!(reply.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
    }
    let reply = site.get(PATH).await;
    assert_eq!((reply.status, reply.text().as_str()), (200, r#"["alice","bob"]"#));
    assert_eq!(
        site.admin("connections").await,
        before,
        "a refused change is shown"
    );
}

#[actix_web::test]
async fn concurrent_reports_are_all_kept() {
    let site = Site::new().await;
    let reports = (0..16).map(|host| {
        let entries: Vec<_> = (0..20)
            .map(|n| entry("bob", &format!("h{host}-{n}"), "Connected", "09:00:00"))
            .collect();
        let site = &site;
        async move { post(site, &Value::Array(entries)).await.status }
    });
    let statuses = futures_util::future::join_all(reports).await;
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    assert_eq!(
        site.admin("connections?limit=1000")
            .await
            .as_array()
            .unwrap()
            .len(),
        320
    );
}
