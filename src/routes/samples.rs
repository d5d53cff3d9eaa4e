//! `GET /api/v2/{token}/samples/{beamline}/`: the project's samples that can be mounted there.

use super::beamline;
use crate::auth::{Acting, AppData, TokenSegment, Verified};
use crate::conditional::client_has;
use crate::error::{ApiError, ErrorBody};
use crate::openapi::parameters::{BeamlineParameter, SampleListHeaders};
use crate::openapi::responses::SignedErrors;
use actix_web::http::header::{self, AcceptEncoding, Encoding, Header, Preference, Quality};
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
    list(&request, &app, &verified.0, &acronym).await
}

/// The project's samples that can be mounted.
pub(super) async fn list(
    request: &HttpRequest,
    app: &AppData,
    acting: &Acting,
    acronym: &str,
) -> Result<HttpResponse, ApiError> {
    let beamline = beamline(&acting.catalog, acronym)?;
    let list = app
        .directory
        .samples(&acting.catalog, acting.project, beamline)
        .await?;
    let gzip = list.gzip.as_ref().filter(|_| accepts_gzip(request));
    let tag = match gzip {
        Some(_) => format!("\"{}-gzip\"", list.etag),
        None => format!("\"{}\"", list.etag),
    };
    let known = client_has(request, |tag| is_of(tag.tag(), &list.etag)) == Some(true);
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

/// Whether a client's tag is that of the list, in any encoding.
fn is_of(tag: &str, etag: &str) -> bool {
    tag.strip_suffix("-gzip").unwrap_or(tag) == etag
}

/// Whether the client accepts gzip: named, or `*`, and not with a weight of 0.
fn accepts_gzip(request: &HttpRequest) -> bool {
    let Ok(AcceptEncoding(offered)) = AcceptEncoding::parse(request) else {
        return false;
    };
    let accepted = |wanted: &Preference<Encoding>| {
        let mut offers = offered.iter().filter(|offer| offer.item == *wanted);
        offers.next().map(|offer| offer.quality > Quality::ZERO)
    };
    accepted(&Preference::Specific(Encoding::gzip()))
        .or_else(|| accepted(&Preference::Any))
        .unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::{accepts_gzip, is_of};
    use crate::conditional::client_has;
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
        let request = TestRequest::default()
            .insert_header(("if-none-match", value))
            .to_http_request();
        let known_to_client = client_has(&request, |tag| is_of(tag.tag(), "abc"));
        assert_eq!(known_to_client, Some(known));
    }
}
