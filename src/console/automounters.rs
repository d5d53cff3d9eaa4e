//! Automounters: what the robot of each beamline holds, and loading, moving and emptying it.

use super::automounter::{mounted, small};
use super::change;
use super::containers::moved;
use super::contents::{Contents, Free};
use super::drawing::colour;
use super::form;
use super::frame::{link, see_other};
use super::page::{form_key, Page as Shown};
use super::refusal::PageError;
use super::visitor::{Operator, Role, Visitor};
use crate::app::AppData;
use crate::body::Body;
use actix_web::web::{Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::{BeamlineId, ContainerId};
use beamlive_storage::records::{Container, ContainerStatus};
use maud::{html, Markup};
use serde::Deserialize;
use serde_json::{json, Value};

const PATH: &str = "/automounters";

/// `GET /automounters`
///
/// # Errors
/// When nobody is signed in.
pub async fn list(visitor: Visitor) -> Result<HttpResponse, PageError> {
    let catalog = &visitor.catalog;
    let all: Vec<_> = catalog
        .beamlines
        .iter()
        .filter(|(id, _)| mounted(catalog, BeamlineId(*id)).is_some())
        .collect();
    let contents = Contents::of(catalog, &visitor.role);
    let body = html! {
        h1 { "Automounters" }
        @if all.is_empty() {
            p.empty { "No beamline has an automounter yet: declare one with " code { "[[automounter]]" } " in the facility file." }
        }
        div.cards { @for (id, entry) in all {
            article.card.beamline {
                header { h2 { a href={ (PATH) "/" (entry.record.acronym) } { (entry.record.acronym) } } }
                (small(catalog, &contents, BeamlineId(id)))
            }
        } }
    };
    let page = Shown {
        title: "Automounters",
        part: PATH,
        above: Vec::new(),
        body,
    };
    Ok(page.answer(&visitor))
}

/// What the page of an automounter is asked for.
#[derive(Debug, Deserialize)]
pub struct Options {
    /// The project whose samples are listed.
    project: Option<String>,
}

/// A beamline and what its robot holds.
struct Mounted<'a> {
    acronym: &'a str,
    beamline: BeamlineId,
    id: ContainerId,
    container: &'a Container,
}

impl<'a> Mounted<'a> {
    fn find(catalog: &'a Catalog, acronym: &str) -> Result<Self, PageError> {
        let missing = || PageError::no("automounter at beamline", acronym);
        let (beamline, record) = catalog.beamline(acronym).ok_or_else(missing)?;
        let (id, container) = mounted(catalog, beamline).ok_or_else(missing)?;
        Ok(Self {
            acronym: &record.acronym,
            beamline,
            id,
            container,
        })
    }
}

/// `GET /automounters/{beamline}`
///
/// # Errors
/// 404 when there is no such automounter, 403 for samples of another project, 503 when the samples
/// can't be listed.
pub async fn get(
    app: AppData,
    visitor: Visitor,
    acronym: Path<String>,
    options: Query<Options>,
) -> Result<HttpResponse, PageError> {
    let catalog = &visitor.catalog;
    let mounted = Mounted::find(catalog, &acronym)?;
    let contents = Contents::of(catalog, &visitor.role);
    let operator = visitor.role.is_operator();
    let free = contents.free(mounted.id);
    let address = format!("{PATH}/{}", mounted.acronym);
    let body = html! {
        h1 { "Automounter of " (mounted.acronym) }
        div.beside {
            div #drawn.drawn data-moves[operator] data-live=(address) data-pick="#drawn" {
                (contents.draw(mounted.id, mounted.container))
            }
            div {
                @if operator { (loader(&visitor, &mounted, &contents, &free)) }
                h2 { "Loaded" }
                div #loaded data-live=(address) data-pick="#loaded" {
                    (loaded(&visitor, &mounted, &contents))
                }
            }
        }
        (samples(&app, &visitor, &mounted, options.project.as_deref()).await?)
    };
    let page = Shown {
        title: mounted.acronym,
        part: PATH,
        above: vec![link("Automounters", PATH)],
        body,
    };
    Ok(page.answer(&visitor))
}

