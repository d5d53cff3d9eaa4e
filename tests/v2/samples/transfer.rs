//! The transfer of sample lists: tags, compression, length.

use super::listed;
use crate::support::facilities::{container, sample};
use crate::support::{Client, Reply, Site};
use reqwest::header::HeaderMap;
use serde_json::Value;
use std::io::Read;

async fn with_header(client: &Client, beamline: &str, name: &'static str, value: &str) -> Reply {
    let url = client.url(&format!("samples/{beamline}/"));
    Reply::of(reqwest::Client::new().get(url).header(name, value)).await
}

/// The tag of alice's list at BM.
async fn tag(alice: &Client) -> String {
    let reply = alice.samples("BM").await;
    assert_eq!(reply.status, 200);
    reply.header("etag").unwrap().to_owned()
}

#[actix_web::test]
async fn an_unchanged_list_is_not_sent_again() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let tag = tag(&alice).await;
    assert!(
        tag.starts_with('"') && tag.ends_with('"') && tag.len() > 10,
        "{tag} is not a strong tag"
    );
    for value in [
        tag.clone(),
        format!("W/{tag}"),
        format!("\"x\", {tag}"),
        "*".to_owned(),
    ] {
        let reply = with_header(&alice, "BM", "if-none-match", &value).await;
        assert_eq!((reply.status, reply.body.len()), (304, 0), "{value}");
        assert_eq!(reply.header("etag"), Some(tag.as_str()), "{value}");
    }
    for value in ["\"x\"", "x", ""] {
        let reply = with_header(&alice, "BM", "if-none-match", value).await;
        assert_eq!(reply.status, 200, "{value}");
        assert_eq!(reply.json().as_array().unwrap().len(), 2);
    }
    // Each list has its own tag.
    let reply = with_header(&alice, "ID", "if-none-match", &tag).await;
    assert_eq!((reply.status, reply.text().as_str()), (200, "[]"));
}

#[actix_web::test]
async fn a_tag_changes_with_everything_in_the_list() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let mut tags = vec![tag(&alice).await];
    for change in [
        sample("alice", "CLS-0042", "1", "renamed", ""),
        sample("alice", "CLS-0042", "1", "renamed", "barcode = \"0815\""),
        sample(
            "alice",
            "CLS-0042",
            "1",
            "renamed",
            "barcode = \"0815\"\ncomments = \"small\"",
        ),
        sample(
            "alice",
            "CLS-0042",
            "1",
            "renamed",
            "group = \"native\"\npriority = 1",
        ),
        sample("alice", "CLS-0042", "2", "one more", ""),
        container(
            "alice",
            "CLS-0042",
            "Uni-Puck",
            "on-site",
            Some(("staff/AD-1", "B")),
        ),
        container("staff", "AD-1", "Adaptor", "on-site", Some(("staff/AM-BM", "2"))),
        container("alice", "CLS-0042", "Uni-Puck", "returned", None),
    ] {
        site.apply(&change).await;
        let old = tags.last().unwrap().clone();
        let reply = with_header(&alice, "BM", "if-none-match", &old).await;
        assert_eq!(reply.status, 200, "the tag did not change: {change}");
        let new = reply.header("etag").unwrap().to_owned();
        assert!(!tags.contains(&new), "{new} was used before: {change}");
        tags.push(new);
    }
}

#[actix_web::test]
async fn other_changes_and_a_restart_do_not_change_a_tag() {
    let mut site = Site::new().await;
    let alice = site.client("alice").await;
    let before = tag(&alice).await;
    site.apply(&sample("bob", "BOB-1", "2", "bobs", "")).await;
    assert_eq!(tag(&alice).await, before, "another project's sample");
    assert_eq!(site.stranger("bob").register().await.status, 200);
    assert_eq!(tag(&alice).await, before, "a key registration");
    site.apply("[[beamline]]\nacronym = \"BM\"\nname = \"renamed\"\n")
        .await;
    assert_eq!(tag(&alice).await, before, "a beamline's name");
    site.apply(&container("alice", "NEW", "Uni-Puck", "draft", None))
        .await;
    assert_eq!(tag(&alice).await, before, "a container that is not on-site");
    site.restart().await;
    assert_eq!(tag(&alice.at(&site)).await, before, "a restart");
}

/// Fills a puck of alice, so that her list is long enough for compression.
async fn fill_a_puck(site: &Site) {
    let mut facility = container("alice", "FULL", "Uni-Puck", "on-site", Some(("staff/AD-1", "B")));
    for location in 1..=16 {
        facility += &sample(
            "alice",
            "FULL",
            &location.to_string(),
            &format!("xtal-é-{location}"),
            "",
        );
    }
    site.apply(&facility).await;
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(bytes)
        .read_to_end(&mut plain)
        .unwrap();
    plain
}

#[actix_web::test]
async fn a_client_that_accepts_gzip_gets_the_same_list_compressed() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    fill_a_puck(&site).await;
    let plain = alice.samples("BM").await;
    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(plain.header("vary"), Some("Accept-Encoding"));
    let packed = with_header(&alice, "BM", "accept-encoding", "gzip, deflate").await;
    assert_eq!(packed.status, 200);
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert_eq!(packed.header("vary"), Some("Accept-Encoding"));
    assert_eq!(
        packed.header("content-length").unwrap(),
        packed.body.len().to_string()
    );
    assert!(packed.body.len() < plain.body.len() / 2);
    assert_eq!(unpacked(&packed.body), plain.body);
    assert_ne!(
        packed.header("etag"),
        plain.header("etag"),
        "different bytes need different strong tags"
    );
    let refused = with_header(&alice, "BM", "accept-encoding", "gzip;q=0").await;
    assert_eq!(refused.header("content-encoding"), None);
    assert_eq!(refused.body, plain.body);
}

#[actix_web::test]
async fn an_unchanged_compressed_list_is_not_sent_again() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    fill_a_puck(&site).await;
    let mut headers = HeaderMap::new();
    headers.insert("accept-encoding", "gzip".parse().unwrap());
    let packed = Reply::of(site.http.get(alice.url("samples/BM")).headers(headers.clone())).await;
    headers.insert("if-none-match", packed.header("etag").unwrap().parse().unwrap());
    let again = Reply::of(site.http.get(alice.url("samples/BM")).headers(headers)).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(again.header("etag"), packed.header("etag"));
}

#[actix_web::test]
async fn a_list_can_have_five_thousand_samples() {
    let site = Site::new().await;
    let carol = site.client("carol_3-x").await;
    let mut facility = String::new();
    for number in 0..5000 {
        let puck = format!("P-{:03}", number / 16);
        if number % 16 == 0 {
            facility += &container("carol_3-x", &puck, "Uni-Puck", "on-site", None);
        }
        let (location, more) = (
            (number % 16 + 1).to_string(),
            format!("priority = {}", 5000 - number),
        );
        facility += &sample("carol_3-x", &puck, &location, &format!("frag-{number:04}"), &more);
    }
    site.apply(&facility).await;
    let rows = listed(&carol, "BM").await;
    assert_eq!(rows.len(), 5000);
    for (index, row) in rows.iter().enumerate() {
        assert_eq!(row["name"], format!("frag-{:04}", 4999 - index));
        assert_eq!(row["priority"], index);
    }
    let packed = with_header(&carol, "BM", "accept-encoding", "gzip").await;
    assert_eq!(
        serde_json::from_slice::<Value>(&unpacked(&packed.body)).unwrap(),
        Value::Array(rows)
    );
}
