//! `/api/v2/…`

mod accesslist;
mod close;
mod data;
mod encodings;
mod idempotency;
mod keys;
mod launch;
mod long_dsa;
mod project;
mod report;
mod routes;
mod samples;
mod schedule;
mod signature;
mod stretches;
mod survey;

use crate::support::{Reply, Site};

/// The id in the answer of a successful upload, which contains nothing else.
fn id_of(reply: &Reply) -> u64 {
    assert_eq!(reply.status, 200, "{}", reply.text());
    let answer = reply.json();
    assert_eq!(answer.as_object().unwrap().len(), 1, "{answer}");
    answer["id"].as_u64().unwrap()
}

/// The note of a project's newest entry in the activity log.
async fn note(site: &Site, project: &str) -> String {
    let log = site.admin(&format!("activity?project={project}&limit=1")).await;
    log[0]["note"].as_str().unwrap().to_owned()
}

/// The URL of the survey in the answer of a launch.
fn survey_url(reply: &Reply) -> String {
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["survey"].as_str().unwrap().to_owned()
}

/// The duration in the answer of a launch.
fn duration(reply: &Reply) -> String {
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["duration"].as_str().unwrap().to_owned()
}
