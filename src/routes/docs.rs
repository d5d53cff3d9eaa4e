//! `/api/docs`: the OpenAPI description of all routes, and a page to read it with. The page's files are vendored.

use crate::error::ApiError;
use actix_web::http::header;
use actix_web::web::{Bytes, Path};
use actix_web::HttpResponse;
use std::borrow::Cow;
use std::sync::{Arc, LazyLock};
use utoipa_swagger_ui::Config;

/// The description, made once.
static DESCRIPTION: LazyLock<Result<Bytes, String>> = LazyLock::new(|| {
    crate::openapi::document()
        .to_json()
        .map(Bytes::from)
        .map_err(|error| error.to_string())
});

/// The description.
///
/// # Errors
/// 404 should it not serialize, which a test rules out.
pub async fn description() -> Result<HttpResponse, ApiError> {
    match &*DESCRIPTION {
        Ok(json) => Ok(answer("application/json", json.clone())),
        Err(error) => Err(ApiError::NotFound(error.clone())),
    }
}

/// The page.
///
/// # Errors
/// None: the page is vendored.
pub async fn page() -> Result<HttpResponse, ApiError> {
    file("index.html")
}

/// One of the page's files.
///
/// # Errors
/// 404 for a file that the page does not have.
pub async fn asset(name: Path<String>) -> Result<HttpResponse, ApiError> {
    file(&name)
}

fn file(name: &str) -> Result<HttpResponse, ApiError> {
    let config = Arc::new(Config::from("/api/docs/openapi.json"));
    let found = utoipa_swagger_ui::serve(name, config).ok().flatten();
    let file = found.ok_or_else(|| ApiError::NotFound("the documentation has no such file".to_owned()))?;
    let bytes = match file.bytes {
        Cow::Borrowed(bytes) if name != "index.html" => Bytes::from_static(bytes),
        // The page's files lie beside it, whether or not it was asked for with a slash at the end.
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