/// The containers that could be loaded, as `(project/name, id)`.
fn shelf<'a>(visitor: &'a Visitor, mounted: &Mounted<'_>) -> Vec<(String, &'a Container)> {
    let catalog = &visitor.catalog;
    let robots: Vec<_> = catalog
        .automounters
        .iter()
        .map(|(_, entry)| entry.record.container)
        .chain([mounted.id])
        .collect();
    let all = catalog.containers.iter();
    let shelved = all.filter(|(id, entry)| {
        let container = &entry.record;
        container.status == ContainerStatus::OnSite
            && container.parent.is_none()
            && !robots.contains(&ContainerId(*id))
    });
    let mut shelf: Vec<_> = shelved
        .map(|(_, entry)| {
            let owner = catalog.username(entry.record.project);
            (format!("{owner}/{}", entry.record.name), &entry.record)
        })
        .collect();
    shelf.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    shelf
}

fn loader(visitor: &Visitor, mounted: &Mounted<'_>, contents: &Contents<'_>, free: &[Free]) -> Markup {
    let shelf = shelf(visitor, mounted);
    let inside = contents.all_inside(mounted.id);
    html! {
        h2 { "Load or move" }
        form.loader action={ (PATH) "/" (mounted.acronym) } method="post" {
            (form_key(visitor))
            div.field {
                label for="container" { "Container" }
                input #container name="container" list="containers" required placeholder="project/name";
                datalist #containers {
                    @for (name, _) in &shelf { option value=(name) { "on site" } }
                    @for (port, _, container) in &inside {
                        option value={ (visitor.catalog.username(container.project)) "/" (container.name) } { (port) }
                    }
                }
            }
            div.field {
                label for="place" { "To" }
                select #place name="place" {
                    option value="" { "nowhere: take it out" }
                    @for place in free {
                        option value={ (place.parent) "|" (place.location) } { (place.location) " of " (place.parent) }
                    }
                }
            }
            button.primary type="submit" { "Move" }
        }
        @if !shelf.is_empty() {
            h3 { "On site, in no other container" }
            ul.shelf data-shelf {
                @for (name, container) in &shelf {
                    li draggable="true" data-container=(name) {
                        span.key.(colour(container.project)) {} " " (name)
                    }
                }
            }
            p.small { "Drag a container to a free place, or a loaded one to another place or back to this list." }
        }
    }
}

fn loaded(visitor: &Visitor, mounted: &Mounted<'_>, contents: &Contents<'_>) -> Markup {
    let inside = contents.all_inside(mounted.id);
    let seen: Vec<_> = inside
        .iter()
        .filter(|(.., it)| visitor.role.sees(it.project))
        .collect();
    html! {
        @if seen.is_empty() {
            p.empty { "Nothing is loaded." }
        } @else {
            div.table tabindex="0" role="region" aria-label="Loaded containers" { table {
                thead { tr {
                    th scope="col" { "Port" } th scope="col" { "Container" } th scope="col" { "Project" }
                    th.number scope="col" { "Samples" }
                    @if visitor.role.is_operator() { th scope="col" { span.visually-hidden { "Unload" } } }
                } }
                tbody { @for (port, id, container) in seen { tr {
                    td { (port) }
                    td { a href={ "/containers/" (id) } { (container.name) } }
                    td { span.key.(colour(container.project)) {} " "
                        (visitor.catalog.username(container.project)) }
                    td.number { (contents.samples(*id).len()) }
                    @if visitor.role.is_operator() { td {
                        form action={ (PATH) "/" (mounted.acronym) } method="post" {
                            (form_key(visitor))
                            input type="hidden" name="container"
                                value={ (visitor.catalog.username(container.project)) "/" (container.name) };
                            button.small type="submit" { "Unload" }
                        }
                    } }
                } } }
            } }
            @if visitor.role.is_operator() {
                form.bar action={ (PATH) "/" (mounted.acronym) "/empty" } method="post" {
                    (form_key(visitor))
                    label { input type="checkbox" required; " I want to take all of them out" }
                    button.danger type="submit" { "Empty" }
                }
            }
        }
    }
}

