//! `GET /api/v2/{token}/samples/{beamline}/`: the project's samples that can be mounted there.

use super::beamline;
use crate::auth::{AppData, TokenSegment, Verified};
use crate::error::{ApiError, ErrorBody};
use crate::openapi::parameters::{BeamlineParameter, SampleListHeaders};
use crate::openapi::responses::SignedErrors;
use actix_web::http::header;
use actix_web::web::{Bytes, Path};
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::inventory::listing::ListedSample;

/// The project's samples that can be mounted
///
/// Samples on-site that are not in another beamline's automounter, in the order of their
/// priorities.
#[utoipa::path(
    get,
    path = "/api/v2/{token}/samples/{beamline}",
    tag = "beamlines",
    params(TokenSegment, BeamlineParameter, SampleListHeaders),
    responses(
        (status = 200, description = "The samples.", body = Vec<ListedSample<'static>>),
        (status = 304, description = "The list is the one that the client has."),
        SignedErrors,
        (status = 404, description = "There is no such beamline.", body = ErrorBody),
    ),
)]
pub async fn get(
    request: HttpRequest,
    app: AppData,
    verified: Verified,
    path: Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (_, acronym) = path.into_inner();
    let beamline = beamline(&verified.catalog, &acronym)?;
    let list = app
        .directory
        .samples(&verified.catalog, verified.project, beamline)
        .await?;
    let gzip = list.gzip.as_ref().filter(|_| accepts_gzip(&request));
    let tag = match gzip {
        Some(_) => format!("\"{}-gzip\"", list.etag),
        None => format!("\"{}\"", list.etag),
    };
    let known = request
        .headers()
        .get_all(header::IF_NONE_MATCH)
        .filter_map(|value| value.to_str().ok())
        .any(|value| names(value, &list.etag));
    let mut response = if known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header((header::ETAG, tag))
        .insert_header((header::VARY, "Accept-Encoding"))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"));
    if known {
        return Ok(response.finish());
    }
    response.insert_header((header::CONTENT_TYPE, "application/json"));
    Ok(match gzip {
        Some(bytes) => {
            response.insert_header((header::CONTENT_ENCODING, "gzip"));
            response.body(Bytes::clone(bytes))
        }
        None => response.body(Bytes::clone(&list.json)),
    })
}

/// Whether an `If-None-Match` names the list of this tag, in any encoding. Weak tags are equal.
fn names(value: &str, etag: &str) -> bool {
    value.split(',').map(str::trim).any(|tag| {
        let tag = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
        tag == "*" || tag == etag || tag.strip_suffix("-gzip") == Some(etag)
    })
}

/// Whether the client accepts gzip: named, or `*`, and not with a weight of 0.
fn accepts_gzip(request: &HttpRequest) -> bool {
    let offered = request
        .headers()
        .get_all(header::ACCEPT_ENCODING)
        .filter_map(|value| value.to_str().ok());
    let mut any = None;
    for coding in offered.flat_map(|value| value.split(',')) {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let refused = parts.any(|part| {
            part.strip_prefix("q=")
                .is_some_and(|q| q.trim().parse::<f32>().is_ok_and(|q| q <= 0.0))
        });
        if name.eq_ignore_ascii_case("gzip") {
            return !refused;
        }
        if name == "*" {
            any = Some(!refused);
        }
    }
    any.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::{accepts_gzip, names};
    use actix_web::test::TestRequest;
    use rstest::rstest;

    #[rstest]
    #[case("gzip, deflate", true)]
    #[case("deflate", false)]
    #[case("gzip;q=0", false)]
    #[case("*", true)]
    #[case("gzip;q=0, *", false)]
    #[case("GZIP;q=0.5", true)]
    #[case("", false)]
    fn encodings(#[case] value: &str, #[case] accepted: bool) {
        let request = TestRequest::default()
            .insert_header(("accept-encoding", value))
            .to_http_request();
        assert_eq!(accepts_gzip(&request), accepted);
    }

    #[rstest]
    #[case("\"abc\"", true)]
    #[case("W/\"abc\"", true)]
    #[case("\"abc-gzip\"", true)]
    #[case("\"x\", \"abc\"", true)]
    #[case("*", true)]
    #[case("\"abcd\"", false)]
    #[case("", false)]
    fn tags(#[case] value: &str, #[case] known: bool) {
        assert_eq!(names(value, "abc"), known);
    }
}
