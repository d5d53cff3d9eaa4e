//! Two services on one database. The state in the memory of one can be older than the changes of
//! the other. Neither answers from old state.

use crate::support::{Client, Reply, Site};
use beamlive_storage::engine::memory::MemoryEngine;
use futures_util::future::join_all;
use std::sync::Arc;

/// Both services, each with a client of alice.
async fn two() -> ((Site, Client), (Site, Client)) {
    let engine = MemoryEngine::new();
    let first = Site::on(Arc::new(engine.clone()), |_| ()).await;
    let alice = first.client("alice").await;
    let second = Site::on(Arc::new(engine), |_| ()).await;
    let there = alice.at(&second);
    ((first, alice), (second, there))
}

#[actix_web::test]
async fn a_session_that_another_node_launched_can_be_closed() {
    let ((_first, here), (second, there)) = two().await;
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
    let ((first, here), (second, _)) = two().await;
    let survey = here.launch("BM", "day").await.json()["survey"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = survey.strip_prefix(&first.url()).unwrap().to_owned();
    let answers = (0..70).map(|number| {
        let site = if number % 2 == 0 { &first } else { &second };
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
