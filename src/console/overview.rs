//! `/`: one card for each beamline.

use super::automounter;
use super::contents::Contents;
use super::files;
use super::page::Page as Shown;
use super::refusal::PageError;
use super::show;
use super::visitor::Visitor;
use crate::app::AppData;
use crate::views::data::{self, DatasetRow};
use crate::views::sessions::SessionRow;
use crate::views::{self, Page};
use actix_web::http::StatusCode;
use actix_web::HttpResponse;
use beamlive_actors::directory::Directory;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_actors::pool;
use beamlive_actors::schedule::HALF_SHIFT;
use beamlive_storage::ids::{BeamlineId, SessionId};
use beamlive_storage::records::BeamlineState;
use beamlive_storage::{keys, ReadError, Store, Timestamp};
use chrono_tz::Tz;
use maud::{html, Markup};
use std::sync::Arc;

/// What a card shows.
struct Card {
    beamline: BeamlineId,
    /// The session that has the beamline, if any does.
    open: Option<Open>,
    /// When the last one ended.
    ended: Option<Timestamp>,
}

struct Open {
    session: SessionRow,
    since: Timestamp,
    last: Option<DatasetRow>,
}

/// What all cards are drawn with.
struct Around<'a> {
    visitor: &'a Visitor,
    contents: Contents<'a>,
    directory: &'a Directory,
    /// Where files are; see [`files::base`].
    files: Option<&'static str>,
    now: Timestamp,
    zone: Tz,
}

/// `GET /`
///
/// # Errors
/// 503 when the store can't be read.
pub async fn get(app: AppData, visitor: Visitor) -> Result<HttpResponse, PageError> {
    let cards = cards(&app, &visitor).await?;
    let page = Shown {
        title: "Overview",
        part: "/",
        above: Vec::new(),
        body: html! {
            h1 { "Beamlines" }
            div #beamlines data-live="/overview/beamlines" { (cards) }
        },
    };
    Ok(page.answer(&visitor))
}

/// `GET /overview/beamlines`: the cards alone, for the script.
///
/// # Errors
/// 503 when the store can't be read.
pub async fn beamlines(app: AppData, visitor: Visitor) -> Result<HttpResponse, PageError> {
    let cards = cards(&app, &visitor).await?;
    Ok(super::frame::html_answer(StatusCode::OK, &cards))
}

async fn cards(app: &AppData, visitor: &Visitor) -> Result<Markup, PageError> {
    let store = app.directory.services().store.clone();
    let catalog = Arc::clone(&visitor.catalog);
    let found = pool::read(move || {
        let all = catalog.beamlines.iter().filter(|(_, entry)| entry.record.active);
        let all = all.map(|(id, _)| read(&store, &catalog, BeamlineId(id)));
        all.collect::<Result<Vec<_>, ReadError>>()
    });
    let cards = found.await?;
    let around = Around {
        visitor,
        contents: Contents::of(&visitor.catalog, &visitor.role),
        directory: &app.directory,
        files: files::base(app),
        now: app.directory.services().clock.now(),
        zone: app.settings.timezone,
    };
    Ok(html! {
        @if cards.is_empty() {
            p.empty { "The facility file declares no beamline yet: apply one with " code { "beamlive apply" } "." }
        }
        div.cards {
            @for card in &cards { (draw(card, &around)) }
        }
    })
}

fn read(store: &Store, catalog: &Catalog, beamline: BeamlineId) -> Result<Card, ReadError> {
    let state = store.get::<BeamlineState>(&keys::beamline_state(beamline))?;
    let Some(state) = state.map(|found| found.record) else {
        return Ok(Card {
            beamline,
            open: None,
            ended: None,
        });
    };
    let id = state.session.get().filter(|_| state.end.is_none());
    let Some(id) = id else {
        return Ok(Card {
            beamline,
            open: None,
            ended: state.end,
        });
    };
    let session = views::find::<SessionRow>(store, catalog, id)?;
    let page = Page {
        before: None,
        limit: 1,
    };
    let filter = data::Filter {
        session: Some(SessionId(id)),
        ..data::Filter::default()
    };
    let last = data::list(store, catalog, filter, &page).next().transpose()?;
    Ok(Card {
        beamline,
        open: session.map(|session| Open {
            session,
            since: state.start,
            last,
        }),
        ended: None,
    })
}

fn draw(card: &Card, around: &Around<'_>) -> Markup {
    let catalog = &around.visitor.catalog;
    let acronym = catalog.acronym(card.beamline);
    let beamline = catalog.beamlines.get(card.beamline.0);
    let name = beamline.map_or("", |entry| entry.record.name.as_str());
    let simulated = beamline.is_some_and(|entry| entry.record.simulated);
    html! {
        article.card.beamline aria-label={ "Beamline " (acronym) } {
            header {
                h2 { (acronym) }
                span.soft { (name) }
                @if simulated { span.badge.quiet { "simulated" } }
                @match &card.open {
                    Some(_) => span.badge.good { "in use" },
                    None => span.badge.quiet { "free" },
                }
            }
            @match &card.open {
                Some(open) => (in_use(open, card.beamline, around)),
                None => p.soft {
                    @match card.ended {
                        Some(end) => { "Free since " (show::counting(end, around.now)) }
                        None => { "No session yet" }
                    }
                },
            }
            (automounter::small(catalog, &around.contents, card.beamline))
        }
    }
}

fn in_use(open: &Open, beamline: BeamlineId, around: &Around<'_>) -> Markup {
    let Around {
        visitor, now, zone, ..
    } = *around;
    let (catalog, session) = (&visitor.catalog, &open.session);
    let project = catalog.project(&session.project).map(|(id, _)| id);
    if !visitor.sees_project_named(&session.project) {
        return html! { p.soft { "Another project has it." } };
    }
    let until = around
        .directory
        .schedule()
        .zip(project)
        .and_then(|(schedule, project)| {
            schedule.scheduled_until(catalog, project, beamline, now, HALF_SHIFT)
        });
    html! {
        p.who { strong { (session.project) } " · " a href={ "/sessions/" (session.id) } { (session.name) } }
        dl.facts {
            div { dt { "Since" } dd { (show::counting(open.since, now)) } }
            @if let Some(until) = until { div { dt { "Scheduled until" } dd { (show::time(until, zone)) } } }
            div { dt { "Datasets" } dd data-datasets { (session.datasets) } }
            div { dt { "Reports" } dd data-reports { (session.reports) } }
        }
        @if let Some(last) = &open.last { (last_dataset(last, around.files, zone)) }
    }
}

fn last_dataset(last: &DatasetRow, files: Option<&str>, zone: Tz) -> Markup {
    html! {
        a.last href={ "/datasets/" (last.id) } {
            @if let (Some(files), Some(key)) = (files, &last.url) {
                img data-picture={ (files) "snapshot/" (key) "/" (last.name) ".png" } alt="" hidden width="88" height="66";
            }
            span { strong { (last.name) } br; span.soft { (last.kind) ", " (show::time(last.end_time.0, zone)) } }
        }
    }
}
