//! Containers: their table, and the page of one, where operators move it.

use super::change;
use super::contents::Contents;
use super::declared;
use super::form;
use super::frame::{link, see_other};
use super::list;
use super::page::{form_key, Page as Shown};
use super::refusal::PageError;
use super::show;
use super::table::{Asked, Cell, Filter, Table};
use super::visitor::{Operator, Visitor};
use crate::app::AppData;
use crate::body::Body;
use crate::views::activity::{self, ActivityRow};
use crate::views::{Page, Rows};
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::facility::catalog::Catalog;
use beamlive_actors::pool;
use beamlive_page::facts;
use beamlive_storage::ids::ContainerId;
use beamlive_storage::records::{Container, ContainerStatus};
use beamlive_storage::Store;
use maud::{html, Markup};
use serde::Deserialize;
use serde_json::{json, Value};
use std::sync::Arc;

/// Rows of a history.
const HISTORY: usize = 100;

/// A row of the table.
pub(super) struct Row {
    id: u64,
    name: String,
    project: String,
    kind: String,
    status: ContainerStatus,
    place: String,
}

struct Containers;

impl Table for Containers {
    type Row = Row;
    const TITLE: &'static str = "Containers";
    const PATH: &'static str = "/containers";
    const COLUMNS: &'static [(&'static str, bool)] = &[
        ("Container", false),
        ("Project", false),
        ("Type", false),
        ("Status", false),
        ("Where", false),
    ];
    const FILTERS: &'static [Filter] = &[Filter::Project, Filter::Find];
    const SORTED: bool = true;

    fn list<'a>(_: &'a Store, catalog: &'a Catalog, asked: &Asked, page: &Page) -> Rows<'a, Row> {
        declared::rows(catalog, asked, page, |id, container: &Container, asked| {
            let is_asked = asked.project.is_none_or(|project| project == container.project);
            is_asked.then(|| row(catalog, id, container))
        })
    }

    fn id(row: &Row) -> u64 {
        row.id
    }

    fn cells(row: &Row) -> Vec<Cell> {
        vec![
            Cell::Link(row.name.clone(), format!("/containers/{}", row.id)),
            Cell::Text(row.project.clone()),
            Cell::Text(row.kind.clone()),
            Cell::Text(row.status.name().to_owned()),
            Cell::Text(row.place.clone()),
        ]
    }
}

fn row(catalog: &Catalog, id: u64, container: &Container) -> Row {
    let kind = catalog.container_types.get(container.kind.0);
    Row {
        id,
        name: container.name.clone(),
        project: catalog.username(container.project).to_owned(),
        kind: kind.map_or_else(String::new, |kind| kind.record.name.clone()),
        status: container.status,
        place: place(catalog, container),
    }
}

/// Where a container is: `AM-BM 2A`; `""` in no other.
fn place(catalog: &Catalog, container: &Container) -> String {
    let parent = container
        .parent
        .and_then(|parent| catalog.containers.get(parent.0));
    let parent = parent.zip(container.location.as_ref());
    parent.map_or_else(String::new, |(parent, at)| format!("{} {at}", parent.record.name))
}

/// `GET /containers`
///
/// # Errors
/// See `list::answer`.
pub async fn list(request: HttpRequest, app: AppData, visitor: Visitor) -> Result<HttpResponse, PageError> {
    list::answer::<Containers>(&request, &app, visitor).await
}

/// `GET /containers/{id}`
///
/// # Errors
/// 404 when there is no such container for this visitor, 503 when the store can't be read.
pub async fn get(app: AppData, visitor: Visitor, id: Path<String>) -> Result<HttpResponse, PageError> {
    let missing = || PageError::no("container", &id);
    let number: u64 = id.parse().map_err(|_| missing())?;
    let catalog = Arc::clone(&visitor.catalog);
    let found = catalog.containers.get(number).map(|entry| &entry.record);
    let container = found
        .filter(|it| visitor.role.sees(it.project))
        .ok_or_else(missing)?;
    let (store, names) = (app.directory.services().store.clone(), Arc::clone(&catalog));
    let history = pool::read(move || {
        let page = Page {
            before: None,
            limit: HISTORY,
        };
        activity::of_container(&store, &names, ContainerId(number), &page).collect::<Result<Vec<_>, _>>()
    });
    let history = history.await?;
    let contents = Contents::of(&catalog, &visitor.role);
    let row = row(&catalog, number, container);
    let parent = container.parent;
    let body = html! {
        h1 { (row.name) " " span.badge.quiet { (row.status.name()) } }
        (facts(&[
            ("Project", html! { a href={ "/containers?project=" (row.project) } { (row.project) } }),
            ("Type", html! { (row.kind) }),
            ("Where", html! {
                @match parent.filter(|_| !row.place.is_empty()) {
                    Some(parent) => a href={ "/containers/" (parent) } { (row.place) },
                    None => "in no other container",
                }
            }),
        ]))
        div.drawn { (contents.draw(ContainerId(number), container)) }
        (inside(&contents, number))
        (samples(&contents, number, &catalog))
        @if visitor.role.is_operator() { (mover(&visitor, &catalog, number, container)) }
        (history_of(&history, &app))
    };
    let page = Shown {
        title: &row.name,
        part: Containers::PATH,
        above: vec![link(Containers::TITLE, Containers::PATH)],
        body,
    };
    Ok(page.answer(&visitor))
}

