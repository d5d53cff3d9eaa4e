//! `/api/docs`: the OpenAPI description of all routes, and a page to read it with. The files of the
//! page are vendored.

use crate::error::{ApiError, ErrorBody};
use crate::openapi::Document;
use actix_web::http::header;
use actix_web::web::{Bytes, Data, Path};
use actix_web::HttpResponse;
use std::borrow::Cow;
use std::sync::Arc;
use utoipa_swagger_ui::Config;

/// The description of all routes
#[utoipa::path(
    get,
    path = "/api/docs/openapi.json",
    tag = "documentation",
    responses((status = 200, description = "An OpenAPI document.", body = Object)),
)]
pub async fn description(document: Data<Document>) -> HttpResponse {
    let Document(json) = &**document;
    answer("application/json", json())
}

/// A page to read the description with
#[utoipa::path(
    get,
    path = "/api/docs",
    tag = "documentation",
    responses((status = 200, description = "A page.", body = String, content_type = "text/html")),
)]
pub async fn page() -> Result<HttpResponse, ApiError> {
    file("index.html")
}

/// A file of the page
#[utoipa::path(
    get,
    path = "/api/docs/{file}",
    tag = "documentation",
    params(("file" = String, Path, description = "Its name.")),
    responses(
        (status = 200, description = "The file.", body = String, content_type = "text/css"),
        (status = 404, description = "The page has no such file.", body = ErrorBody),
    ),
)]
pub async fn asset(name: Path<String>) -> Result<HttpResponse, ApiError> {
    file(&name)
}

fn file(name: &str) -> Result<HttpResponse, ApiError> {
    let config = Arc::new(Config::from("/api/docs/openapi.json"));
    let found = utoipa_swagger_ui::serve(name, config).ok().flatten();
    let file = found.ok_or_else(|| ApiError::NotFound("the documentation has no such file".to_owned()))?;
    let bytes = match file.bytes {
        Cow::Borrowed(bytes) if name != "index.html" => Bytes::from_static(bytes),
        // Relative links must work at `/api/docs` and at `/api/docs/`.
        bytes => {
            let text = String::from_utf8_lossy(&bytes).replace("<head>", "<head><base href=\"/api/docs/\">");
            Bytes::from(text)
        }
    };
    Ok(answer(&file.content_type, bytes))
}

fn answer(content_type: &str, bytes: Bytes) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(content_type)
        .insert_header((header::CACHE_CONTROL, "max-age=3600"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(bytes)
}
