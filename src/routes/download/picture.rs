//! What the routes that answer pictures share: conditions and headers, and what is sent where there is no picture.

use super::{Asked, HeadOnly};
use crate::error::ApiError;
use crate::proxy::cache::CacheKey;
use crate::proxy::{naming, placeholder};
use actix_web::body::BodySize;
use actix_web::http::header::{self, ETag, EntityTag, Header, HeaderMap, HeaderValue, IfNoneMatch};
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError};
use std::future::Future;

/// A picture, and how it is described.
pub(super) struct Described<'a> {
    /// What it is of: its tag.
    pub key: &'a CacheKey,
    /// Its content type.
    pub kind: &'static str,
    /// What the download is called.
    pub name: &'a [u8],
}

impl Described<'_> {
    /// Answers it.
    pub(super) fn answer(&self, picture: Bytes, head_only: bool) -> HttpResponse {
        let mut response = self.build(StatusCode::OK);
        if head_only {
            let length = u64::try_from(picture.len()).unwrap_or(u64::MAX);
            response.body(HeadOnly(BodySize::Sized(length)))
        } else {
            response.body(picture)
        }
    }

    /// Answers that it is as the client has it.
    pub(super) fn unchanged(&self) -> HttpResponse {
        self.build(StatusCode::NOT_MODIFIED).finish()
    }

    fn build(&self, status: StatusCode) -> HttpResponseBuilder {
        let mut response = HttpResponse::build(status);
        let mut headers = HeaderMap::new();
        naming::describe(&mut headers, HeaderValue::from_static(self.kind), self.name);
        for header in headers {
            response.insert_header(header);
        }
        response.insert_header((header::CACHE_CONTROL, "private, no-cache"));
        response.insert_header(ETag(EntityTag::new_strong(self.key.to_string())));
        response
    }
}

/// Answers a request for a picture with `answer`. Pages put these pictures into `<img>` tags, so what can't be shown is answered
/// with its status and a small picture that says why; who accepts JSON gets the error as all other routes have it.
///
/// # Errors
/// As [`super::serve`], for who accepts JSON.
pub(super) async fn serve<A: Future<Output = Result<HttpResponse, ApiError>>>(
    route: &'static str,
    request: &HttpRequest,
    answer: impl FnOnce(Asked) -> A,
) -> Result<HttpResponse, ApiError> {
    match super::serve(route, request, answer).await {
        Err(error) if !accepts_json(request) => Ok(in_its_place(error)),
        answered => answered,
    }
}

fn accepts_json(request: &HttpRequest) -> bool {
    let accepted = request.headers().get_all(header::ACCEPT);
    accepted
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.to_ascii_lowercase().contains("json"))
}

/// The answer to an error, with a picture as its body.
fn in_its_place(error: ApiError) -> HttpResponse {
    let response = error.error_response();
    let title = response.status().as_u16().to_string();
    let Ok(picture) = placeholder::png(&title, error.in_short()) else {
        return response;
    };
    let mut response = response.set_body(picture).map_into_boxed_body();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/png"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    // The picture may be there the next time.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What a client has already.
pub(super) fn had(request: &HttpRequest) -> Option<IfNoneMatch> {
    let header = request.headers().contains_key(header::IF_NONE_MATCH);
    header.then(|| IfNoneMatch::parse(request).ok()).flatten()
}

/// Whether the picture of `key` is among it.
pub(super) fn has(had: Option<&IfNoneMatch>, key: &CacheKey) -> bool {
    match had {
        Some(IfNoneMatch::Any) => true,
        Some(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.tag() == key.to_string()),
        None => false,
    }
}
