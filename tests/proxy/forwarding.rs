//! An external Data Proxy that works, fails and recovers.

use super::{dataset_in, url};
use crate::support::{eventually, Client, FakeProxy, Mood, Site};
use chrono::TimeDelta;
use serde_json::{json, Value};

async fn site(proxy: &FakeProxy) -> Site {
    let address = proxy.url();
    Site::with(|settings| {
        settings.proxy_url = Some(address);
        settings.proxy.timeout_seconds = 1;
    })
    .await
}

/// Waits for the key of a record.
async fn key_of(site: &Site, path: &str) -> String {
    eventually(&format!("the key of {path}"), || url(site, path)).await
}

/// Waits until the outbox is empty.
async fn drained(site: &Site) {
    eventually("an empty outbox", || async {
        (site.admin("outbox").await == json!([])).then_some(())
    })
    .await;
}

/// Uploads a dataset to a directory and returns its path in the admin API.
async fn upload(client: &Client, directory: &str) -> String {
    let reply = client.data("BM", &dataset_in(directory)).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    format!("data/{}", reply.json()["id"])
}

#[actix_web::test]
async fn a_record_gets_the_key_that_the_proxy_gave() {
    let proxy = FakeProxy::start(Mood::Good).await;
    let site = site(&proxy).await;
    let alice = site.client("alice").await;
    let data = upload(&alice, "/users/alice/day 1/é&=").await;
    let key = key_of(&site, &data).await;
    let calls = proxy.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!(
        (calls[0].method.as_str(), calls[0].path.as_str()),
        ("POST", "/download/data/create/")
    );
    assert_eq!(calls[0].content_type, "application/x-www-form-urlencoded");
    assert_eq!(proxy.given(), [("/users/alice/day 1/é&=".to_owned(), key)]);
    assert_eq!(site.admin("outbox").await, json!([]));
}

#[actix_web::test]
async fn a_proxy_that_accepts_only_json_gets_json_from_then_on() {
    let proxy = FakeProxy::start(Mood::Good).await;
    proxy.read_json(true);
    let mut site = site(&proxy).await;
    let alice = site.client("alice").await;
    for name in ["one", "two", "three"] {
        let data = upload(&alice, &format!("/users/alice/{name} é&=")).await;
        key_of(&site, &data).await;
    }
    let given: Vec<_> = proxy
        .given()
        .into_iter()
        .map(|(directory, _)| directory)
        .collect();
    let expected = ["one", "two", "three"].map(|name| format!("/users/alice/{name} é&="));
    assert_eq!(given, expected, "one key each");
    assert!(proxy
        .calls()
        .iter()
        .all(|call| call.content_type == "application/json"));
    assert_eq!(proxy.unread(), 1, "the form was tried once");
    site.restart().await;
    proxy.read_json(false);
    let alice = alice.at(&site);
    let data = upload(&alice, "/users/alice/four").await;
    key_of(&site, &data).await;
    assert_eq!(
        (proxy.calls().len(), proxy.unread()),
        (4, 1),
        "a new process begins with the form"
    );
}

#[actix_web::test]
async fn sessions_datasets_and_reports_each_get_their_key_by_one_call() {
    let proxy = FakeProxy::start(Mood::Good).await;
    let site = site(&proxy).await;
    let alice = site.client("alice").await;
    alice.launch("BM", "day-1").await;
    let data = upload(&alice, "/users/alice/day-1/a").await;
    assert_eq!(
        alice.report("BM", &json!({"directory": "proc/a"})).await.status,
        200
    );
    for (path, directory) in [
        ("sessions/1", "alice/day-1"),
        (data.as_str(), "/users/alice/day-1/a"),
        ("reports/1", "proc/a"),
    ] {
        let key = key_of(&site, path).await;
        assert!(
            proxy.given().contains(&(directory.to_owned(), key)),
            "{path}: {:?}",
            proxy.given()
        );
    }
    // Joined, closed and launched again, it is the same session in the same directory.
    alice.launch("BM", "day-1").await;
    alice.close("BM", "day-1").await;
    site.clock.advance(TimeDelta::hours(3));
    alice.launch("BM", "day-1").await;
    site.post_admin("outbox/retry", String::new()).await;
    drained(&site).await;
    assert_eq!(proxy.calls().len(), 3);
}