fn inside(contents: &Contents<'_>, id: u64) -> Markup {
    let inside = contents.inside(ContainerId(id));
    html! {
        @if !inside.is_empty() {
            h2 { "Containers in it" }
            ul { @for (id, container) in inside {
                li { (container.location.as_deref().unwrap_or("")) ": "
                    a href={ "/containers/" (id) } { (container.name) } }
            } }
        }
    }
}

fn samples(contents: &Contents<'_>, id: u64, catalog: &Catalog) -> Markup {
    let samples = contents.samples(ContainerId(id));
    html! {
        @if !samples.is_empty() {
            h2 { "Samples" }
            div.table tabindex="0" role="region" aria-label="Samples" { table {
                thead { tr {
                    th scope="col" { "Location" } th scope="col" { "Sample" } th scope="col" { "Group" }
                    th.number scope="col" { "Priority" } th scope="col" { "Barcode" } th scope="col" { "Comments" }
                } }
                tbody { @for sample in samples { tr {
                    td { (sample.location) }
                    td { (sample.name) }
                    td { @if let Some(group) = sample.group.and_then(|id| catalog.groups.get(id.0)) { (group.record.name) } }
                    td.number { @if let Some(priority) = sample.priority { (priority) } }
                    td { (sample.barcode) }
                    td { (sample.comments) }
                } } }
            } }
        }
    }
}

fn mover(visitor: &Visitor, catalog: &Catalog, id: u64, container: &Container) -> Markup {
    let parent = container.parent.map(|parent| catalog.container_name(parent));
    html! {
        h2 { "Move" }
        form.bar action={ "/containers/" (id) } method="post" {
            (form_key(visitor))
            label { "Status " select name="status" {
                @for status in ContainerStatus::ALL {
                    option value=(status.name()) selected[status == container.status] { (status.name()) }
                }
            } }
            label { "In container " input name="parent" value=(parent.as_deref().unwrap_or("")) placeholder="project/name"; }
            label { "Location " input name="location" value=(container.location.as_deref().unwrap_or("")) size="6"; }
            button type="submit" { "Move" }
        }
        p.small { "Leave container and location empty to take it out." }
    }
}

fn history_of(history: &[ActivityRow], app: &AppData) -> Markup {
    html! {
        h2 { "History" }
        @if history.is_empty() {
            p.small { "It was not moved since beamlive knows it." }
        } @else {
            div.table tabindex="0" role="region" aria-label="History" { table {
                thead { tr { th scope="col" { "When" } th scope="col" { "Who" } th scope="col" { "What" } } }
                tbody { @for row in history { tr {
                    td { (show::time(row.time.0, app.settings.timezone)) }
                    td { (row.who) }
                    td { (row.note) }
                } } }
            } }
        }
    }
}

/// Where a container goes.
#[derive(Debug, Deserialize)]
struct Move {
    #[serde(default)]
    status: String,
    #[serde(default)]
    parent: String,
    #[serde(default)]
    location: String,
}

/// `POST /containers/{id}`: moves it.
///
/// # Errors
/// 400 when it can't go there, 404 when there is no such container, 503 when the store can't be
/// written.
pub async fn post(
    request: HttpRequest,
    app: AppData,
    Operator(visitor): Operator,
    id: Path<String>,
    body: Body,
) -> Result<HttpResponse, PageError> {
    let asked: Move = form::take(&visitor, &request, body).await?;
    let missing = || PageError::no("container", &id);
    let number: u64 = id.parse().map_err(|_| missing())?;
    let found = visitor.catalog.containers.get(number);
    found.ok_or_else(missing)?;
    change::apply(&app, &visitor, move |catalog| {
        let parent = Some((asked.parent.trim(), asked.location.trim()));
        let moved = moved(
            catalog,
            ContainerId(number),
            parent.filter(|place| *place != ("", "")),
            &asked.status,
        );
        json!({"container": moved.into_iter().collect::<Vec<_>>()})
    })
    .await?;
    Ok(see_other(&format!("/containers/{number}")))
}

/// The entry of a container that is in `place` (`project/name` and location), or in no other.
/// `status` `""` leaves the status as it is. `None` when it is gone.
pub(super) fn moved(
    catalog: &Catalog,
    id: ContainerId,
    place: Option<(&str, &str)>,
    status: &str,
) -> Option<Value> {
    let container = &catalog.containers.get(id.0)?.record;
    let kind = &catalog.container_types.get(container.kind.0)?.record;
    let status = if status.is_empty() {
        container.status.name()
    } else {
        status
    };
    let parent = place.filter(|(parent, _)| !parent.is_empty()).map(|(parent, _)| {
        let (project, name) = parent.split_once('/').unwrap_or(("", parent));
        json!({"project": project.trim(), "name": name.trim()})
    });
    Some(change::entry([
        ("project", json!(catalog.username(container.project))),
        ("name", json!(container.name)),
        ("type", json!(kind.name)),
        ("status", json!(status)),
        ("parent", json!(parent)),
        ("location", json!(place.map_or("", |(_, location)| location))),
    ]))
}
