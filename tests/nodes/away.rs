//! A node that can't reach the database holds requests, and refuses them after a while.

use super::Nodes;
use crate::support::{dataset, eventually, Client, Reply};
use beamlive::config::Settings;
use futures_util::future::join_all;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

type Answer<'a> = Pin<Box<dyn Future<Output = Reply> + 'a>>;

/// One request of each kind: those that read what is in memory, those that read the database, and
/// those that write.
fn requests<'a>(nodes: &'a Nodes, here: &'a Client, survey: &'a str) -> Vec<(&'static str, Answer<'a>)> {
    let site = &nodes.sites[0];
    vec![
        ("samples", Box::pin(here.samples("BM")) as Answer<'a>),
        ("launch", Box::pin(here.launch("BM", "day"))),
        ("close", Box::pin(here.close("ID", "other"))),
        (
            "data",
            Box::pin(async { here.data("BM", &dataset("xtal")).await }),
        ),
        ("survey", Box::pin(site.get(survey))),
        ("access list", Box::pin(site.get("/api/v2/accesslist/"))),
        ("login keys", Box::pin(site.get("/api/v2/keys/alice/"))),
        (
            "apply",
            Box::pin(site.post_admin("apply", "[[project]]\nusername = \"new\"".to_owned())),
        ),
        ("projects", Box::pin(site.admin_reply("projects/alice"))),
    ]
}

async fn start(hold: Duration) -> (Nodes, Client, String) {
    let nodes = Nodes::start(hold, |_: &mut Settings| ()).await;
    let [here, _] = nodes.clients("alice").await;
    let launched = here.launch("BM", "day").await.json();
    let survey = launched["survey"].as_str().unwrap();
    let survey = survey.strip_prefix(&nodes.sites[0].url()).unwrap().to_owned();
    assert_eq!(here.launch("ID", "other").await.status, 200);
    (nodes, here, survey)
}

#[actix_web::test]
async fn requests_are_held_until_the_database_is_back() {
    let (nodes, here, survey) = start(Duration::from_secs(30)).await;
    // At once, and when the node has known for long that the database is away.
    for skipped in [0, 5] {
        nodes.engines[0].set_away(true);
        nodes.sites[0].clock.skip(Duration::from_secs(skipped));
        let began = Instant::now();
        let back = async {
            actix_web::rt::time::sleep(Duration::from_millis(1_500)).await;
            nodes.engines[0].set_away(false);
        };
        let answers = join_all(
            requests(&nodes, &here, &survey)
                .into_iter()
                .map(|(what, request)| async move { (what, request.await) }),
        );
        let (answers, ()) = tokio::join!(answers, back);
        for (what, reply) in answers {
            assert_eq!(reply.status, 200, "{what}: {}", reply.text());
        }
        assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    }
}

#[actix_web::test]
async fn requests_are_refused_after_the_time_for_which_they_are_held() {
    let hold = Duration::from_millis(400);
    let (nodes, here, survey) = start(hold).await;
    nodes.engines[0].set_away(true);
    nodes.sites[0].clock.skip(Duration::from_secs(5));
    for round in 0..2 {
        let answers = requests(&nodes, &here, &survey)
            .into_iter()
            .map(|(what, request)| async move {
                let began = Instant::now();
                (what, request.await, began.elapsed())
            });
        for (what, reply, elapsed) in join_all(answers).await {
            assert_eq!(reply.status, 503, "{what}, round {round}: {}", reply.text());
            assert_eq!(reply.header("retry-after"), Some("10"), "{what}");
            assert_eq!(reply.json()["error"]["code"], "store_away", "{what}");
            assert!(elapsed >= hold && elapsed < 10 * hold, "{what}: {elapsed:?}");
        }
    }
    assert_eq!(nodes.sites[0].get("/health/live").await.status, 200);
    let store = |ready: Reply| ready.json()["store"]["status"].clone();
    assert_eq!(store(nodes.sites[0].get("/health/ready").await), "away");
    assert_eq!(store(nodes.sites[1].get("/health/ready").await), "writing");
    assert_eq!(nodes.sites[0].get("/metrics").await.status, 200);
    // The other node is not affected.
    let there = here.at(&nodes.sites[1]);
    assert_eq!(there.samples("BM").await.status, 200);
    nodes.engines[0].set_away(false);
    eventually("answers", || async {
        (here.samples("BM").await.status == 200).then_some(())
    })
    .await;
}

/// The actors of a node change their state before a batch is durable. If it is refused, they read
/// the stored state again, although another node has given the next revision meanwhile.
#[actix_web::test]
async fn a_launch_that_was_refused_leaves_no_trace_in_memory() {
    let hold = Duration::from_millis(100);
    let nodes = Nodes::start(hold, |_| ()).await;
    let [here, there] = nodes.clients("alice").await;
    let [_, bob] = nodes.clients("bob").await;
    assert_eq!(here.launch("BM", "first").await.status, 200);
    assert_eq!(here.close("BM", "first").await.status, 200);
    nodes.engines[0].set_away(true);
    // It would reopen alice's session.
    assert_eq!(here.launch("BM", "first").await.status, 503);
    // Bob gets the beamline, with the revision that the refused launch would have had.
    assert_eq!(bob.launch("BM", "second").await.status, 200);
    nodes.engines[0].set_away(false);
    eventually("an upload", || async {
        (here.data("BM", &dataset("xtal")).await.status == 200).then_some(())
    })
    .await;
    let data = nodes.sites[1].admin("data/1").await;
    assert_eq!(data["session"], serde_json::Value::Null, "{data}");
    let open = nodes.sites[1].open_stretches().await;
    assert_eq!(open, [("BM".to_owned(), "second".to_owned())]);
    assert_eq!(there.close("BM", "first").await.status, 200);
}
