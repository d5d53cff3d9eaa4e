//! The survey page of a session: a form, its answer, and their style sheet. Anyone with the
//! session's survey key can open it.

use crate::auth::AppData;
use crate::body::Body;
use crate::caller::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::openapi::parameters::SurveyKeyParameter;
use crate::openapi::responses::{BodyErrors, BusyErrors};
use crate::survey::{self, SurveyForm};
use actix_web::http::{header, StatusCode};
use actix_web::web::Path;
use actix_web::HttpResponse;
use beamlive_actors::activity::Origin;
use beamlive_actors::pool;
use beamlive_storage::ids::SessionId;
use beamlive_storage::keys;
use beamlive_storage::records::{Feedback, SecureKey, Session};

/// Longest answer.
const MAX_FORM: usize = 128 * 1024;

/// The form
#[utoipa::path(
    get,
    path = "/survey/{key}",
    tag = "survey",
    params(SurveyKeyParameter),
    responses(
        (status = 200, description = "A page.", body = String, content_type = "text/html"),
        (status = 404, description = "There is no such session: a page that says so."),
        BusyErrors,
    ),
)]
pub async fn get(app: AppData, path: Path<String>) -> Result<HttpResponse, ApiError> {
    Ok(match find(&app, &path).await? {
        Some((_, session)) => {
            let (name, acronym, project) = names(&app, &session).await?;
            page(
                StatusCode::OK,
                survey::form(&name, &acronym, &project, &survey::Typed::default()),
            )
        }
        None => page(StatusCode::NOT_FOUND, survey::not_found()),
    })
}

/// Leave an answer
#[utoipa::path(
    post,
    path = "/survey/{key}",
    tag = "survey",
    params(SurveyKeyParameter),
    request_body(
        description = "The form's fields.",
        content = SurveyForm,
        content_type = "application/x-www-form-urlencoded"
    ),
    responses(
        (status = 200, description = "A page that thanks.", body = String, content_type = "text/html"),
        (status = 400, description = "The form again, with what has to be corrected."),
        (status = 404, description = "There is no such session: a page that says so."),
        (status = 429, description = "The session has the most answers it can take.", body = ErrorBody),
        BodyErrors,
        BusyErrors,
    ),
)]
pub async fn post(
    app: AppData,
    caller: Caller,
    path: Path<String>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let form = body.read(MAX_FORM).await?;
    let Some((id, session)) = find(&app, &path).await? else {
        return Ok(page(StatusCode::NOT_FOUND, survey::not_found()));
    };
    let (name, acronym, project) = names(&app, &session).await?;
    let fields: Vec<(String, String)> = serde_urlencoded::from_bytes(&form)
        .map_err(|error| ApiError::field("body", format!("is no form: {error}")))?;
    let answer = match survey::parse(&fields) {
        Ok(answer) => answer,
        Err(typed) => {
            return Ok(page(
                StatusCode::BAD_REQUEST,
                survey::form(&name, &acronym, &project, &typed),
            ));
        }
    };
    let feedback = Feedback {
        created: app.directory.services().clock.now(),
        areas: answer.areas,
        comments: answer.comments,
    };
    let origin = Origin {
        who: "survey".to_owned(),
        address: Some(caller.0),
    };
    let kept = app
        .directory
        .add_feedback(session.beamline, session.project, id, feedback, origin)
        .await?;
    if !kept {
        return Err(ApiError::TooMany(
            "this session has all the answers it can take: thank you".to_owned(),
        ));
    }
    Ok(page(StatusCode::OK, survey::thanks(&name)))
}

/// The style sheet of these pages
#[utoipa::path(
    get,
    path = "/survey/style.css",
    tag = "survey",
    responses((status = 200, description = "A style sheet.", body = String, content_type = "text/css")),
)]
pub async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "max-age=86400"))
        .body(survey::STYLE)
}

async fn find(app: &AppData, key: &str) -> Result<Option<(SessionId, Session)>, ApiError> {
    let Some(key) = SecureKey::parse(key) else {
        return Ok(None);
    };
    let services = app.directory.services();
    let find = async || {
        let store = services.store.clone();
        pool::read(move || {
            let Some(id) = store.get_id(&keys::session_by_survey(&key))? else {
                return Ok(None);
            };
            let session = store.get::<Session>(&keys::session(SessionId(id)))?;
            Ok(session.map(|session| (SessionId(id), session.record)))
        })
        .await
    };
    Ok(services.catalog.held(find).await?)
}

async fn names(app: &AppData, session: &Session) -> Result<(String, String, String), ApiError> {
    let catalog = app.directory.services().catalog.current().await?;
    Ok((
        session.name.clone(),
        catalog.acronym(session.beamline).to_owned(),
        catalog.username(session.project).to_owned(),
    ))
}

fn page(status: StatusCode, html: String) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, survey::POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(html)
}
