//! What the routes that answer pictures share: conditions and headers.

use super::HeadOnly;
use crate::proxy::cache::CacheKey;
use crate::proxy::naming;
use actix_web::body::BodySize;
use actix_web::http::header::{self, ETag, EntityTag, Header, HeaderMap, HeaderValue, IfNoneMatch};
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};

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
