//! `/api/docs/`: the description matches the routes.

use crate::support::{Reply, Site};
use reqwest::Method;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) async fn document(site: &Site) -> Value {
    let reply = site.get("/api/docs/openapi.json").await;
    assert_eq!(reply.status, 200);
    assert!(reply
        .header("content-type")
        .unwrap()
        .starts_with("application/json"));
    reply.json()
}

/// Every described method and path.
pub(crate) fn described(document: &Value) -> BTreeSet<(String, String)> {
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
async fn the_documentation_page_is_served() {
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
async fn every_described_route_exists() {
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
            .replace("{part}", "dump")
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
            let mut request = site.request(method.parse::<Method>().unwrap(), &format!("{concrete}{slash}"));
            if path == "/api/admin/events" {
                // A good answer has no end.
                request = request.header("Last-Event-ID", "none");
            }
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
async fn every_method_of_a_described_path_is_described() {
    let site = Site::new().await;
    let document = document(&site).await;
    let mut paths = BTreeMap::<_, BTreeSet<_>>::new();
    for (method, path) in described(&document) {
        paths.entry(path).or_default().insert(method);
    }
    for (path, mut methods) in paths {
        if methods.contains("GET") && path != "/api/admin/backup" {
            methods.insert("HEAD".to_owned());
        }
        let concrete = path.replace("{path}", "image.cbf").replace(['{', '}'], "");
        let reply = Reply::of(site.request(Method::PATCH, &concrete)).await;
        assert_eq!(reply.status, 405, "PATCH {path}");
        let allowed = reply.header("allow").unwrap().split(", ").map(str::to_owned);
        assert_eq!(allowed.collect::<BTreeSet<_>>(), methods, "{path}");
    }
}

#[actix_web::test]
async fn every_known_parameter_is_described() {
    let site = Site::new().await;
    let document = document(&site).await;
    let mut seen = 0;
    for (method, path) in described(&document) {
        let Some(route) = path.strip_prefix("/api/admin/") else {
            continue;
        };
        let operation = &document["paths"][&path][method.to_lowercase()];
        let described = names(operation, "query");
        if described.is_empty() {
            continue;
        }
        seen += 1;
        let path = path.replace("{part}", "dump");
        let request = site.request(method.parse::<Method>().unwrap(), &format!("{path}?colour=red"));
        let reply = Reply::of(request.bearer_auth(site.admin_token())).await;
        assert_eq!(reply.status, 400, "{route}");
        let reply = reply.json();
        let message = reply["error"]["fields"]["colour"].as_str().unwrap();
        let known = message.split_once("known are ").unwrap().1.split(", ");
        assert_eq!(known.collect::<BTreeSet<_>>(), described, "{route}");
    }
    assert!(seen >= 8, "{seen} routes with parameters");
}

/// The names of an operation's parameters of one kind.
fn names<'d>(operation: &'d Value, place: &str) -> BTreeSet<&'d str> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters
        .filter(|parameter| parameter["in"] == place)
        .map(|parameter| parameter["name"].as_str().unwrap())
        .collect()
}

fn visit<'v>(value: &'v Value, see: &mut impl FnMut(&'v str, &'v Value)) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            see(name, value);
            visit(value, see);
        }),
        Value::Array(items) => items.iter().for_each(|item| visit(item, see)),
        _ => {}
    }
}

#[actix_web::test]
async fn every_reference_has_a_target() {
    let site = Site::new().await;
    let document = document(&site).await;
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let mut seen = 0;
    visit(&document, &mut |name, value| {
        if let ("$ref", Some(target)) = (name, value.as_str()) {
            seen += 1;
            let shape = target.strip_prefix("#/components/schemas/").unwrap();
            assert!(schemas.contains_key(shape), "{target} does not exist");
        }
    });
    assert!(seen > 50, "{seen} references");
}

#[actix_web::test]
async fn every_operation_is_complete() {
    let site = Site::new().await;
    let document = document(&site).await;
    let schemes = document["components"]["securitySchemes"].as_object().unwrap();
    let tags: BTreeSet<_> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| &tag["name"])
        .map(Value::to_string)
        .collect();
    let mut ids = BTreeSet::new();
    for (method, path) in described(&document) {
        let operation = &document["paths"][&path][method.to_lowercase()];
        assert!(
            ids.insert(operation["operationId"].as_str().unwrap().to_owned()),
            "{method} {path}: another operation has the same id"
        );
        assert!(
            ["200", "303"]
                .iter()
                .any(|status| operation["responses"][status].is_object()),
            "{method} {path} has no successful answer"
        );
        assert!(
            !operation["summary"].as_str().unwrap().is_empty(),
            "{method} {path}"
        );
        assert!(
            tags.contains(&operation["tags"][0].to_string()),
            "{method} {path}"
        );
        let in_braces: BTreeSet<_> = path.split(['{', '}']).skip(1).step_by(2).collect();
        assert_eq!(names(operation, "path"), in_braces, "{method} {path}");
        let schemes_of = |operation: &Value| -> BTreeSet<String> {
            let listed = operation["security"].as_array().into_iter().flatten();
            let named = listed.flat_map(|scheme| scheme.as_object().unwrap().keys().cloned());
            named.collect()
        };
        let named = schemes_of(operation);
        let is_admin = named.contains("admin token");
        assert_eq!(is_admin, path.starts_with("/api/admin/"), "{method} {path}");
        // Routes for beamlines without a signature in their path need an access token.
        let tag = operation["tags"][0].as_str().unwrap();
        let is_of_version_3 = tag == "version 3" && !path.contains("/auth") && !path.contains("/token");
        let is_signed_in = is_of_version_3 || path == "/api/admin/events";
        assert_eq!(named.contains("access token"), is_signed_in, "{method} {path}");
        for scheme in &named {
            assert!(schemes.contains_key(scheme), "{method} {path}: {scheme}");
        }
    }
}

#[actix_web::test]
async fn the_examples_are_payloads_of_real_clients() {
    let site = Site::new().await;
    let document = document(&site).await;
    let examples = |path: &str, media_type: &str| {
        let body = &document["paths"][path]["post"]["requestBody"];
        body["content"][media_type]["examples"]
            .as_object()
            .unwrap()
            .clone()
    };
    for media_type in ["application/msgpack", "application/json"] {
        let datasets = examples("/api/v2/{token}/data/{beamline}", media_type);
        assert_eq!(datasets.len(), 8);
        for (name, example) in datasets {
            assert!(example["value"]["directory"].is_string(), "{name}: {example}");
        }
    }
    let reports = examples("/api/v2/{token}/report/{beamline}", "application/json");
    assert_eq!(reports.len(), 3);
    for path in ["/access/accesslist", "/api/v2/accesslist"] {
        assert!(examples(path, "application/json")["a connection"]["value"].is_array());
    }
    let keys = examples("/api/v2/{token}/project", "application/x-www-form-urlencoded");
    assert!(keys["ssh-dss"]["value"]["public"].is_string());
}

#[actix_web::test]
async fn rows_match_their_descriptions() {
    let site = Site::new().await;
    let document = document(&site).await;
    let schemas = &document["components"]["schemas"];
    let dataset = &schemas["DatasetRow"];
    assert_eq!(dataset["properties"]["type"]["type"], "string");
    assert_eq!(dataset["properties"]["kind"], Value::Null);
    assert_eq!(schemas["DatasetUpload"]["properties"]["type"]["type"], "string");
    assert_eq!(schemas["Instant"]["format"], "date-time");
    let required = schemas["ErrorDetails"]["required"].as_array().unwrap();
    assert_eq!(*required, ["code", "message"]);
}
