//! Forms: read, and refused if another site sent them.

use super::refusal::PageError;
use super::visitor::Visitor;
use crate::body::Body;
use crate::error::ApiError;
use actix_web::http::{header, Uri};
use actix_web::HttpRequest;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::Deserialize;

/// Longest form, in bytes.
const LONGEST: usize = 1024 * 1024;

/// The field [`FORM_FIELD`](super::cookie::FORM_FIELD).
#[derive(Debug, Deserialize)]
struct Key {
    #[serde(default)]
    form_key: String,
}

/// Reads a form of someone who is not signed in.
///
/// # Errors
/// 403 when another site sent it, 400 when it is no such form, and what [`Body::read`] refuses.
pub(super) async fn read<T: DeserializeOwned>(request: &HttpRequest, body: Body) -> Result<T, PageError> {
    same_site(request)?;
    parse(&body.read(LONGEST).await?)
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, PageError> {
    serde_urlencoded::from_bytes(body)
        .map_err(|error| ApiError::field("form", format!("can't be read: {error}")).into())
}

/// Confirms that `visitor` has sent a form that has nothing but its key.
///
/// # Errors
/// As [`read`]; 403 when it has not the key of the visitor's browser.
pub(super) async fn confirm(visitor: &Visitor, request: &HttpRequest, body: Body) -> Result<(), PageError> {
    take::<IgnoredAny>(visitor, request, body).await.map(drop)
}

/// Reads a form of `visitor`.
///
/// # Errors
/// As [`read`]; 403 when it has not the key of the visitor's browser.
pub(super) async fn take<T: DeserializeOwned>(
    visitor: &Visitor,
    request: &HttpRequest,
    body: Body,
) -> Result<T, PageError> {
    same_site(request)?;
    let body = body.read(LONGEST).await?;
    let key: Key = parse(&body)?;
    if visitor.cookie.has_form_key(&key.form_key) {
        parse(&body)
    } else {
        Err(PageError::forbidden(
            "This form is of another sign-in. Go back, load the page again, and send it once more.",
        ))
    }
}

/// Confirms that a script of a page of `visitor` has sent what is no form: it has the key of their
/// browser in a header.
///
/// # Errors
/// 403 when it has not.
pub(super) fn confirm_header(visitor: &Visitor, request: &HttpRequest) -> Result<(), PageError> {
    same_site(request)?;
    let key = request
        .headers()
        .get("x-form-key")
        .and_then(|key| key.to_str().ok());
    if key.is_some_and(|key| visitor.cookie.has_form_key(key)) {
        Ok(())
    } else {
        Err(PageError::forbidden(
            "Load the page again, and choose the file once more.",
        ))
    }
}

/// Browsers say which site a form is of. Programs that say nothing have no cookie of a person.
fn same_site(request: &HttpRequest) -> Result<(), PageError> {
    let text = |name: &str| {
        request
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap_or(""))
    };
    let is_ours = match text("sec-fetch-site") {
        Some(site) => site == "same-origin" || site == "none",
        None => text("origin").is_none_or(|origin| is_host(origin, text("host").unwrap_or(""))),
    };
    if is_ours {
        Ok(())
    } else {
        tracing::warn!(
            origin = text("origin").unwrap_or(""),
            "a form of another site was refused"
        );
        Err(PageError::forbidden("Another site sent this form."))
    }
}

fn is_host(origin: &str, host: &str) -> bool {
    let origin = origin.parse::<Uri>().ok();
    origin.and_then(|origin| Some(origin.authority()?.as_str() == host)) == Some(true)
}

/// Whether the browser came by TLS, as far as its form says.
pub(super) fn is_secure(request: &HttpRequest) -> bool {
    let origin = request.headers().get(header::ORIGIN);
    origin.is_some_and(|origin| origin.as_bytes().starts_with(b"https://"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;
    use rstest::rstest;

    #[rstest]
    #[case(&[], true)]
    #[case(&[("sec-fetch-site", "same-origin")], true)]
    #[case(&[("sec-fetch-site", "none")], true)]
    #[case(&[("sec-fetch-site", "same-site")], false)]
    #[case(&[("sec-fetch-site", "cross-site"), ("origin", "http://here:8")], false)]
    #[case(&[("origin", "http://here:8")], true)]
    #[case(&[("origin", "http://here")], false)]
    #[case(&[("origin", "https://evil.example")], false)]
    #[case(&[("origin", "null")], false)]
    fn forms_of_other_sites_are_refused(#[case] headers: &[(&str, &str)], #[case] taken: bool) {
        let mut request = TestRequest::post().insert_header(("host", "here:8"));
        for header in headers {
            request = request.insert_header(*header);
        }
        assert_eq!(same_site(&request.to_http_request()).is_ok(), taken);
    }
}
