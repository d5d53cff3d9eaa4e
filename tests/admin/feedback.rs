//! `GET /api/admin/feedback`. These tests store answers directly; `survey` tests the page.

use super::{assert_keys, assert_paged, assert_refuses, ids};
use crate::support::Site;
use beamlive_actors::activity::Origin;
use beamlive_actors::clock::Clock;
use beamlive_storage::ids::SessionId;
use beamlive_storage::records::Feedback;
use serde_json::json;

/// Answers on session 1 (alice's) and, the second of three, on session 2 (bob's).
async fn site() -> Site {
    let site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    alice.launch("BM", "day").await;
    bob.launch("ID", "night").await;
    let directory = &site.app().directory;
    let catalog = directory.services().catalog.last_known();
    for (session, user, beamline, comments) in [
        (1, "alice", "BM", "good"),
        (2, "bob", "ID", "<b>bad</b>"),
        (1, "alice", "BM", ""),
    ] {
        let feedback = Feedback {
            created: site.clock.now(),
            areas: vec![
                ("Robot".to_owned(), Some(4), "quick".to_owned()),
                ("Software".to_owned(), None, String::new()),
            ],
            comments: comments.to_owned(),
        };
        let origin = Origin {
            who: "survey".to_owned(),
            address: None,
        };
        let beamline = catalog.beamline(beamline).unwrap().0;
        let project = catalog.project(user).unwrap().0;
        assert!(directory
            .add_feedback(beamline, project, SessionId(session), feedback, origin)
            .await
            .unwrap());
        site.clock.advance(chrono::TimeDelta::minutes(1));
    }
    site
}

#[actix_web::test]
async fn answers_are_shown_newest_first_with_their_areas() {
    let site = site().await;
    let rows = site.admin("feedback").await;
    assert_keys(&rows, &["id", "session", "created", "areas", "comments"]);
    assert_eq!(
        rows[1],
        json!({
            "id": 2, "session": 2, "created": "2026-11-23T15:01:00Z",
            "areas": [
                {"name": "Robot", "rating": 4, "comment": "quick"},
                {"name": "Software", "rating": null, "comment": ""}
            ],
            "comments": "<b>bad</b>"
        })
    );
    assert_paged(&site, "feedback").await;
}

#[actix_web::test]
async fn answers_are_filtered_by_session() {
    let site = site().await;
    assert_eq!(ids(&site, "feedback?session=1").await, [3, 1]);
    assert_eq!(ids(&site, "feedback?session=2").await, [2]);
    assert_refuses(&site, "feedback?session=3", "session").await;
    assert_refuses(&site, "feedback?session=day", "session").await;
}
