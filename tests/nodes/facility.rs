//! Facility files and keys on two nodes at once.

use super::{two, Nodes};
use crate::support::{eventually, KeyKind};
use futures_util::future::join_all;
use std::collections::BTreeSet;

/// A file that creates a project of its own, and one that all files create.
fn file(number: usize) -> String {
    format!("[[project]]\nusername = \"common\"\n[[project]]\nusername = \"own-{number}\"\n")
}

async fn ids(nodes: &Nodes, site: usize, names: &[String]) -> Vec<u64> {
    let mut ids = Vec::new();
    for name in names {
        let row = nodes.sites[site].admin(&format!("projects/{name}")).await;
        ids.push(row["id"].as_u64().unwrap());
    }
    ids
}

#[actix_web::test]
async fn files_that_are_applied_at_once_on_two_nodes_follow_each_other() {
    let (nodes, _) = two().await;
    let applied = join_all((0..8).map(|number| {
        let site = &nodes.sites[number % 2];
        async move { site.apply(&file(number)).await }
    }))
    .await;
    let created: u64 = applied
        .iter()
        .map(|applied| applied["created"].as_u64().unwrap())
        .sum();
    assert_eq!(created, 9, "the common one was created once: {applied:#?}");
    let mut names: Vec<_> = (0..8).map(|number| format!("own-{number}")).collect();
    names.push("common".to_owned());
    for site in &nodes.sites {
        eventually("all projects", || async {
            for name in &names {
                if site.admin_reply(&format!("projects/{name}")).await.status != 200 {
                    return None;
                }
            }
            Some(())
        })
        .await;
    }
    let here = ids(&nodes, 0, &names).await;
    assert_eq!(here, ids(&nodes, 1, &names).await);
    assert_eq!(here.iter().collect::<BTreeSet<_>>().len(), 9);
}

#[actix_web::test]
async fn a_name_that_one_node_has_given_is_not_given_by_the_other() {
    let (nodes, _) = two().await;
    nodes.engines[0].lose_notifications();
    for number in 0..6 {
        let (first, second) = (&nodes.sites[number % 2], &nodes.sites[(number + 1) % 2]);
        first.apply(&file(number)).await;
        // The second node does not know of it yet.
        let applied = second.apply(&file(number)).await;
        assert_eq!(applied["created"], 0, "{applied}");
    }
}

#[actix_web::test]
async fn a_file_without_changes_is_compared_with_what_the_other_node_has_stored() {
    let (nodes, _) = two().await;
    nodes.engines[0].lose_notifications();
    for number in 0..6 {
        let (first, second) = (&nodes.sites[number % 2], &nodes.sites[(number + 1) % 2]);
        let file = |name: &str| format!("[[project]]\nusername = \"alice\"\nname = \"{name}\"\n");
        first.apply(&file("one")).await;
        second.apply(&file("two")).await;
        // The first node still has the name that it has given.
        let applied = first.apply(&file("one")).await;
        assert_eq!(applied["updated"], 1, "{applied}");
    }
}

#[actix_web::test]
async fn of_two_keys_that_are_registered_at_once_one_is_taken() {
    let (nodes, _) = two().await;
    for user in ["bob", "carol_3-x"] {
        let clients = [0, 1].map(|node| nodes.sites[node].stranger(user));
        let mut statuses = join_all(clients.iter().map(|client| client.register()))
            .await
            .iter()
            .map(|reply| reply.status)
            .collect::<Vec<_>>();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
        // A third key is refused on both nodes.
        for site in &nodes.sites {
            assert_eq!(site.stranger(user).register().await.status, 409);
        }
    }
    let kind = KeyKind::Ed25519;
    nodes.sites[1].client_with("staff", kind).await;
}
