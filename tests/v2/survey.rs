//! The survey page, where users rate their session.

use crate::support::{Client, Form, Reply, Site, DAY, HOUR};
use reqwest::Method;
use serde_json::{json, Value};

const SCRIPT: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>&amp;";

/// Launches a session and returns the path of its survey.
async fn survey(site: &Site, client: &Client, beamline: &str, session: &str) -> String {
    let reply = client.launch(beamline, session).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let url = reply.json()["survey"].as_str().unwrap().to_owned();
    url.strip_prefix(&site.url()).unwrap().to_owned()
}

async fn send(site: &Site, path: &str, fields: &[(&str, &str)]) -> Reply {
    Reply::of(site.http.post(format!("{}{path}", site.url())).form(fields)).await
}

async fn feedback(site: &Site, session: u64) -> Vec<Value> {
    let rows = site.admin(&format!("feedback?session={session}")).await;
    rows.as_array().unwrap().clone()
}

/// Asserts an HTML page that loads no resources, runs no scripts and sends no referrer.
fn assert_safe_page(reply: &Reply) {
    let html = reply.text();
    assert_eq!(
        reply.header("content-type"),
        Some("text/html; charset=utf-8"),
        "{html}"
    );
    let policy = reply.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(
        !policy.contains("unsafe") && !policy.contains("script-src"),
        "{policy}"
    );
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let lower = html.to_lowercase();
    assert!(lower.starts_with("<!doctype html>"), "{html}");
    assert!(
        !lower.contains("<script") && !lower.contains("<img") && !lower.contains("javascript:"),
        "{html}"
    );
}

#[actix_web::test]
async fn the_page_shows_a_form_for_the_session() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let path = survey(&site, &alice, "BM", "day-1").await;
    for path in [path.as_str(), path.trim_end_matches('/')] {
        let page = site.get(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text());
        assert_safe_page(&page);
        assert!(
            page.text().contains("day-1") && page.text().contains("BM"),
            "{}",
            page.text()
        );
        let form = Form::of(&page.text());
        assert!(
            form.attributes.to_lowercase().contains("method=\"post\""),
            "{form:?}"
        );
        assert!(form.names.contains("comments"), "{form:?}");
        assert!(!form.choices.is_empty(), "there is nothing to rate: {form:?}");
    }
    let style = site.get("/survey/style.css").await;
    assert_eq!(
        (style.status, style.header("content-type")),
        (200, Some("text/css; charset=utf-8"))
    );
    assert!(!style.body.is_empty());
}

#[actix_web::test]
async fn an_answer_is_stored_and_confirmed() {
    let mut site = Site::new().await;
    let alice = site.client("alice").await;
    let path = survey(&site, &alice, "BM", "day").await;
    site.pass(HOUR);
    let form = Form::of(&site.get(&path).await.text());
    let mut fields: Vec<(&str, &str)> = form.texts().into_iter().map(|name| (name, "très bien")).collect();
    for (name, value) in &form.choices {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    let thanks = send(&site, &path, &fields).await;
    assert_eq!(thanks.status, 200, "{}", thanks.text());
    assert_safe_page(&thanks);
    assert!(!thanks.text().contains("<form"), "{}", thanks.text());

    let session = site.visit("alice", "day").await.id;
    let kept = feedback(&site, session).await;
    assert_eq!(kept.len(), 1, "{kept:#?}");
    assert_eq!(kept[0]["session"], session);
    assert_eq!(kept[0]["created"], "2026-11-23T16:00:00Z");
    assert_eq!(kept[0]["comments"], "très bien");
    let areas = kept[0]["areas"].as_array().unwrap();
    assert!(
        !areas.is_empty() && areas.iter().all(|area| area["rating"].is_u64()),
        "{areas:#?}"
    );

    let log = site.admin("activity?project=alice").await;
    assert_eq!(
        (&log[0]["who"], &log[0]["address"]),
        (&json!("survey"), &json!("127.0.0.1")),
        "{log:#}"
    );
    assert_eq!(log[0]["record"]["subject"], "feedback");

    site.restart().await;
    assert_eq!(feedback(&site, session).await, kept);
}

#[actix_web::test]
async fn a_comment_alone_is_enough() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let path = survey(&site, &alice, "BM", "day").await;
    let thanks = send(&site, path.trim_end_matches('/'), &[("comments", "fine")]).await;
    assert_eq!(thanks.status, 200, "{}", thanks.text());
    let kept = feedback(&site, site.visit("alice", "day").await.id).await;
    assert_eq!(kept[0]["comments"], "fine");
    assert!(kept[0]["areas"]
        .as_array()
        .unwrap()
        .iter()
        .all(|area| area["rating"].is_null()));
}

#[actix_web::test]
async fn each_session_has_its_own_page_that_stays_after_its_end() {
    let mut site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    let hers = survey(&site, &alice, "BM", "day").await;
    let his = survey(&site, &bob, "BM", "day").await;
    let elsewhere = survey(&site, &alice, "ID", "day").await;
    assert!(hers != his && his != elsewhere && elsewhere != hers);
    site.pass(60 * DAY);
    site.restart().await;
    for (path, comment) in [(&hers, "hers"), (&his, "his"), (&elsewhere, "elsewhere")] {
        assert_eq!(site.get(path).await.status, 200);
        assert_eq!(send(&site, path, &[("comments", comment)]).await.status, 200);
    }
    let comments: Vec<_> = {
        let visits = site.visits().await;
        let mut comments = Vec::new();
        for visit in visits {
            comments.push(feedback(&site, visit.id).await[0]["comments"].clone());
        }
        comments
    };
    assert_eq!(comments, ["hers", "his", "elsewhere"]);
    assert_eq!(site.admin("feedback").await.as_array().unwrap().len(), 3);
}

