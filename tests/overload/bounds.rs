//! At each limit, further requests are refused at once and accepted ones finish.

use super::kept::Kept;
use super::{assert_raw_refused, assert_refused, counted, dataset, median, upload_head, QUICKLY};
use crate::support::{eventually, Client, Site};
use beamlive_actors::clock::{KeySource, SystemKeys};
use beamlive_storage::records::SecureKey;
use futures_util::future::join_all;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

/// An upload whose last byte is not sent yet, and that byte.
fn begun(site: &Site, client: &Client, name: &str, padding: usize) -> (Kept, Vec<u8>) {
    let mut dataset = dataset(name);
    dataset["padding"] = "x".repeat(padding).into();
    let body = serde_json::to_vec(&dataset).unwrap();
    let mut kept = Kept::open(site.address()).unwrap();
    kept.send(upload_head(client, Some(body.len())).as_bytes())
        .unwrap();
    let (last, most) = body.split_last().unwrap();
    kept.send(most).unwrap();
    (kept, vec![*last])
}

fn finish(begun: Vec<(Kept, Vec<u8>)>) {
    for (mut kept, last) in begun {
        kept.send(&last).unwrap();
        let reply = kept.reply();
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
}

#[actix_web::test]
async fn connections_beyond_the_limit_are_refused_at_once() {
    let mut site = Site::new().await;
    let alice = site.client("alice").await;
    site.restart_with(|settings| settings.limits.connections = 4)
        .await;
    let alice = alice.at(&site);
    let accepted: Vec<_> = (0..4)
        .map(|number| begun(&site, &alice, &number.to_string(), 0))
        .collect();
    eventually("all connections are open", || async {
        (site.app().connections.open() == 4).then_some(())
    })
    .await;
    let mut times = Vec::new();
    for _ in 0..40 {
        let mut kept = Kept::open(site.address()).unwrap();
        let begin = Instant::now();
        kept.send(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            .unwrap();
        let reply = kept.reply();
        times.push(begin.elapsed());
        assert_raw_refused(&reply, 503, "busy");
    }
    assert!(median(times.clone()) < QUICKLY, "{times:?}");
    finish(accepted);
    eventually("a connection is free", || async {
        (site.app().connections.open() < 4).then_some(())
    })
    .await;
    assert_eq!(site.get("/health/live").await.status, 200);
    assert_eq!(counted(&site, "connections").await, 40);
}

#[actix_web::test]
async fn bodies_beyond_the_sum_are_refused_before_they_are_read() {
    let site = Site::with(|settings| settings.limits.bodies_bytes = 200_000).await;
    let alice = site.client("alice").await;
    let accepted: Vec<_> = (0..2)
        .map(|number| begun(&site, &alice, &number.to_string(), 80_000))
        .collect();
    eventually("both bodies are being read", || async {
        (site.app().bodies.used() > 160_000).then_some(())
    })
    .await;
    let mut times = Vec::new();
    for number in 0..20 {
        let mut kept = Kept::open(site.address()).unwrap();
        let begin = Instant::now();
        if number % 2 == 0 {
            // The length alone is enough for a refusal.
            kept.send(upload_head(&alice, Some(80_000)).as_bytes()).unwrap();
        } else {
            let chunk = format!("c350\r\n{}\r\n", "x".repeat(50_000));
            kept.send(upload_head(&alice, None).as_bytes()).unwrap();
            kept.send(chunk.as_bytes()).unwrap();
        }
        let reply = kept.reply();
        times.push(begin.elapsed());
        assert_raw_refused(&reply, 503, "busy");
    }
    assert!(median(times.clone()) < QUICKLY, "{times:?}");
    assert_eq!(
        alice.data("BM", &dataset("small")).await.status,
        200,
        "a body that fits is accepted"
    );
    finish(accepted);
    eventually("all memory is released", || async {
        (site.app().bodies.used() == 0).then_some(())
    })
    .await;
    assert_eq!(site.admin("data").await.as_array().unwrap().len(), 3);
    assert_eq!(counted(&site, "bodies").await, 20);
}

/// A source of keys. While it is shut, it blocks the actor that requests a key.
#[derive(Default)]
struct Valve {
    shut: Mutex<bool>,
    opened: Condvar,
}

impl Valve {
    fn set(&self, shut: bool) {
        *self.shut.lock().unwrap() = shut;
        self.opened.notify_all();
    }
}

impl KeySource for Valve {
    fn secure_key(&self) -> SecureKey {
        let shut = self.shut.lock().unwrap();
        drop(self.opened.wait_while(shut, |shut| *shut).unwrap());
        SystemKeys.secure_key()
    }
}

#[actix_web::test]
async fn a_full_mailbox_refuses_at_once_and_accepted_commands_finish() {
    const MAILBOX: usize = 8;
    let valve = Arc::new(Valve::default());
    let mut site = Site::with_keys(valve.clone()).await;
    let alice = site.client("alice").await;
    site.restart_with(|settings| settings.limits.mailbox = MAILBOX)
        .await;
    let alice = alice.at(&site);
    valve.set(true);
    let refused = Rc::new(Cell::new(0));
    let launches = (0..64).map(|number| {
        let (client, refused) = (alice.on_its_own_connection(), refused.clone());
        async move {
            let reply = client.launch("BM", &format!("s-{number}")).await;
            refused.set(refused.get() + usize::from(reply.status != 200));
            reply
        }
    });
    let crowd = tokio::task::spawn_local(join_all(launches.collect::<Vec<_>>()));
    let other_client = alice.on_its_own_connection();
    eventually("the mailbox is full", || async {
        (refused.get() > 30).then_some(())
    })
    .await;
    assert_eq!(
        other_client.samples("BM").await.status,
        200,
        "another actor answers samples"
    );
    let mut times = Vec::new();
    for _ in 0..20 {
        let begin = Instant::now();
        assert_refused(&other_client.launch("BM", "late").await, 503, "busy");
        times.push(begin.elapsed());
    }
    assert!(median(times.clone()) < QUICKLY, "{times:?}");
    valve.set(false);
    let answers = crowd.await.unwrap();
    let done = answers.iter().filter(|reply| reply.status == 200).count();
    assert!(done >= MAILBOX, "{done} were accepted");
    for reply in answers.iter().filter(|reply| reply.status != 200) {
        assert_refused(reply, 503, "busy");
    }
    assert_eq!(alice.launch("BM", "after").await.status, 200);
}
