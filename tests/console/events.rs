//! Events as they happen.

use super::{site, Browser};
use crate::support::{dataset, Reply, Site};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use std::time::Duration;

/// A stream of events, read one by one.
struct Stream {
    reply: reqwest::Response,
    /// The id that it begins with.
    begins: String,
    text: String,
}

/// An event: its id, its name, its data.
type Event = (String, String, Value);

impl Stream {
    async fn of(request: RequestBuilder) -> Self {
        let reply = request.send().await.unwrap();
        assert_eq!(reply.status(), 200);
        assert_eq!(reply.headers()["content-type"], "text/event-stream");
        let mut stream = Self {
            reply,
            begins: String::new(),
            text: String::new(),
        };
        // The first part of the stream: the position that it starts from.
        let (id, name, _) = stream.next().await.unwrap();
        assert!(!id.is_empty() && name.is_empty());
        stream.begins = id;
        stream
    }

    /// The next event; `None` at the end of the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.text.clone().split_once("\n\n") {
                self.text = rest.to_owned();
                let field = |name: &str| {
                    let mut lines = block.lines().filter_map(|line| line.strip_prefix(name));
                    lines.next().unwrap_or("").to_owned()
                };
                let data = serde_json::from_str(&field("data: ")).unwrap_or(Value::Null);
                return Some((field("id: "), field("event: "), data));
            }
            let piece = tokio::time::timeout(Duration::from_secs(20), self.reply.chunk());
            let piece = piece.await.expect("an event within 20 s").unwrap()?;
            self.text.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }
}

fn admin(site: &Site, query: &str) -> RequestBuilder {
    site.request(Method::GET, &format!("/api/admin/events{query}"))
        .bearer_auth(site.admin_token())
}

#[actix_web::test]
async fn a_day_is_told_in_its_order_and_again_to_those_who_come_back() {
    let mut site = site().await;
    let alice = site.client("alice").await;
    let mut stream = Stream::of(admin(&site, "")).await;
    let pass = || site.clock.advance(chrono::TimeDelta::seconds(1));
    alice.launch("BM", "morning").await;
    pass();
    alice.data("BM", &dataset("first")).await;
    pass();
    alice.launch("BM", "noon").await;
    pass();
    alice.close("BM", "noon").await;
    let mut told = Vec::new();
    for _ in 0..5 {
        told.push(stream.next().await.unwrap());
    }
    let names: Vec<_> = told
        .iter()
        .map(|(_, name, data)| (name.as_str(), data["name"].as_str().unwrap()))
        .collect();
    assert_eq!(
        names,
        [
            ("session.launched", "morning"),
            ("dataset", "first"),
            ("session.closed", "morning"),
            ("session.launched", "noon"),
            ("session.closed", "noon"),
        ]
    );
    let (_, _, first) = &told[0];
    assert_eq!(
        (
            first["project"].as_str(),
            first["beamline"].as_str(),
            first["id"].as_u64()
        ),
        (Some("alice"), Some("BM"), Some(1))
    );
    drop(stream);
    site.restart().await;
    let after = told[1].0.clone();
    let mut stream = Stream::of(admin(&site, "").header("Last-Event-ID", &after)).await;
    // Until the first of them has arrived, the client resumes from that position.
    assert_eq!(stream.begins, after);
    for event in &told[2..] {
        assert_eq!(stream.next().await.as_ref(), Some(event));
    }
    // The service does not wait for listeners when it stops.
    let stopping = tokio::time::timeout(Duration::from_secs(20), site.stop());
    stopping.await.unwrap();
    assert_eq!(stream.next().await, None);
}

#[actix_web::test]
async fn listeners_hear_of_their_projects_and_of_what_they_ask_for() {
    let site = site().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    let browser = Browser::of(&site, "alice").await;
    let mut own = Stream::of(browser.request(Method::GET, "/events")).await;
    let mut of_bob = Stream::of(admin(&site, "?project=bob")).await;
    let mut at_bm = Stream::of(admin(&site, "?beamline=BM")).await;
    site.apply("[[project]]\nusername = \"new\"").await;
    bob.launch("ID", "theirs").await;
    alice.launch("BM", "ours").await;
    for (stream, name) in [(&mut own, "ours"), (&mut of_bob, "theirs"), (&mut at_bm, "ours")] {
        assert_eq!(stream.next().await.unwrap().2["name"], name);
    }
}

#[actix_web::test]
async fn strangers_and_wrong_requests_are_refused() {
    let site = site().await;
    let status = async |request: RequestBuilder| Reply::of(request).await.status;
    assert_eq!(status(site.request(Method::GET, "/api/admin/events")).await, 401);
    assert_eq!(status(site.request(Method::GET, "/events")).await, 401);
    assert_eq!(status(admin(&site, "?project=none")).await, 400);
    assert_eq!(status(admin(&site, "?beamline=none")).await, 400);
    assert_eq!(status(admin(&site, "").header("Last-Event-ID", "x")).await, 400);
    let alice = Browser::of(&site, "alice").await;
    assert_eq!(
        status(alice.request(Method::GET, "/events?project=bob")).await,
        403
    );
}
