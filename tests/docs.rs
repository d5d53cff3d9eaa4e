//! `/api/docs/`: the description of the routes is true.

use crate::support::{Reply, Site};
use reqwest::Method;
use serde_json::Value;
use std::collections::BTreeSet;

/// Where routes are declared.
const SOURCES: [&str; 3] = [
    include_str!("../src/routes.rs"),
    include_str!("../src/routes/admin.rs"),
    include_str!("../src/routes/download.rs"),
];

async fn document(site: &Site) -> Value {
    let reply = site.get("/api/docs/openapi.json").await;
    assert_eq!(reply.status, 200);
    assert!(reply
        .header("content-type")
        .unwrap()
        .starts_with("application/json"));
    reply.json()
}

/// Every method and path that is described.
fn described(document: &Value) -> BTreeSet<(String, String)> {
    let paths = document["paths"].as_object().unwrap();
    let methods = |(path, item): (&String, &Value)| {
        let methods = item.as_object().unwrap().keys().filter(|key| {
            [
                "get", "post", "put", "delete", "head", "patch", "options", "trace",
            ]
            .contains(&key.as_str())
        });
        methods
            .map(|method| (method.to_uppercase(), path.clone()))
            .collect::<Vec<_>>()
    };
    paths.iter().flat_map(methods).collect()
}

#[actix_web::test]
async fn a_page_to_read_the_description_with_is_served() {
    let site = Site::new().await;
    let page = site.get("/api/docs/").await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    assert!(page.text().contains("swagger-ui"), "{}", page.text());
    for asset in ["swagger-ui.css", "swagger-ui-bundle.js", "swagger-initializer.js"] {
        let reply = site.get(&format!("/api/docs/{asset}")).await;
        assert_eq!(reply.status, 200, "{asset}");
        assert!(!reply.body.is_empty(), "{asset}");
    }
    assert!(site
        .get("/api/docs/swagger-initializer.js")
        .await
        .text()
        .contains("/api/docs/openapi.json"));
    assert_eq!(site.get("/api/docs/no-such-file.js").await.status, 404);
}

#[actix_web::test]
async fn the_page_is_found_without_its_slash_too() {
    let site = Site::new().await;
    let reply = Reply::of(reqwest::Client::new().get(format!("{}/api/docs", site.url()))).await;
    assert_eq!(reply.status, 200, "errors name /api/docs: {}", reply.text());
    assert!(reply.text().contains("swagger-ui"));
}

#[actix_web::test]
async fn the_description_is_openapi_with_title_and_version() {
    let site = Site::new().await;
    let document = document(&site).await;
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["title"], "beamlive");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    assert!(document["components"]["schemas"].as_object().unwrap().len() > 20);
}

#[actix_web::test]
async fn every_described_route_is_there() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let launched = alice.launch("BM", "day-1").await.json();
    let survey = launched["survey"]
        .as_str()
        .unwrap()
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();
    let document = document(&site).await;
    let routes = described(&document);
    assert!(routes.len() > 30, "{} routes", routes.len());
    for (method, path) in routes {
        let concrete = path
            .replace("{token}", &alice.token())
            .replace("{beamline}", "BM")
            .replace("{session}", "day-1")
            .replace("{username}", "alice")
            .replace("{id}", "1")
            .replace("{file}", "swagger-ui.css")
            .replace("{path}", "image.cbf")
            .replace("{brightness}", "nm")
            .replace("{name}", "day.tar.gz")
            .replace("{key}", &survey);
        assert!(
            !concrete.contains('{'),
            "{path} has a parameter that this test does not know"
        );
        for slash in ["", "/"] {
            let request = site.request(method.parse::<Method>().unwrap(), &format!("{concrete}{slash}"));
            let reply = Reply::of(request.bearer_auth(site.admin_token())).await;
            assert!(reply.status < 500, "{method} {path}{slash}: {}", reply.text());
            assert_ne!(reply.status, 405, "{method} {path}{slash}: {}", reply.text());
            assert!(
                !reply.text().contains("nothing at this path"),
                "{method} {path}{slash}"
            );
            let statuses = document["paths"][&path][method.to_lowercase()]["responses"]
                .as_object()
                .unwrap();
            let status = reply.status.to_string();
            assert!(
                statuses.contains_key(&status),
                "{method} {path}{slash} answers {status}, which is not described"
            );
        }
    }
}

#[actix_web::test]
async fn every_declared_route_is_described() {
    let site = Site::new().await;
    let described = described(&document(&site).await);
    let paths: BTreeSet<_> = described.iter().map(|(_, path)| path.as_str()).collect();
    // How far a parameter reaches is the router's affair.
    let sources = SOURCES.map(|source| source.replace(":.*}", "}"));
    let declared: BTreeSet<_> = sources
        .iter()
        .flat_map(|source| source.split("on(").skip(1))
        .filter_map(|call| call.trim_start().strip_prefix('"')?.split_once('"'))
        .map(|(path, _)| path)
        .filter(|path| path.starts_with('/'))
        .collect();
    assert!(declared.len() > 25, "only {declared:?} were found in the sources");
    assert_eq!(declared, paths);
}
