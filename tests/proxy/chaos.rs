//! A Data Proxy that fails in every way, one after the other. Uploads and launches are still
//! acknowledged, and every record gets one key.

use super::{dataset_in, url};
use crate::support::{eventually, Client, Dice, FakeProxy, Mood, Site, FACILITY};
use chrono::TimeDelta;
use serde_json::json;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};

/// All failures, except for an unreachable proxy.
const WRONG: [Mood; 12] = [
    Mood::Bad(500, ""),
    Mood::Bad(429, ""),
    Mood::Bad(404, ""),
    Mood::Bad(200, r#"{"key": null}"#),
    Mood::Bad(200, "<html>garbage"),
    // 39 digits, 41 digits, upper case, not hexadecimal.
    Mood::Bad(200, r#"{"key": "0123456789abcdef0123456789abcdef0123456"}"#),
    Mood::Bad(200, r#"{"key": "0123456789abcdef0123456789abcdef012345678"}"#),
    Mood::Bad(200, r#"{"key": "0123456789ABCDEF0123456789abcdef01234567"}"#),
    Mood::Bad(200, r#"{"key": "0123456789abcdefg123456789abcdef01234567"}"#),
    Mood::Hanging,
    Mood::Flapping,
    Mood::BreaksOff,
];

/// Concurrent calls.
const CONCURRENCY: usize = 4;

async fn site(url: String) -> Site {
    Site::with_facility(FACILITY, |settings| {
        settings.proxy_url = Some(url);
        settings.proxy.timeout_seconds = 1;
        settings.proxy.concurrency = CONCURRENCY;
    })
    .await
}

/// Acknowledged records: paths in the admin API, and directories.
type Records = BTreeMap<String, String>;

/// Launches a session and uploads to it. All requests must be acknowledged.
async fn use_it(site: &Site, client: &Client, round: usize, records: &mut Records) {
    let launched = client.launch("BM", &format!("day-{round}")).await;
    assert_eq!(launched.status, 200, "{}", launched.text());
    let id = site.visit("alice", &format!("day-{round}")).await.id;
    records.insert(format!("sessions/{id}"), format!("alice/day-{round}"));
    for number in 0..3 {
        let directory = format!("/users/alice/{round}/{number}");
        let reply = client.data("BM", &dataset_in(&directory)).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        records.insert(format!("data/{}", reply.json()["id"]), directory);
    }
    let directory = format!("proc/{round}");
    let reply = client.report("BM", &json!({"directory": directory})).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    records.insert(format!("reports/{}", reply.json()["id"]), directory);
}

/// Advances the clock until the outbox is empty. Each record must have the only key that was given
/// for its directory.
async fn recovered(site: &Site, proxy: &FakeProxy, records: &Records) {
    eventually("an empty outbox", || async {
        site.clock.advance(TimeDelta::minutes(1));
        (site.admin("outbox").await == json!([])).then_some(())
    })
    .await;
    let mut given = proxy.given();
    given.sort_unstable();
    let mut expected = Vec::new();
    for (path, directory) in records {
        let key = url(site, path).await;
        expected.push((
            directory.clone(),
            key.unwrap_or_else(|| panic!("{path} has no key")),
        ));
    }
    expected.sort_unstable();
    assert_eq!(given, expected);
}

/// All failures in a random order. With `restarts`, the service is restarted during each of them.
async fn chaos(restarts: bool) {
    let mut dice = Dice::new();
    let proxy = FakeProxy::start(Mood::Good).await;
    let mut site = site(proxy.url()).await;
    let mut client = site.client("alice").await;
    let mut records = Records::new();
    let mut moods = WRONG.to_vec();
    let mut round = 0;
    while !moods.is_empty() {
        let place = usize::try_from(dice.roll(moods.len() as u64)).unwrap();
        let mood = moods.swap_remove(place);
        proxy.set(mood);
        let calls = proxy.calls().len();
        use_it(&site, &client, round, &mut records).await;
        eventually("a call", || async {
            site.clock.advance(TimeDelta::minutes(1));
            (proxy.calls().len() > calls).then_some(())
        })
        .await;
        if restarts {
            site.restart().await;
            client = client.at(&site);
        }
        if dice.one_in(4) {
            proxy.set(Mood::Good);
            recovered(&site, &proxy, &records).await;
        }
        round += 1;
    }
    proxy.set(Mood::Good);
    if restarts {
        site.restart().await;
    }
    recovered(&site, &proxy, &records).await;
    // No key is requested again.
    let calls = proxy.calls().len();
    site.restart().await;
    site.post_admin("outbox/retry", String::new()).await;
    assert_eq!(site.admin("outbox").await, json!([]));
    assert_eq!(proxy.calls().len(), calls);
}

#[actix_web::test]
async fn every_record_gets_its_key_without_a_restart() {
    chaos(false).await;
}

#[actix_web::test]
async fn every_record_gets_its_key_after_restarts() {
    chaos(true).await;
}

/// A site that uses `proxy` with the usual timeout, and the records of two rounds.
async fn waiting_records(proxy: &FakeProxy) -> (Site, Client, Records) {
    let address = proxy.url();
    let site = Site::with(|settings| {
        settings.proxy_url = Some(address);
        settings.proxy.concurrency = CONCURRENCY;
    })
    .await;
    let client = site.client("alice").await;
    let mut records = Records::new();
    for round in 0..2 {
        use_it(&site, &client, round, &mut records).await;
    }
    (site, client, records)
}

#[actix_web::test]
async fn a_proxy_that_takes_half_a_minute_still_gives_keys() {
    let proxy = FakeProxy::start(Mood::Slow).await;
    let (site, _, records) = waiting_records(&proxy).await;
    let mut answered = 0;
    while answered < records.len() {
        let wanted = CONCURRENCY.min(records.len() - answered);
        eventually("calls that wait", || async {
            (proxy.held() == wanted).then_some(())
        })
        .await;
        site.clock.advance(TimeDelta::seconds(30));
        answered += wanted;
        proxy.release();
    }
    assert_eq!(
        proxy.most_at_a_time(),
        CONCURRENCY,
        "the limit is reached and not exceeded"
    );
    recovered(&site, &proxy, &records).await;
    assert_eq!(proxy.calls().len(), records.len(), "one call for each");
}

#[actix_web::test]
async fn while_the_proxy_is_down_it_is_probed_by_one_call_at_a_time() {
    let proxy = FakeProxy::start(Mood::SlowToFail).await;
    let (site, client, mut records) = waiting_records(&proxy).await;
    let held = |calls| {
        let (proxy, site) = (&proxy, &site);
        eventually("calls that wait", move || async move {
            if calls == 1 {
                site.clock.advance(TimeDelta::minutes(1));
            }
            (proxy.held() == calls).then_some(())
        })
    };
    held(CONCURRENCY).await;
    proxy.release();
    eventually("the failure is noticed", || async {
        let forwarder = site.get("/health/ready").await.json()["forwarder"].clone();
        (forwarder["up"] == false && proxy.running() == 0).then_some(())
    })
    .await;
    proxy.most_at_a_time();
    for round in 2..4 {
        held(1).await;
        // Each of these uploads wakes the forwarder when every row is due.
        site.clock.advance(TimeDelta::hours(1));
        use_it(&site, &client, round, &mut records).await;
        assert_eq!(proxy.most_at_a_time(), 1);
        proxy.release();
    }
    held(1).await;
    proxy.set(Mood::Good);
    proxy.release();
    recovered(&site, &proxy, &records).await;
}

#[actix_web::test]
async fn a_proxy_that_starts_later_gives_every_key() {
    // An address that no other test uses.
    let reserved = TcpListener::bind("127.0.0.77:0").unwrap();
    let address: SocketAddr = reserved.local_addr().unwrap();
    drop(reserved);
    let mut site = site(format!("http://{address}/download")).await;
    let client = site.client("alice").await;
    let mut records = Records::new();
    use_it(&site, &client, 0, &mut records).await;
    eventually("a failed attempt", || async {
        let rows = site.admin("outbox").await.to_string();
        rows.contains("can't be reached").then_some(())
    })
    .await;
    site.restart().await;
    use_it(&site, &client.at(&site), 1, &mut records).await;
    let proxy = FakeProxy::start_at(address, Mood::Good).await;
    recovered(&site, &proxy, &records).await;
}
