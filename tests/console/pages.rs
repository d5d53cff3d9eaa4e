//! What the pages show, and to whom.

use super::{site, Browser};
use crate::support::{Reply, Site};
use beamlive_storage::ids::BeamlineId;
use beamlive_storage::keys;
use serde_json::json;

/// Sessions of alice and bob, with datasets and a report.
async fn day(site: &Site) {
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    alice.launch("BM", "morning").await;
    for n in 1..=3 {
        let body = json!({
            "name": format!("lyso-{n}"), "type": "DATA", "directory": format!("/users/alice/{n}"),
            "energy": 12.6581, "exposure": 0.2, "frames": "1-4,8", "filename": "lyso_{:05d}.cbf",
            "delta_angle": 0.5, "start_angle": 90.0, "secret_note": "<script>alert(1)</script>",
        });
        assert_eq!(alice.data("BM", &body).await.status, 200);
    }
    let report = json!({
        "title": "Autoprocess <b>", "kind": "MX", "score": 0.9, "data_id": [1],
        "directory": "/users/alice/report", "details": [],
    });
    let reply = alice.report("BM", &report).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    site.clock.advance(chrono::TimeDelta::minutes(5));
    bob.launch("ID", "afternoon").await;
}

#[actix_web::test]
async fn the_overview_shows_who_has_the_beamlines() {
    let site = site().await;
    day(&site).await;
    let page = Browser::of(&site, "vera").await.page("/").await;
    for text in [
        "alice",
        "morning",
        "bob",
        "afternoon",
        "lyso-3",
        "5 min 0 s",
        "in use",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    // A project sees that the other beamline is taken, and not by whom.
    let page = Browser::of(&site, "alice").await.page("/").await;
    assert!(page.contains("morning") && page.contains("Another project has it"));
    assert!(!page.contains("afternoon") && !page.contains("bob"));
}

#[actix_web::test]
async fn accounts_see_what_belongs_to_their_projects() {
    let site = site().await;
    day(&site).await;
    let statuses = async |username: &str| {
        let browser = Browser::of(&site, username).await;
        let mut statuses = Vec::new();
        for path in [
            "/sessions/1",
            "/sessions/2",
            "/datasets/1",
            "/sessions?project=bob",
            "/datasets?project=alice",
            "/activity?project=bob",
            "/reports",
        ] {
            statuses.push(browser.get(path).await.status);
        }
        statuses
    };
    assert_eq!(statuses("omar").await, [200; 7]);
    assert_eq!(statuses("vera").await, [200; 7]);
    assert_eq!(statuses("anna").await, [200; 7]);
    assert_eq!(statuses("alice").await, [200, 404, 200, 403, 200, 403, 200]);
    assert_eq!(statuses("nemo").await, [404, 404, 404, 403, 403, 403, 403]);
    let page = Browser::of(&site, "alice").await.page("/sessions").await;
    assert!(page.contains("morning") && !page.contains("afternoon"));
    let page = Browser::of(&site, "alice").await.page("/activity").await;
    assert!(
        page.contains("session launched") && !page.contains("apply"),
        "{page}"
    );
}

#[actix_web::test]
async fn pages_of_records_show_them_and_escape_what_clients_sent() {
    let site = site().await;
    day(&site).await;
    let browser = Browser::of(&site, "omar").await;
    let page = browser.page("/datasets/1").await;
    for text in [
        "lyso-1",
        "12.6581",
        "0.9795",
        "1-4,8",
        "data-template=\"lyso_{:05d}.cbf\"",
        "data-delta=\"0.5\"",
        "&lt;script&gt;",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("<script>"));
    let page = browser.page("/sessions/1").await;
    for text in ["morning", "lyso-1", "lyso-3", "Autoprocess &lt;b&gt;", "<svg"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    for path in ["/sessions/99", "/datasets/x", "/datasets/99999999999999999999"] {
        let reply = browser.get(path).await;
        assert_eq!(reply.status, 404);
        assert!(reply.text().contains("There is no "), "{}", reply.text());
    }
}

#[actix_web::test]
async fn tables_filter_and_page_and_come_as_csv() {
    let site = site().await;
    let alice = site.client("alice").await;
    for n in 0..120 {
        let name = if n == 0 {
            "=1+1".to_owned()
        } else {
            format!("set-{n:03}")
        };
        let body = json!({
            "name": name, "type": "DATA", "directory": format!("/users/alice/{n}"), "energy": 12.0,
            "exposure": 0.1,
        });
        let reply = alice.data(if n % 2 == 0 { "BM" } else { "ID" }, &body).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    let browser = Browser::of(&site, "omar").await;
    let count = |page: &str| page.matches("<a href=\"/datasets/").count();
    let first = browser.page("/datasets").await;
    assert_eq!(count(&first), 50);
    assert!(
        first.contains("set-119") && first.contains("before=71"),
        "{first}"
    );
    let last = browser.page("/datasets?before=21").await;
    assert_eq!(count(&last), 20);
    assert!(!last.contains("Later"));
    assert_eq!(
        count(&browser.page("/datasets?beamline=BM&project=alice").await),
        50
    );
    assert_eq!(count(&browser.page("/datasets?beamline=BM&before=11").await), 5);
    assert!(browser
        .page("/datasets?project=bob")
        .await
        .contains("nothing here that fits"));

    let file = browser.get("/datasets?beamline=BM&format=csv").await;
    assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"));
    let text = file.text();
    assert_eq!(text.lines().count(), 61);
    assert!(text.starts_with("Dataset,Type,Project,"), "{text}");
    assert!(text.contains("\n'=1+1,DATA,alice,BM,"), "{text}");

    for path in [
        "/datasets?project=none",
        "/datasets?beamline=XX",
        "/datasets?before=x",
        "/sessions?active=2",
    ] {
        let reply = browser.get(path).await;
        assert_eq!(reply.status, 400, "{path}");
        assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
    }
}

#[actix_web::test]
async fn every_page_forbids_foreign_scripts_and_no_cache_keeps_it() {
    let site = site().await;
    day(&site).await;
    let browser = Browser::of(&site, "omar").await;
    for path in [
        "/",
        "/sign-in",
        "/sessions",
        "/sessions/1",
        "/datasets",
        "/datasets/1",
        "/reports",
        "/activity",
        "/datasets/77",
    ] {
        let reply = browser.get(path).await;
        let policy = reply.header("content-security-policy").unwrap();
        assert!(
            policy.contains("default-src 'none'") && !policy.contains("unsafe"),
            "{path}: {policy}"
        );
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{path}");
        let page = reply.text();
        for forbidden in [" style=\"", " onclick", "javascript:", "<script>", "<style"] {
            assert!(!page.contains(forbidden), "{path} has {forbidden}");
        }
        assert!(page.len() < 150_000, "{path}: {} bytes", page.len());
    }
    let page = browser.page("/").await;
    let mut bytes = page.len();
    for start in ["href=\"/assets/", "src=\"/assets/"] {
        let (_, rest) = page.split_once(start).unwrap();
        let asset = browser
            .get(&format!("/assets/{}", rest.split('"').next().unwrap()))
            .await;
        assert_eq!(asset.status, 200);
        assert!(asset.header("cache-control").unwrap().contains("immutable"));
        bytes += asset.text().len();
    }
    assert!(bytes < 150_000, "{bytes}");
    assert_eq!(browser.get("/assets/other.css").await.status, 404);
}

#[actix_web::test]
async fn pages_answer_without_a_store_that_can_be_read() {
    let (site, engine) = Site::failing(|_| ()).await;
    let mut browser = Browser::new(&site);
    assert_eq!(browser.sign_in("operator", &site.admin_token()).await.status, 303);
    for beamline in 1..=20 {
        let key = keys::beamline_state(BeamlineId(beamline));
        engine.alter(key.as_bytes(), Some(&[1, 2, 3]));
    }
    let reply: Reply = browser.get("/").await;
    assert_eq!(reply.status, 503, "{}", reply.text());
    assert!(
        reply.text().contains("<h1>Service Unavailable</h1>"),
        "{}",
        reply.text()
    );
}

#[actix_web::test]
async fn a_report_is_shared_until_its_link_ends() {
    let site = site().await;
    day(&site).await;
    let alice = Browser::of(&site, "alice").await;
    let reply = alice.submit("/reports/1/share", &[("days", "7")]).await;
    let text = reply.text();
    let (_, rest) = text.split_once("href=\"/shared/").expect(&text);
    let link = format!("/shared/{}", rest.split('"').next().unwrap());
    assert!(text.contains(&format!("{}{link}", site.url())), "{text}");
    // Nobody but a trusted proxy says what this service is called.
    let key = alice.form_key().await;
    let request = alice.request(reqwest::Method::POST, "/reports/1/share");
    let request = request.form(&[("days", "7"), ("form_key", key.as_str())]);
    let reply = Reply::of(request.header("x-forwarded-host", "evil.example")).await;
    assert!(
        reply.status == 200 && !reply.text().contains("evil"),
        "{}",
        reply.text()
    );
    let stranger = Browser::new(&site);
    let page = stranger.page(&link).await;
    assert!(
        page.contains("Autoprocess &lt;b&gt;") && page.contains("Shared by alice"),
        "{page}"
    );
    assert!(!page.contains("Sign out"), "{page}");
    assert_eq!(stranger.get("/reports/1").await.status, 303);
    let other = link.replace("/shared/1.", "/shared/2.");
    assert_eq!(stranger.get(&other).await.status, 404);
    assert_eq!(
        alice.submit("/reports/1/share", &[("days", "400")]).await.status,
        400
    );
    let bob = Browser::of(&site, "bob").await;
    assert_eq!(bob.submit("/reports/1/share", &[("days", "7")]).await.status, 404);
    site.clock.advance(chrono::TimeDelta::days(8));
    assert_eq!(stranger.get(&link).await.status, 404);
}

#[actix_web::test]
async fn lists_are_searched() {
    let site = site().await;
    day(&site).await;
    let omar = Browser::of(&site, "omar").await;
    let page = omar.page("/datasets?find=LYSO-2").await;
    assert!(page.contains("lyso-2") && !page.contains("lyso-3"), "{page}");
    assert!(omar
        .page("/datasets?find=nothing")
        .await
        .contains("nothing here that fits"));
    let csv = omar.page("/datasets?find=lyso-2&format=csv").await;
    assert_eq!(csv.lines().count(), 2, "{csv}");
    assert!(omar.page("/sessions?find=bob").await.contains("afternoon"));
    assert!(!omar.page("/sessions?find=bob").await.contains("morning"));
}

#[actix_web::test]
async fn a_browser_gets_a_page_for_what_is_not_there() {
    let site = site().await;
    let asked = |accept: &'static str| {
        let request = site.request(reqwest::Method::GET, "/no/such/page");
        Reply::of(request.header("accept", accept))
    };
    let page = asked("text/html,application/xhtml+xml").await;
    assert_eq!(page.status, 404);
    assert!(
        page.text().contains("There is nothing at this address"),
        "{}",
        page.text()
    );
    let error = asked("*/*").await;
    assert_eq!(error.status, 404);
    assert_eq!(error.json()["error"]["code"], "not_found");
}

#[actix_web::test]
async fn a_raster_has_its_grid() {
    let site = site().await;
    let alice = site.client("alice").await;
    alice.launch("BM", "grid").await;
    let body = json!({
        "name": "ras", "type": "RASTER", "directory": "/users/alice/ras", "energy": 12.0,
        "exposure": 0.1, "frames": "11-16", "filename": "ras_{:05d}.cbf", "grid_size": [3, 2],
    });
    assert_eq!(alice.data("BM", &body).await.status, 200);
    let page = Browser::of(&site, "alice").await.page("/datasets/1").await;
    assert_eq!(page.matches("#frame=").count(), 6, "{page}");
    assert!(page.contains("Frame 16, column 3, row 2"), "{page}");
}

#[actix_web::test]
async fn lists_are_sorted_and_come_as_files() {
    let site = site().await;
    day(&site).await;
    let omar = Browser::of(&site, "omar").await;
    let names = |page: &str| {
        let parts = page.split("href=\"/people/").skip(1);
        parts
            .map(|part| part.split('"').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names(&omar.page("/people?sort=0").await),
        ["anna", "nemo", "omar", "vera"]
    );
    assert_eq!(
        names(&omar.page("/people?sort=-0").await),
        ["vera", "omar", "nemo", "anna"]
    );
    assert_eq!(omar.get("/people?sort=x").await.status, 400);
    assert_eq!(omar.get("/people?format=pdf").await.status, 400);
    let reply = omar.get("/datasets?format=xlsx").await;
    assert_eq!(reply.status, 200);
    let book = <calamine::Xlsx<_> as calamine::Reader<_>>::new(std::io::Cursor::new(reply.body));
    let sheet = calamine::Reader::worksheet_range(&mut book.unwrap(), "Datasets").unwrap();
    assert_eq!(sheet.height(), 4);
    assert_eq!(sheet.get_value((1, 0)).unwrap().to_string(), "lyso-3");
    assert_eq!(sheet.get_value((1, 5)), Some(&calamine::Data::Float(5.0)));
}