/// The samples of a project at the beamline, as the API lists them.
async fn samples(
    app: &AppData,
    visitor: &Visitor,
    mounted: &Mounted<'_>,
    project: Option<&str>,
) -> Result<Markup, PageError> {
    let catalog = &visitor.catalog;
    let names = visitor.project_names();
    let chosen = match project.filter(|name| !name.is_empty()) {
        Some(name) => name,
        None if visitor.role.is_staff() => "",
        None => names.first().copied().unwrap_or(""),
    };
    let listed = match catalog.project(chosen) {
        Some((id, _)) if visitor.role.sees(id) => {
            let list = app.directory.samples(catalog, id, mounted.beamline).await?;
            serde_json::from_slice::<Vec<Value>>(&list.json).unwrap_or_default()
        }
        Some(_) => return Err(PageError::forbidden("You are not a member of this project.")),
        None => Vec::new(),
    };
    const COLUMNS: [(&str, &str); 6] = [
        ("port", "Port"),
        ("name", "Sample"),
        ("group", "Group"),
        ("container", "Container"),
        ("location", "Location"),
        ("comments", "Comments"),
    ];
    Ok(html! {
        h2 { "What MxDC is shown here" }
        form.bar method="get" role="search" {
            label { span.visually-hidden { "Project" }
                select name="project" {
                    @if visitor.role.is_staff() { option value="" { "choose a project" } }
                    @for name in &names { option value=(name) selected[*name == chosen] { (name) } }
                }
            }
            button type="submit" { "Show" }
        }
        @if chosen.is_empty() {
            p.small { "Choose a project to see the list that its clients fetch at this beamline." }
        } @else if listed.is_empty() {
            p.empty { (chosen) " has no samples at this beamline: none is on site, or all are loaded elsewhere." }
        } @else {
            div.table tabindex="0" role="region" aria-label="Samples" { table {
                thead { tr { @for (_, title) in COLUMNS { th scope="col" { (title) } } } }
                tbody { @for row in &listed { tr {
                    @for (field, _) in COLUMNS { td { (row.get(field).and_then(Value::as_str).unwrap_or("")) } }
                } } }
            } }
        }
    })
}

/// A container, and where it goes.
#[derive(Debug, Deserialize)]
struct Move {
    /// `project/name`
    container: String,
    /// `project/name|location` of the place; `""` for none.
    #[serde(default)]
    place: String,
}

/// `POST /automounters/{beamline}`: loads, moves or unloads a container.
///
/// # Errors
/// 400 when it can't go there, 404 when there is no such automounter, 503 when the store can't be
/// written.
pub async fn post(
    request: HttpRequest,
    app: AppData,
    Operator(visitor): Operator,
    acronym: Path<String>,
    body: Body,
) -> Result<HttpResponse, PageError> {
    let asked: Move = form::take(&visitor, &request, body).await?;
    let mounted = Mounted::find(&visitor.catalog, &acronym)?;
    let address = format!("{PATH}/{}", mounted.acronym);
    let named = asked.container.trim().split_once('/');
    let id = named.and_then(|(owner, name)| {
        let (project, _) = visitor.catalog.project(owner)?;
        visitor.catalog.containers.id(&(project, name.to_owned()))
    });
    let id = id.ok_or_else(|| PageError::no("container", &asked.container))?;
    change::apply(&app, &visitor, move |catalog| {
        let entry = moved(catalog, ContainerId(id), asked.place.split_once('|'), "");
        json!({"container": entry.into_iter().collect::<Vec<_>>()})
    })
    .await?;
    Ok(see_other(&address))
}

/// `POST /automounters/{beamline}/empty`: takes out all containers but adaptors.
///
/// # Errors
/// As [`post`].
pub async fn empty(
    request: HttpRequest,
    app: AppData,
    Operator(visitor): Operator,
    acronym: Path<String>,
    body: Body,
) -> Result<HttpResponse, PageError> {
    form::confirm(&visitor, &request, body).await?;
    let mounted = Mounted::find(&visitor.catalog, &acronym)?;
    let address = format!("{PATH}/{}", mounted.acronym);
    let id = mounted.id;
    change::apply(&app, &visitor, move |catalog| {
        let out = Contents::of(catalog, &Role::Operator).taken_out(id);
        let moved = out
            .into_iter()
            .filter_map(|inner| moved(catalog, inner, None, ""));
        json!({"container": moved.collect::<Vec<_>>()})
    })
    .await?;
    Ok(see_other(&address))
}
