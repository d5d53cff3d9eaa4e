//! What one node changes is visible on the other.

use super::two;
use crate::support::{eventually, KeyKind, Reply, Site};
use std::time::{Duration, Instant};

const SAMPLE: &str = r#"
[[container]]
project = "alice"
name = "new-puck"
type = "Uni-Puck"
status = "on-site"
parent = { project = "staff", name = "AD-1" }
location = "D"
[[sample]]
project = "alice"
container = "new-puck"
location = "1"
name = "new-sample"
"#;

/// Resets the key of alice.
async fn reset(site: &Site) {
    let request = site
        .http
        .delete(format!("{}/api/admin/projects/alice/key", site.url()));
    let reply = Reply::of(request.bearer_auth(site.admin_token())).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
}

#[actix_web::test]
async fn a_key_that_was_reset_on_one_node_is_refused_by_the_other() {
    for lost in [false, true] {
        let (nodes, [here, there]) = two().await;
        if lost {
            nodes.engines[0].lose_notifications();
        }
        reset(&nodes.sites[1]).await;
        let began = Instant::now();
        eventually("the refusal", || async {
            (here.samples("BM").await.status == 400).then_some(())
        })
        .await;
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        // Another key can be registered on either node, and the old one stays refused.
        let new = nodes.sites[1].client_with("alice", KeyKind::Ed25519).await;
        let new_here = new.at(&nodes.sites[0]);
        eventually("the new key", || async {
            (new_here.samples("BM").await.status == 200).then_some(())
        })
        .await;
        assert_eq!(there.samples("BM").await.status, 405);
    }
}

#[actix_web::test]
async fn the_changes_of_a_facility_file_are_visible_on_the_other_node() {
    let (nodes, [here, _]) = two().await;
    assert!(!here.samples("BM").await.text().contains("new-sample"));
    nodes.sites[1].apply(SAMPLE).await;
    eventually("the new sample", || async {
        here.samples("BM")
            .await
            .text()
            .contains("new-sample")
            .then_some(())
    })
    .await;
    let more: String = (0..200)
        .map(|number| format!("[[project]]\nusername = \"many-{number}\"\n"))
        .collect();
    nodes.sites[0].apply(&more).await;
    let last = nodes.sites[1].stranger("many-199");
    eventually("more projects than the catalog had records", || async {
        (last.samples("BM").await.status == 400).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_node_that_does_not_follow_answers_nothing_from_memory() {
    let (nodes, [here, _]) = two().await;
    // It is not notified, and the time until it looks again passes at once.
    nodes.engines[0].lose_notifications();
    for _ in 0..3 {
        reset(&nodes.sites[1]).await;
        nodes.sites[0].clock.skip(Duration::from_secs(5));
        assert_eq!(here.samples("BM").await.status, 400);
        let line = here.public.clone();
        let put = nodes.sites[1]
            .http
            .put(format!("{}/api/admin/projects/alice/key", nodes.sites[1].url()));
        let set = Reply::of(
            put.bearer_auth(nodes.sites[1].admin_token())
                .form(&[("key", line)]),
        )
        .await;
        assert_eq!(set.status, 200, "{}", set.text());
        nodes.sites[0].clock.skip(Duration::from_secs(5));
        assert_eq!(here.samples("BM").await.status, 200);
    }
}
