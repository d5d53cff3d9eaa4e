//! A report for people without an account: a signed link that ends.

use super::form;
use super::frame::{link, outside};
use super::page::Page as Shown;
use super::refusal::PageError;
use super::reports::{figure_file, find, find_any, sections};
use super::show;
use super::visitor::Visitor;
use crate::app::AppData;
use crate::body::Body;
use crate::connection::base_url;
use crate::error::ApiError;
use crate::sign_in::share::{ReportLink, DAYS};
use actix_web::http::StatusCode;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_storage::Timestamp;
use maud::html;
use serde::Deserialize;
use serde_json::Value;

const DAY: i64 = 86_400;

/// For how long.
#[derive(Debug, Deserialize)]
struct Asked {
    #[serde(default)]
    days: u32,
}

/// `POST /reports/{id}/share`
///
/// # Errors
/// 400 for another length, 404 when there is no such report for this visitor, 503 when the store
/// can't be read.
pub async fn post(
    request: HttpRequest,
    app: AppData,
    visitor: Visitor,
    id: Path<String>,
    body: Body,
) -> Result<HttpResponse, PageError> {
    let asked: Asked = form::take(&visitor, &request, body).await?;
    if !DAYS.contains(&asked.days) {
        return Err(ApiError::field("days", "must be 1, 7, 30 or 90").into());
    }
    let row = find(&app, &visitor, &id).await?;
    let now = app.directory.services().clock.now();
    let end = now.seconds() + i64::from(asked.days) * DAY;
    let made = ReportLink { report: row.id, end };
    let path = format!("/shared/{}", made.sign(app.accounts.secrets()));
    let base = base_url(&request, app.settings.public_url.as_deref());
    tracing::info!(report = row.id, who = %visitor.name, days = asked.days, "a link to a report was made");
    let until = Timestamp(end.saturating_mul(1_000_000));
    let body = html! {
        h1 { "A link to " (row.name) }
        p { a href=(path) { (base) (path) } }
        p { "Whoever has it sees this report until " (show::time(until, app.settings.timezone)) ", without signing in." }
        p { a.button href={ "/reports/" (row.id) } { "Back to the report" } }
    };
    let page = Shown {
        title: "A link",
        part: "/reports",
        above: vec![
            link("Reports", "/reports"),
            link(row.name.clone(), format!("/reports/{}", row.id)),
        ],
        body,
    };
    Ok(page.answer(&visitor))
}

/// `GET /shared/{link}`
///
/// # Errors
/// 404 for a link that is none or has ended, 503 when the store can't be read.
pub async fn get(app: AppData, text: Path<String>) -> Result<HttpResponse, PageError> {
    let opened = open(&app, &text)?;
    let row = find_any(&app, opened.report).await?.ok_or_else(ended)?;
    let value = serde_json::to_value(&row.details).unwrap_or(Value::Null);
    let until = Timestamp(opened.end.saturating_mul(1_000_000));
    let body = html! {
        h1 { (row.name) " " span.badge { (row.kind) } }
        p.small { "Shared by " (row.project) " until " (show::time(until, app.settings.timezone)) "." }
        (sections(&value, &format!("/shared/{text}")))
    };
    Ok(outside(StatusCode::OK, &row.name, &body))
}

/// `GET /shared/{link}/{file}`: one of its figures or tables.
///
/// # Errors
/// As [`get`].
pub async fn figure(app: AppData, path: Path<(String, String)>) -> Result<HttpResponse, PageError> {
    let (text, name) = path.into_inner();
    let opened = open(&app, &text)?;
    let row = find_any(&app, opened.report).await?.ok_or_else(ended)?;
    let value = serde_json::to_value(&row.details).unwrap_or(Value::Null);
    figure_file(&value, &name, &format!("report-{}", row.id))
}

fn open(app: &AppData, text: &str) -> Result<ReportLink, PageError> {
    let now = app.directory.services().clock.now();
    ReportLink::read(text, app.accounts.secrets(), now).ok_or_else(ended)
}

fn ended() -> PageError {
    PageError::Refused(
        StatusCode::NOT_FOUND,
        "This link is not valid, or it has ended: ask for a new one.".to_owned(),
    )
}
