//! The OpenAPI description of every route: what a client sends, what it is answered, and what each status means.
//!
//! | file | what it holds |
//! |---|---|
//! | `openapi/route.rs` | the words in which routes are described |
//! | `openapi/bodies.rs` | shapes of bodies that no other part of the service has as a type |
//! | `openapi/v2.rs`, `access.rs`, `survey.rs`, `download.rs`, `admin.rs`, `machines.rs`, `docs.rs` | the routes |
//!
//! What the admin API answers is described by the very types that it serializes.

pub mod bodies;

mod access;
mod admin;
mod docs;
mod download;
mod machines;
mod route;
mod survey;
#[cfg(test)]
mod tests;
mod v2;

use route::{Route, ADMIN_TOKEN};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Paths};

/// How to read the description, for a person.
const ABOUT: &str = "\
Between the beamlines of a synchrotron and the records of what was measured there.

**Signed URLs.** Routes under `/api/v2/{token}/` take `username:time:signature` as one segment of the path: the time is in \
seconds since 1970 in base62 (`0-9A-Za-z`), the signature in base64url, with or without padding, over the text \
`ca.clsi.cmcf:username:time`. A token is good for 60 s. Every failure to verify one is `405` with an empty `Allow`; \
an account that has no key yet is `400` with the code `no_key`.

**Errors** are JSON: `{\"error\": {\"code\", \"message\", \"fields\"?}}`. Every success is `200`, and no failure is a `3xx`. \
Every route works with and without its trailing slash. GET routes take HEAD too.

**Busy or writes off**: `503` with `Retry-After`; nothing was done, and the request can be sent again.";

/// The description of all routes.
#[must_use]
pub fn document() -> OpenApi {
    let mut paths = Paths::new();
    let mut components = ComponentsBuilder::new().security_scheme(
        ADMIN_TOKEN,
        SecurityScheme::Http(
            Http::builder()
                .scheme(HttpAuthScheme::Bearer)
                .description(Some("The text of `admin.token` in the service's data directory."))
                .build(),
        ),
    );
    for Route {
        method,
        path,
        operation,
        schemas,
    } in all()
    {
        paths.add_path_operation(path, vec![method], operation);
        components = components.schemas_from_iter(schemas);
    }
    let tags = [
        ("beamlines", "What the beamlines' control systems call."),
        (
            "remote access",
            "What hosts for remote access call; the caller's address chooses the access list.",
        ),
        ("survey", "What users open in a browser when their session ends."),
        (
            "data proxy",
            "Directories, the keys that open them, and the files behind the keys.",
        ),
        (
            "admin",
            "What operators read and steer through. Lists go from new to old.",
        ),
        (
            "machines",
            "Health and metrics; these may be bound to another address.",
        ),
        ("documentation", "This description, and a page to read it with."),
    ];
    let tag = |(name, about)| TagBuilder::new().name(name).description(Some(about)).build();
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("beamlive")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(ABOUT))
                .license(Some(
                    LicenseBuilder::new().name("MIT").identifier(Some("MIT")).build(),
                ))
                .build(),
        )
        .paths(paths)
        .components(Some(components.build()))
        .tags(Some(tags.map(tag)))
        .build()
}

/// Every route that is described: its method and its path, with parameters in braces.
#[must_use]
pub fn routes() -> Vec<(&'static str, &'static str)> {
    all()
        .into_iter()
        .map(|route| (route::name(&route.method), route.path))
        .collect()
}

fn all() -> Vec<Route> {
    let parts = [
        v2::routes(),
        access::routes(),
        survey::routes(),
        download::routes(),
        admin::routes(),
        machines::routes(),
        docs::routes(),
    ];
    parts.into_iter().flatten().collect()
}