#[actix_web::test]
async fn a_script_in_any_input_is_shown_as_text() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let path = survey(&site, &alice, "BM", "day").await;
    let form = Form::of(&site.get(&path).await.text());
    let session = site.visit("alice", "day").await.id;

    let everywhere: Vec<_> = form.names.iter().map(|name| (name.as_str(), SCRIPT)).collect();
    let again = send(&site, &path, &everywhere).await;
    assert_eq!(
        again.status,
        400,
        "a script is not a valid rating: {}",
        again.text()
    );
    assert_safe_page(&again);
    let shown = again
        .text()
        .matches("&lt;script&gt;alert(1)&lt;/script&gt;")
        .count();
    assert_eq!(
        shown,
        form.texts().len(),
        "the typed text is lost: {}",
        again.text()
    );
    assert!(!Form::of(&again.text()).names.is_empty());
    assert!(feedback(&site, session).await.is_empty());

    let texts: Vec<_> = form.texts().into_iter().map(|name| (name, SCRIPT)).collect();
    let thanks = send(&site, &path, &texts).await;
    assert_eq!(thanks.status, 200, "{}", thanks.text());
    assert_safe_page(&thanks);
    assert_eq!(
        feedback(&site, session).await[0]["comments"],
        SCRIPT,
        "operators see the text as it was typed"
    );

    let named = send(&site, &path, &[(SCRIPT, SCRIPT), ("comments", "x")]).await;
    assert_safe_page(&named);
}

#[actix_web::test]
async fn an_unknown_survey_key_is_not_found() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let path = survey(&site, &alice, "BM", "day").await;
    let key = path.trim_matches('/').strip_prefix("survey/").unwrap();
    let directory = site.visit("alice", "day").await.url.unwrap();
    let mut flipped = key.to_owned();
    flipped.replace_range(0..1, if key.starts_with('0') { "1" } else { "0" });
    let wrong = [
        flipped,
        "0".repeat(40),
        key[..39].to_owned(),
        format!("{key}0"),
        format!("{}g", &key[..39]),
        format!("%20{key}"),
        "day".to_owned(),
        "%FF".to_owned(),
        "%3Cscript%3Ealert(1)%3C%2Fscript%3E".to_owned(),
        "é".repeat(20),
        directory,
    ];
    for key in wrong {
        let path = format!("/survey/{key}/");
        let page = site.get(&path).await;
        assert_eq!(page.status, 404, "{path}: {}", page.text());
        assert_safe_page(&page);
        let sent = send(&site, &path, &[("comments", "x")]).await;
        assert_eq!(sent.status, 404, "{path}: {}", sent.text());
        assert_safe_page(&sent);
    }
    assert!(site.admin("feedback").await.as_array().unwrap().is_empty());
}

#[actix_web::test]
async fn a_session_accepts_fifty_answers() {
    let site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    let path = survey(&site, &alice, "BM", "day").await;
    let answers = (0..60).map(|number| {
        let path = &path;
        let site = &site;
        async move { send(site, path, &[("comments", &number.to_string())]).await }
    });
    let replies = futures_util::future::join_all(answers).await;
    let taken = replies.iter().filter(|reply| reply.status == 200).count();
    let refused: Vec<_> = replies.iter().filter(|reply| reply.status == 429).collect();
    assert_eq!((taken, refused.len()), (50, 10));
    for reply in refused {
        assert_eq!(reply.json()["error"]["code"], "too_many");
    }
    let session = site.visit("alice", "day").await.id;
    assert_eq!(feedback(&site, session).await.len(), 50);

    let other = survey(&site, &bob, "BM", "day").await;
    assert_eq!(send(&site, &other, &[("comments", "x")]).await.status, 200);
}

#[actix_web::test]
async fn an_answer_that_is_too_long_is_refused() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let path = survey(&site, &alice, "BM", "day").await;
    let url = format!("{}{path}", site.url());
    let reply = Reply::of(site.http.post(&url).body(vec![b'a'; 128 * 1024 + 1])).await;
    assert_eq!(reply.status, 413, "{}", reply.text());
    assert_eq!(reply.json()["error"]["code"], "too_large");
    let nothing = Reply::of(site.http.post(&url).body("\u{0}\u{1}=%FF%00&&&=")).await;
    assert!(
        [200, 400].contains(&nothing.status),
        "{}: {}",
        nothing.status,
        nothing.text()
    );
}

#[actix_web::test]
async fn other_methods_are_refused() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let path = survey(&site, &alice, "BM", "day").await;
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        let reply = Reply::of(site.http.request(method, format!("{}{path}", site.url()))).await;
        assert_eq!(reply.status, 405, "{}", reply.text());
        assert_eq!(reply.header("allow"), Some("GET, HEAD, POST"));
    }
}