#[actix_web::test]
async fn a_repeated_upload_does_not_call_the_proxy_again() {
    let proxy = FakeProxy::start(Mood::Good).await;
    let mut site = site(&proxy).await;
    let alice = site.client("alice").await;
    let mut dataset = dataset_in("/users/alice/a");
    dataset["uuid"] = json!("u-1");
    for _ in 0..3 {
        assert_eq!(alice.data("BM", &dataset).await.json()["id"], 1);
        drained(&site).await;
    }
    dataset["id"] = json!(1);
    assert_eq!(alice.data("BM", &dataset).await.json()["id"], 1);
    site.restart().await;
    let alice = alice.at(&site);
    assert_eq!(alice.data("BM", &dataset).await.json()["id"], 1);
    let key = key_of(&site, "data/1").await;
    drained(&site).await;
    assert_eq!(proxy.given(), [("/users/alice/a".to_owned(), key.clone())]);
    // In another directory it is another dataset with another key.
    dataset["directory"] = json!("/users/alice/b");
    assert_eq!(alice.data("BM", &dataset).await.json()["id"], 2);
    drained(&site).await;
    assert_eq!(proxy.calls().len(), 2);
    assert_ne!(key_of(&site, "data/2").await, key);
    assert_eq!(key_of(&site, "data/1").await, key);
}

/// Checks that uploads are accepted while the proxy fails, and get their keys when it works again.
async fn uploads_survive(mood: Mood, error: &str) {
    let proxy = FakeProxy::start(mood).await;
    let site = site(&proxy).await;
    let alice = site.client("alice").await;
    let data = upload(&alice, "/users/alice/a").await;
    assert_eq!(url(&site, &data).await, None, "{mood:?}");
    let row = eventually("a failed attempt", || async {
        let rows = site.admin("outbox").await;
        (rows[0]["attempts"] == 1).then(|| rows[0].clone())
    })
    .await;
    assert_eq!(row["record"], json!({"subject": "dataset", "id": 1}));
    let last_error = row["last_error"].as_str().unwrap();
    assert!(last_error.contains(error), "{mood:?}: {last_error}");
    assert_eq!(url(&site, &data).await, None, "{mood:?}");
    assert_eq!(
        site.admin(&data).await["name"],
        "xtal",
        "the record is complete except for its key"
    );
    proxy.set(Mood::Good);
    assert_eq!(
        site.post_admin("outbox/retry", String::new()).await.json(),
        json!({"retried": 1})
    );
    let key = eventually(&format!("the key, after {mood:?}"), || async {
        // A retry does not repeat a call that is still running and then fails, so it is requested
        // again.
        site.post_admin("outbox/retry", String::new()).await;
        url(&site, &data).await
    })
    .await;
    drained(&site).await;
    assert_eq!(
        proxy.given(),
        [("/users/alice/a".to_owned(), key)],
        "{mood:?}: one key and one call"
    );
}

