#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
use super::{document, routes};
use serde_json::Value;
use std::collections::BTreeSet;

/// Where routes are declared.
const SOURCES: [&str; 3] = [
    include_str!("../routes.rs"),
    include_str!("../routes/admin.rs"),
    include_str!("../routes/download.rs"),
];

/// Methods of a route, by the name of the constant that it is declared with; HEAD goes without saying.
fn methods(constant: &str) -> &'static [&'static str] {
    match constant {
        "GET" | "GET_ONLY" => &["GET"],
        "POST" => &["POST"],
        "GET_POST" => &["GET", "POST"],
        "KEY" => &["PUT", "DELETE"],
        other => panic!("a route takes {other}: say here which methods these are"),
    }
}

/// Methods and paths, without what tells the router how far a parameter reaches.
fn declared() -> BTreeSet<(&'static str, String)> {
    let calls = SOURCES.iter().flat_map(|source| source.split("on(").skip(1));
    let calls = calls.filter_map(|call| call.trim_start().strip_prefix('"'));
    calls
        .flat_map(|call| {
            let (path, rest) = call.split_once('"').unwrap();
            let constant = rest.trim_start_matches([',', ' ']).split(')').next().unwrap();
            let path = path.replace(":.*}", "}");
            methods(constant)
                .iter()
                .map(move |method| (*method, path.clone()))
        })
        .collect()
}

#[test]
fn every_declared_route_is_described_and_no_other() {
    let described: BTreeSet<_> = routes()
        .into_iter()
        .map(|(method, path)| (method, path.to_owned()))
        .collect();
    let declared = declared();
    assert!(
        declared.len() > 30,
        "only {} routes were found in the sources",
        declared.len()
    );
    assert_eq!(described.len(), routes().len(), "a route is described twice");
    let missing: Vec<_> = declared.difference(&described).collect();
    let extra: Vec<_> = described.difference(&declared).collect();
    assert!(
        missing.is_empty() && extra.is_empty(),
        "not described: {missing:?}; not declared: {extra:?}"
    );
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

#[test]
fn every_reference_leads_somewhere() {
    let document = serde_json::to_value(document()).unwrap();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let mut seen = 0;
    visit(&document, &mut |name, value| {
        if let ("$ref", Some(target)) = (name, value.as_str()) {
            seen += 1;
            let shape = target.strip_prefix("#/components/schemas/").unwrap();
            assert!(schemas.contains_key(shape), "{target} is not there");
        }
    });
    assert!(seen > 50, "{seen} references");
}

#[test]
fn every_operation_is_whole() {
    let document = serde_json::to_value(document()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for (method, path) in routes() {
        let operation = &document["paths"][path][method.to_ascii_lowercase()];
        assert!(
            ids.insert(operation["operationId"].as_str().unwrap().to_owned()),
            "{method} {path}: id is not its own"
        );
        assert!(
            operation["responses"]["200"].is_object(),
            "{method} {path} never succeeds"
        );
        let described: BTreeSet<_> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        let named: BTreeSet<_> = path.split(['{', '}']).skip(1).step_by(2).collect();
        assert_eq!(described, named, "{method} {path}");
        assert_eq!(
            operation["security"].is_array(),
            path.starts_with("/api/admin/"),
            "{method} {path}"
        );
    }
}

#[test]
fn payloads_of_real_clients_are_the_examples() {
    let document = serde_json::to_value(document()).unwrap();
    let content = &document["paths"]["/api/v2/{token}/data/{beamline}"]["post"]["requestBody"]["content"];
    for media_type in ["application/msgpack", "application/json"] {
        let examples = content[media_type]["examples"].as_object().unwrap();
        assert_eq!(examples.len(), 8);
        for (name, example) in examples {
            assert!(example["value"]["directory"].is_string(), "{name}: {example}");
        }
    }
    let reports = &document["paths"]["/api/v2/{token}/report/{beamline}"]["post"]["requestBody"]["content"];
    assert_eq!(
        reports["application/json"]["examples"].as_object().unwrap().len(),
        3
    );
    let connections = &document["paths"]["/access/accesslist"]["post"]["requestBody"]["content"];
    assert!(connections["application/json"]["examples"]["a connection"]["value"].is_array());
}

#[test]
fn rows_are_described_as_they_are_answered() {
    let document = serde_json::to_value(document()).unwrap();
    let schemas = &document["components"]["schemas"];
    let dataset = &schemas["DatasetRow"];
    assert_eq!(dataset["properties"]["type"]["type"], "string");
    assert_eq!(dataset["properties"]["kind"], Value::Null);
    assert_eq!(schemas["DatasetUpload"]["properties"]["type"]["type"], "string");
    assert_eq!(schemas["Instant"]["format"], "date-time");
    let required: Vec<_> = schemas["ErrorDetails"]["required"]
        .as_array()
        .unwrap()
        .iter()
        .collect();
    assert_eq!(required, ["code", "message"]);
}
