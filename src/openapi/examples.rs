//! Bodies of real clients as examples: the fixtures that the tests send.

use serde_json::Value;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::OpenApi;

/// The path that is posted to, the example's name, and the fixture.
macro_rules! payloads {
    ($($path:literal: $($name:literal = $file:literal),+;)+) => {
        [$($((
            $path,
            $name,
            include_str!(concat!("../../tests/fixtures/payloads/", $file)),
        )),+),+]
    };
}

const PAYLOADS: [(&str, &str, &str); 14] = payloads! {
    "/api/v2/{token}/data/{beamline}":
        "DATA" = "data-DATA.json",
        "DATA again" = "data-DATA-reupload.json",
        "MAD" = "data-MAD.json",
        "RASTER" = "data-RASTER.json",
        "SCREEN" = "data-SCREEN.json",
        "XAS" = "data-XAS.json",
        "XRD" = "data-XRD.json",
        "XRF" = "data-XRF.json";
    "/api/v2/{token}/report/{beamline}":
        "MX" = "report-MX.json",
        "SCREEN" = "report-SCREEN.json",
        "MX again" = "report-reupload.json";
    "/api/v2/{token}/project":
        "ssh-dss" = "project-key-form.json";
    "/api/v2/accesslist":
        "a connection" = "accesslist-post.json";
    "/access/accesslist":
        "a connection" = "accesslist-post.json";
};

/// Adds the examples to each content type of the bodies they are of.
pub(super) fn add(document: &mut OpenApi) {
    for (path, name, fixture) in PAYLOADS {
        let Some(value) = example(fixture) else { continue };
        let item = document.paths.paths.get_mut(path);
        let operation = item.and_then(|item| item.post.as_mut());
        let Some(body) = operation.and_then(|operation| operation.request_body.as_mut()) else {
            continue;
        };
        for content in body.content.values_mut() {
            let example = ExampleBuilder::new().value(Some(value.clone())).build();
            content.examples.insert(name.to_owned(), example.into());
        }
    }
}

/// The body in a fixture, which has notes beside it.
fn example(fixture: &str) -> Option<Value> {
    let mut fixture: Value = serde_json::from_str(fixture).ok()?;
    Some(fixture.get_mut("example")?.take())
}
