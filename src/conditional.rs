//! Conditional requests: whether a client already has the current version.

use actix_web::http::header::{self, EntityTag, Header, IfNoneMatch};
use actix_web::HttpRequest;

/// Whether `If-None-Match` is `*`, or one of its tags `is_current`. `None` without the header. One
/// that can't be read names no tag.
#[must_use]
pub fn client_has(request: &HttpRequest, is_current: impl Fn(&EntityTag) -> bool) -> Option<bool> {
    if !request.headers().contains_key(header::IF_NONE_MATCH) {
        return None;
    }
    Some(match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(is_current),
        Err(_) => false,
    })
}
