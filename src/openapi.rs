//! The OpenAPI document: its head, and what the descriptions of several routes share.
//!
//! Routes are described by the attributes of their handlers, bodies by the types that are read or
//! serialized. `router.rs` collects them.

pub mod parameters;
pub mod responses;

mod examples;

use crate::error::ErrorBody;
use crate::openapi::responses::RefusedToken;
use actix_web::web::Bytes;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::OpenApi as Description;
use utoipa::{Modify, OpenApi};

/// How to read the document, for a person.
const ABOUT: &str = "\
Between the beamlines of a synchrotron and the records of what was measured there.

**Signed URLs.** Routes under `/api/v2/{token}/` take `username:time:signature` as one segment of the path: the time is in \
seconds since 1970 in base62 (`0-9A-Za-z`), the signature in base64url, with or without padding, over the text \
`ca.clsi.cmcf:username:time`. A token is valid for 60 s. Every failure to verify one is `405` with an empty `Allow`; \
an account that has no key yet is `400` with the code `no_key`.

**Access tokens.** Routes of version 3 take `X-Access-Token: Bearer …` or `Authorization: Bearer …` with a token of \
`POST /api/v3/auth/`, or of `GET /api/v3/auth/oidc/`, which leads a browser to the facility's own sign-in. Without a good \
one they answer `403` without a body.

**Errors** are JSON: `{\"error\": {\"code\", \"message\", \"fields\"?}}`. Every success is `200`, except for `GET /api/v3/auth/oidc/`, and no failure is a `3xx`. \
Every route works with and without its trailing slash. GET routes take HEAD too.

**Busy or writes off**: `503` with `Retry-After`; nothing was done, and the request can be sent again.";

/// The document without its routes.
#[derive(OpenApi)]
#[openapi(
    info(title = "beamlive", description = ABOUT, license(name = "MIT", identifier = "MIT")),
    components(schemas(ErrorBody, RefusedToken)),
    tags(
        (name = "beamlines", description = "Called by the beamlines' control systems."),
        (
            name = "version 3",
            description = "As for beamlines, for accounts that sign in with a password; most of it is under /api/v2/ too."
        ),
        (
            name = "remote access",
            description = "Called by hosts for remote access; the caller's address chooses the access list."
        ),
        (name = "survey", description = "Opened by users in a browser when their session ends."),
        (
            name = "data proxy",
            description = "Directories, the keys that open them, and the files behind the keys."
        ),
        (name = "admin", description = "For operators. Lists are sorted from new to old."),
        (name = "machines", description = "Health and metrics; these may be bound to another address."),
        (name = "documentation", description = "This document, and a page to read it with."),
    ),
    modifiers(&Tokens)
)]
struct Head;

/// Adds the security schemes of the admin API and of version 3.
struct Tokens;

impl Modify for Tokens {
    fn modify(&self, document: &mut Description) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The text of `admin.token` in the service's data directory."));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("admin token", SecurityScheme::Http(scheme.build()));
        let description = "`Bearer` and the access token, for front ends that strip `Authorization`.";
        let header = ApiKeyValue::with_description("X-Access-Token", description);
        components.add_security_scheme("access token", SecurityScheme::ApiKey(ApiKey::Header(header)));
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The access token."));
        components.add_security_scheme("authorization", SecurityScheme::Http(scheme.build()));
    }
}

/// Returns the document as JSON. The router sets it for the handler, which can't know all routes.
#[derive(Debug)]
pub struct Document(pub fn() -> Bytes);

/// The document of the routes that `descriptions` describe, as JSON.
#[must_use]
pub fn document(descriptions: impl Iterator<Item = Description>) -> Bytes {
    let mut document = Head::openapi();
    descriptions.for_each(|description| document.merge(description));
    examples::add(&mut document);
    let json = serde_json::to_vec(&document).unwrap_or_else(|error| {
        tracing::error!(%error, "the OpenAPI document can't be serialized");
        b"{}".to_vec()
    });
    json.into()
}
