//! Several services on one database, as nodes. The state in the memory of one can be older than the
//! changes of the others. None answers from old state.
//!
//! | file | what it holds |
//! |---|---|
//! | `nodes/following.rs` | what one node changes is visible on the other |
//! | `nodes/away.rs` | a node that can't reach the database |
//! | `nodes/refused.rs` | what it refused is not remembered |
//! | `nodes/facility.rs` | facility files and keys on two nodes at once |
//! | `nodes/postgres.rs` | two services on a real PostgreSQL, which is killed |
//! | `nodes/outbox.rs` | one node sends the outbox of all |

mod away;
mod facility;
mod following;
mod outbox;
mod postgres;
mod refused;

use crate::support::{eventually, Client, Reply, Site, MORNING};
use beamlive::config::Settings;
use beamlive_actors::clock::ManualClock;
use beamlive_storage::engine::memory::MemoryEngine;
use beamlive_storage::Timestamp;
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;

/// A database and the services on it.
struct Nodes {
    engines: Vec<MemoryEngine>,
    sites: Vec<Site>,
}

impl Nodes {
    /// Two services, which wait up to `hold` for a database that is away.
    async fn start(hold: Duration, change: impl Fn(&mut Settings)) -> Self {
        let database = MemoryEngine::new();
        let mut nodes = Self {
            engines: Vec::new(),
            sites: Vec::new(),
        };
        for name in ["node-a", "node-b"] {
            let engine = database.node(name, hold);
            let clock = ManualClock::at(Timestamp(MORNING * 1_000_000));
            nodes
                .sites
                .push(Site::on_at(Arc::new(engine.clone()), clock, &change).await);
            nodes.engines.push(engine);
        }
        nodes
    }

    /// A client of `user` with a registered key, at each node. Both know the key.
    async fn clients(&self, user: &str) -> [Client; 2] {
        let here = self.sites[0].client(user).await;
        let there = here.at(&self.sites[1]);
        eventually("the key on the other node", || async {
            (there.samples("BM").await.status == 200).then_some(())
        })
        .await;
        [here, there]
    }
}

/// How long services wait for a database that is away, by default.
const HOLD: Duration = Duration::from_secs(30);

/// Two services, each with a client of alice.
async fn two() -> (Nodes, [Client; 2]) {
    let nodes = Nodes::start(HOLD, |_| ()).await;
    let clients = nodes.clients("alice").await;
    (nodes, clients)
}

#[actix_web::test]
async fn a_session_that_another_node_launched_can_be_closed() {
    let (nodes, [here, there]) = two().await;
    let second = &nodes.sites[1];
    for name in ["day-1", "day-2"] {
        assert_eq!(here.close("BM", name).await.status, 404, "it was not launched");
        assert_eq!(there.launch("BM", name).await.status, 200);
        let closed = here.close("BM", name).await;
        assert_eq!(closed.status, 200, "{}", closed.text());
        assert!(second.open_stretches().await.is_empty());
        assert_eq!(
            there.close("BM", name).await.status,
            200,
            "closing it again succeeds"
        );
    }
    assert_eq!(here.close("BM", "day-3").await.status, 404);
}

#[actix_web::test]
async fn the_limit_of_survey_answers_applies_to_both_nodes_together() {
    let (nodes, [here, _]) = two().await;
    let [first, second] = &nodes.sites[..] else {
        panic!("there are two nodes")
    };
    let survey = here.launch("BM", "day").await.json()["survey"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = survey.strip_prefix(&first.url()).unwrap().to_owned();
    let answers = (0..70).map(|number| {
        let site = if number % 2 == 0 { first } else { second };
        let request = site.http.post(format!("{}{path}", site.url()));
        async move {
            let mut tries = 0;
            loop {
                let request = request.try_clone().unwrap();
                let reply = Reply::of(request.form(&[("comments", number.to_string())])).await;
                tries += 1;
                // With too many requests at once, the service asks for a retry.
                if reply.status != 503 || tries > 200 {
                    return reply.status;
                }
            }
        }
    });
    let statuses = join_all(answers).await;
    let taken = statuses.iter().filter(|status| **status == 200).count();
    assert_eq!(taken, 50, "{statuses:?}");
    assert!(
        statuses.iter().all(|status| matches!(status, 200 | 429)),
        "{statuses:?}"
    );
    let kept = first.admin("feedback?limit=1000").await;
    assert_eq!(kept.as_array().unwrap().len(), 50);
}
