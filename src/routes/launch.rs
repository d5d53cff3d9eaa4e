//! `POST /api/v2/{token}/launch/{beamline}/{session}/`: takes the beamline for a session.

use super::{beamline, session_name};
use crate::auth::{AppData, Verified};
use crate::connection::LocalAddress;
use crate::error::ApiError;
use actix_web::http::header;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::beamline::LaunchSession;
use beamlive_actors::duration;
use chrono::SecondsFormat;
use serde::Serialize;

/// The answer; clients format all four.
#[derive(Debug, Serialize)]
struct Launched<'a> {
    session: &'a str,
    duration: String,
    survey: String,
    end_time: Option<String>,
}

/// Launches the session; see `beamlive_actors::beamline::state` for the rules.
///
/// # Errors
/// 404 for an unknown beamline or a name that is none.
pub async fn post(
    request: HttpRequest,
    app: AppData,
    verified: Verified,
    path: Path<(String, String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (_, acronym, name) = path.into_inner();
    let name = session_name(&name)?;
    let beamline = beamline(&verified.catalog, &acronym)?;
    let command = LaunchSession {
        project: verified.project,
        username: verified.username,
        name: name.into(),
        origin: verified.origin,
        reread: false,
    };
    let launched = app.directory.launch(beamline, command).await?;
    let now = app.directory.services().clock.now();
    let end_time = app
        .directory
        .schedule()
        .and_then(|schedule| schedule.end_time(&verified.catalog, verified.project, beamline, now));
    Ok(HttpResponse::Ok().json(Launched {
        session: name,
        duration: duration::humanize(launched.total_micros),
        survey: format!(
            "{}/survey/{}/",
            base_url(&request, &app),
            launched.survey.to_hex()
        ),
        end_time: end_time.map(|end| end.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, false)),
    }))
}

/// What URLs of this service start with, without a slash at the end.
fn base_url(request: &HttpRequest, app: &AppData) -> String {
    match &app.settings.public_url {
        Some(url) => url.clone(),
        None => {
            let host = request.headers().get(header::HOST);
            let host = host.and_then(|host| host.to_str().ok());
            // HTTP/1.0 has no Host.
            let address = request.conn_data::<LocalAddress>();
            match (host, address) {
                (Some(host), _) => format!("http://{host}"),
                (None, Some(LocalAddress(address))) => format!("http://{address}"),
                (None, None) => format!("http://{}", app.settings.listen),
            }
        }
    }
}