#[actix_web::test]
async fn a_key_that_is_null_is_a_failure() {
    uploads_survive(Mood::Bad(200, r#"{"key": null}"#), "gave no key").await;
}

#[actix_web::test]
async fn any_other_status_is_a_failure() {
    const KEY: &str = r#"{"key": "0123456789abcdef0123456789abcdef01234567"}"#;
    for status in [500, 503, 404, 403, 201, 204, 302] {
        uploads_survive(Mood::Bad(status, KEY), &status.to_string()).await;
    }
}

#[actix_web::test]
async fn an_invalid_key_is_a_failure() {
    for body in [
        "",
        "<html>",
        "{",
        "[]",
        "{}",
        "null",
        "\"0123456789abcdef0123456789abcdef01234567\"",
        r#"{"key": "0123456789abcdef"}"#,
        r#"{"key": "0123456789ABCDEF0123456789ABCDEF01234567"}"#,
        r#"{"key": "0123456789abcdef0123456789abcdef01234567 "}"#,
        r#"{"key": 17}"#,
        r#"{"key": ["0123456789abcdef0123456789abcdef01234567"]}"#,
        r#"{"Key": "0123456789abcdef0123456789abcdef01234567"}"#,
    ] {
        uploads_survive(Mood::Bad(200, body), "key").await;
    }
}

#[actix_web::test]
async fn a_proxy_that_never_answers_delays_no_upload() {
    uploads_survive(Mood::Hanging, "did not answer in time").await;
}

#[actix_web::test]
async fn an_unreachable_proxy_delays_no_upload() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let site = Site::with(|settings| settings.proxy_url = Some(format!("http://{address}"))).await;
    let alice = site.client("alice").await;
    let data = upload(&alice, "/users/alice/a").await;
    eventually("a failed attempt", || async {
        let error = site.admin("outbox").await[0]["last_error"].clone();
        error
            .as_str()
            .is_some_and(|error| error.contains("can't be reached"))
            .then_some(())
    })
    .await;
    assert_eq!(url(&site, &data).await, None);
    // The row has the error a moment before the forwarder is marked as down.
    eventually("the forwarder is down", || async {
        let ready = site.get("/health/ready").await;
        assert_eq!(ready.status, 200, "uploads are accepted, so the service is ready");
        let forwarder = &ready.json()["forwarder"];
        (forwarder["up"] == false && forwarder["waiting"] == 1).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_proxy_that_recovers_is_noticed_without_an_operator() {
    let proxy = FakeProxy::start(Mood::Bad(500, "")).await;
    let site = site(&proxy).await;
    let alice = site.client("alice").await;
    let data = upload(&alice, "/users/alice/a").await;
    eventually("a failed attempt", || async {
        (!proxy.calls().is_empty()).then_some(())
    })
    .await;
    proxy.set(Mood::Good);
    let key = eventually("the key", || async {
        site.clock.advance(TimeDelta::minutes(1));
        url(&site, &data).await
    })
    .await;
    assert_eq!(proxy.given(), [("/users/alice/a".to_owned(), key)]);
}

#[actix_web::test]
async fn waiting_records_survive_restarts_and_get_their_keys() {
    let proxy = FakeProxy::start(Mood::Bad(500, "")).await;
    let mut site = site(&proxy).await;
    let alice = site.client("alice").await;
    alice.launch("BM", "day").await;
    for number in 0..20 {
        upload(&alice, &format!("/users/alice/{number}")).await;
    }
    for _ in 0..2 {
        site.restart().await;
        assert_eq!(site.admin("outbox").await.as_array().unwrap().len(), 21);
        assert!(site
            .admin("data")
            .await
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["url"].is_null()));
    }
    proxy.set(Mood::Good);
    site.restart().await;
    drained(&site).await;
    let mut keys: Vec<_> = site
        .admin("data")
        .await
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["url"].clone())
        .collect();
    assert!(keys.iter().all(Value::is_string), "{keys:?}");
    keys.sort_by_key(ToString::to_string);
    keys.dedup();
    assert_eq!(
        (keys.len(), proxy.given().len()),
        (20, 21),
        "one key for each record and no others"
    );
    let given = proxy.given();
    for row in site.admin("data").await.as_array().unwrap() {
        let directory = format!("/users/alice/{}", row["id"].as_u64().unwrap() - 1);
        assert!(
            given.contains(&(directory, row["url"].as_str().unwrap().to_owned())),
            "{row}"
        );
    }
    site.restart().await;
    assert_eq!(site.admin("outbox").await, json!([]));
    assert_eq!(proxy.given().len(), 21);
}

#[actix_web::test]
async fn one_refused_directory_does_not_delay_the_others() {
    let proxy = FakeProxy::start(Mood::Bad(404, "")).await;
    let site = site(&proxy).await;
    let alice = site.client("alice").await;
    let refused = upload(&alice, "/users/alice/refused").await;
    eventually("a refusal", || async {
        (site.admin("outbox").await[0]["attempts"] == 1).then_some(())
    })
    .await;
    proxy.set(Mood::Good);
    let good = upload(&alice, "/users/alice/good").await;
    key_of(&site, &good).await;
    assert_eq!(url(&site, &refused).await, None, "it is not due yet");
}

#[actix_web::test]
async fn uploads_of_many_beamlines_at_once_are_forwarded_once_each() {
    let proxy = FakeProxy::start(Mood::Good).await;
    let site = site(&proxy).await;
    let alice = site.client("alice").await;
    let uploads = (0..48).map(|number| {
        let beamline = ["BM", "ID", "SIM"][number % 3];
        let (alice, dataset) = (&alice, dataset_in(&format!("/users/alice/{number}")));
        async move { alice.data(beamline, &dataset).await.status }
    });
    let statuses = futures_util::future::join_all(uploads).await;
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    drained(&site).await;
    let mut directories: Vec<_> = proxy
        .given()
        .into_iter()
        .map(|(directory, _)| directory)
        .collect();
    directories.sort_unstable();
    directories.dedup();
    assert_eq!((directories.len(), proxy.calls().len()), (48, 48));
}

#[actix_web::test]
async fn the_built_in_proxy_gives_keys_to_waiting_records_when_it_is_on_again() {
    let proxy = FakeProxy::start(Mood::Bad(500, "")).await;
    let mut site = site(&proxy).await;
    let alice = site.client("alice").await;
    let data = upload(&alice, "/users/alice/a").await;
    let create = site
        .http
        .post(format!("{}/download/data/create/", site.url()))
        .form(&[("path", "/users/alice/a")]);
    assert_eq!(crate::support::Reply::of(create).await.status, 404);
    site.restart_with(|settings| settings.proxy_url = None).await;
    key_of(&site, &data).await;
}
