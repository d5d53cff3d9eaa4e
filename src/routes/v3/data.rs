//! `POST /api/v3/data/{beamline}/`: uploads a dataset.

use super::{ProjectHeader, ProjectParameter};
use crate::auth::signed_in::{Purpose, SignedIn};
use crate::auth::AppData;
use crate::body::Body;
use crate::error::ApiError;
use crate::openapi::parameters::{BeamlineParameter, IdempotencyKey};
use crate::openapi::responses::{BodyErrors, SignedInErrors, UploadErrors};
use crate::routes::{beamline, data, Id};
use crate::wire::shapes::DatasetFields;
use actix_web::web::Path;
use actix_web::{HttpRequest, Responder};

/// Upload a dataset
///
/// As in version 2.
#[utoipa::path(
    post,
    path = "/api/v3/data/{beamline}",
    tag = "version 3",
    params(BeamlineParameter, ProjectParameter, ProjectHeader, IdempotencyKey),
    security(("access token" = []), ("authorization" = [])),
    request_body(
        description = "The dataset.",
        content((DatasetFields = "application/msgpack"), (DatasetFields = "application/json")),
    ),
    responses(
        (status = 200, description = "The dataset is stored.", body = Id),
        SignedInErrors,
        UploadErrors,
        BodyErrors,
    ),
)]
pub async fn post(
    request: HttpRequest,
    app: AppData,
    signed_in: SignedIn,
    path: Path<String>,
    body: Body,
) -> Result<impl Responder, ApiError> {
    let acronym = path.into_inner();
    let id = beamline(signed_in.catalog(), &acronym)?;
    let acting = signed_in.acting(&app, None, id, Purpose::Use).await?;
    data::upload(&request, &app, acting, acronym, body).await
}
