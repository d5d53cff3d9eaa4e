//! `/docs`: the book.

use super::Browser;
use crate::support::Site;
use std::collections::BTreeSet;

#[actix_web::test]
async fn everybody_can_read_every_page_from_the_first_one_on() {
    let site = Site::new().await;
    let mut seen = BTreeSet::new();
    let mut next = Some("/docs".to_owned());
    while let Some(path) = next {
        assert!(seen.insert(path.clone()), "{path} comes twice");
        let page = site.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.header("content-type").unwrap().starts_with("text/html"));
        assert!(page
            .header("content-security-policy")
            .unwrap()
            .contains("default-src 'none'"));
        let text = page.text();
        assert!(text.contains("<h1"), "{path}");
        assert_eq!(text.matches("aria-current=\"page\"").count(), 2, "{path}");
        // Nothing comes from elsewhere, so that a machine without a network shows it too.
        assert!(!text.contains("src=\"http"), "{path}");
        assert_eq!(site.get(&format!("{path}/")).await.status, 200, "{path}/");
        next = text.split_once(" rel=\"next\" href=\"").map(|(_, rest)| {
            let (href, _) = rest.split_once('"').unwrap();
            href.to_owned()
        });
    }
    assert!(seen.len() > 25, "{} pages", seen.len());
    for page in beamlive_book::Book::get().pages() {
        assert!(seen.contains(&page.href()), "{} is not reached", page.href());
    }
}

#[actix_web::test]
async fn files_are_plain_text() {
    let site = Site::new().await;
    let file = site.get("/docs/files/examples/facility.toml").await;
    assert_eq!(file.status, 200);
    assert!(file.header("content-type").unwrap().starts_with("text/plain"));
    assert!(file.text().contains("[[beamline]]"));
    for path in [
        "/docs/files/Cargo.toml",
        "/docs/files/../Cargo.toml",
        "/docs/nothing",
    ] {
        assert_eq!(site.get(path).await.status, 404, "{path}");
    }
    let wrong = site.request(reqwest::Method::POST, "/docs").send().await.unwrap();
    assert_eq!(wrong.status(), 405);
}

#[actix_web::test]
async fn the_console_leads_to_the_book_and_the_book_to_the_api() {
    let site = super::site().await;
    let page = Browser::of(&site, "omar").await.page("/").await;
    assert!(page.contains("href=\"/docs\""));
    assert!(site.get("/docs").await.text().contains("href=\"/api/docs/\""));
}
