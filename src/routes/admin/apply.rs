//! `POST /api/admin/apply`: makes the facility what a facility file says.

use super::answer;
use super::query::Query;
use crate::auth::{Admin, AppData};
use crate::body::{self, Body};
use crate::error::{ApiError, ErrorBody};
use crate::openapi::responses::{AdminErrors, BodyErrors};
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::facility::declaration::Format;
use beamlive_actors::facility::place::Mistake;
use beamlive_actors::facility::{Applied, File};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ApplyOptions {
    /// Only answer what would change.
    #[param(value_type = Option<bool>)]
    dry_run: Option<String>,
    /// Remove what the file does not name.
    #[param(value_type = Option<bool>)]
    prune: Option<String>,
}

/// What a facility file did, or would do.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct Summary {
    /// New records.
    created: usize,
    /// Changed records.
    updated: usize,
    /// Records that match the file already.
    unchanged: usize,
    /// With `prune`: removed records.
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<usize>,
    /// With `prune`: records that the file does not name but that others refer to.
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<usize>,
    /// With `dry_run`: the changes, one a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Vec<String>>,
}

impl Summary {
    /// What to answer about a file that was applied.
    pub(super) fn of(applied: Applied, dry_run: bool, prune: bool) -> Self {
        Self {
            created: applied.counts.created,
            updated: applied.counts.updated,
            unchanged: applied.counts.unchanged,
            removed: prune.then_some(applied.counts.removed),
            kept: prune.then_some(applied.counts.kept),
            changes: dry_run.then_some(applied.changes),
        }
    }
}

/// Make the facility match a facility file
///
/// One atomic change. Applying the same file again changes nothing.
#[utoipa::path(
    post,
    path = "/api/admin/apply",
    tag = "admin",
    params(ApplyOptions),
    request_body(
        description = "The facility file: TOML, or JSON of the same shape.",
        content((String = "application/toml"), (String = "application/json")),
    ),
    responses(
        (status = 200, description = "What changed, or would change.", body = Summary),
        (
            status = 400,
            description = "Each mistake is named with its place in the file; nothing was changed.",
            body = ErrorBody
        ),
        AdminErrors,
        BodyErrors,
    ),
    security(("admin token" = [])),
)]
pub async fn post(
    request: HttpRequest,
    app: AppData,
    admin: Admin,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let mut query = Query::of(&request);
    let options: ApplyOptions = query.read();
    let dry_run = query.flag("dry_run", options.dry_run).unwrap_or(false);
    let prune = query.flag("prune", options.prune).unwrap_or(false);
    query.finish()?;
    let format = if body::is_json(&request) {
        Format::Json
    } else {
        Format::Toml
    };
    let body = body.read(app.settings.limits.facility_bytes).await?;
    let text = std::str::from_utf8(&body)
        .map_err(|error| ApiError::field("body", format!("is not UTF-8: {error}")))?;
    match app
        .directory
        .apply(File::Text(text.into(), format), dry_run, prune, admin.origin)
        .await?
    {
        Ok(applied) => answer::one(&Summary::of(applied, dry_run, prune)),
        Err(mistakes) => Err(refusal("facility file", mistakes)),
    }
}

/// All mistakes of a `file`; several of one place are listed together.
pub(super) fn refusal(file: &str, mistakes: Vec<Mistake>) -> ApiError {
    let count = mistakes.len();
    let mut fields = BTreeMap::<String, String>::new();
    for Mistake { place, message } in mistakes {
        fields
            .entry(place)
            .and_modify(|listed| {
                listed.push_str("; ");
                listed.push_str(&message);
            })
            .or_insert(message);
    }
    let mistakes = if count == 1 { "a mistake" } else { "mistakes" };
    ApiError::Invalid {
        message: format!("the {file} has {mistakes}; nothing was changed"),
        fields,
    }
}
