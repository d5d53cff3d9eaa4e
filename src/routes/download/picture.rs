//! What the routes for pictures share: the cache, headers, and placeholders.

use super::request::{self, FileRequest, HeadOnly};
use crate::conditional::client_has;
use crate::error::ApiError;
use crate::proxy::cache::CacheKey;
use crate::proxy::pictures::PictureError;
use crate::proxy::{naming, placeholder};
use actix_web::body::BodySize;
use actix_web::http::header::{self, Accept, ETag, EntityTag, Header, HeaderValue};
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError};
use std::future::Future;

/// A picture, and how it is described.
pub(super) struct PictureResponse<'a> {
    /// Identifies the picture in the cache and in its `ETag`.
    pub key: &'a CacheKey,
    /// Its content type.
    pub kind: &'static str,
    /// The name of the download.
    pub name: &'a [u8],
}

impl PictureResponse<'_> {
    /// Answers the picture from the cache, or the result of `make`.
    ///
    /// # Errors
    /// Those of `make`.
    pub(super) async fn answer(
        &self,
        request: &HttpRequest,
        file_request: &FileRequest,
        make: impl Future<Output = Result<Bytes, PictureError>>,
    ) -> Result<HttpResponse, ApiError> {
        if self.is_unchanged(request) {
            return Ok(self.build(StatusCode::NOT_MODIFIED).finish());
        }
        let pictures = &file_request.files.pictures;
        let picture = match pictures.cached(self.key.clone()).await? {
            Some(picture) => picture,
            None => make.await?,
        };
        let mut response = self.build(StatusCode::OK);
        Ok(match file_request.head_only {
            true => response.body(HeadOnly(BodySize::Sized(picture.len() as u64))),
            false => response.body(picture),
        })
    }

    /// Whether the client has the picture already.
    fn is_unchanged(&self, request: &HttpRequest) -> bool {
        client_has(request, |tag| tag.tag() == self.key.to_string()) == Some(true)
    }

    fn build(&self, status: StatusCode) -> HttpResponseBuilder {
        let mut response = HttpResponse::build(status);
        naming::describe(&mut response, HeaderValue::from_static(self.kind), self.name);
        response.insert_header((header::CACHE_CONTROL, "private, no-cache"));
        response.insert_header(ETag(EntityTag::new_strong(self.key.to_string())));
        response
    }
}

/// Answers a request for a picture with `answer`. Pages use these URLs in `<img>` tags, so the body
/// of an error is a small picture, unless the client accepts JSON.
///
/// # Errors
/// As [`request::serve`], for clients that accept JSON.
pub(super) async fn serve<A: Future<Output = Result<HttpResponse, ApiError>>>(
    route: &'static str,
    request: &HttpRequest,
    answer: impl FnOnce(FileRequest) -> A,
) -> Result<HttpResponse, ApiError> {
    match request::serve(route, request, answer).await {
        Err(error) if !accepts_json(request) => Ok(placeholder_for(error)),
        answered => answered,
    }
}

fn accepts_json(request: &HttpRequest) -> bool {
    let Ok(Accept(ranges)) = Accept::parse(request) else {
        return false;
    };
    let mut kinds = ranges.iter().map(|range| &range.item);
    kinds.any(|kind| kind.subtype() == "json" || kind.suffix().is_some_and(|suffix| suffix == "json"))
}

/// The response to an error, with a picture as its body.
fn placeholder_for(error: ApiError) -> HttpResponse {
    let response = error.error_response();
    let title = response.status().as_u16().to_string();
    let Ok(picture) = placeholder::png(&title, error.in_short()) else {
        return response;
    };
    let mut response = response.set_body(picture).map_into_boxed_body();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "image/png"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // The picture may exist later.
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
