//! Projects: their table, and the page of one with its key, its password and its members.

use super::account::{self, password};
use super::change;
use super::declared;
use super::form;
use super::frame::{link, see_other};
use super::list;
use super::page::{form_key, Page as Shown};
use super::people;
use super::refusal::PageError;
use super::show;
use super::table::{Asked, Cell, Filter, Table};
use super::visitor::{Operator, Visitor};
use crate::app::AppData;
use crate::body::Body;
use crate::error::ApiError;
use crate::views::projects::{self, ProjectRow};
use crate::views::{Page, Rows};
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::facility::catalog::Catalog;
use beamlive_actors::facility::KeySetting;
use beamlive_page::facts;
use beamlive_storage::ids::ProjectId;
use beamlive_storage::records::{Project, Role};
use beamlive_storage::Store;
use maud::{html, Markup};
use serde::Deserialize;
use serde_json::{json, Value};

struct Projects;

impl Table for Projects {
    type Row = ProjectRow;
    const TITLE: &'static str = "Projects";
    const PATH: &'static str = "/projects";
    const COLUMNS: &'static [(&'static str, bool)] = &[
        ("Project", false),
        ("Name", false),
        ("Key", false),
        ("Fingerprint", false),
        ("Password", false),
        ("Changed", false),
    ];
    const FILTERS: &'static [Filter] = &[Filter::Find];
    const SORTED: bool = true;

    fn list<'a>(_: &'a Store, catalog: &'a Catalog, asked: &Asked, page: &Page) -> Rows<'a, ProjectRow> {
        declared::rows(catalog, asked, page, |id, project: &Project, asked| {
            let seen = asked
                .scope
                .as_ref()
                .is_none_or(|scope| scope.contains(&ProjectId(id)));
            seen.then(|| projects::find(catalog, &project.username)).flatten()
        })
    }

    fn id(row: &ProjectRow) -> u64 {
        row.id
    }

    fn cells(row: &ProjectRow) -> Vec<Cell> {
        vec![
            Cell::Link(row.username.clone(), format!("/projects/{}", row.username)),
            Cell::Text(row.name.clone()),
            Cell::Text(row.key_type.clone().unwrap_or_else(|| "none".to_owned())),
            Cell::Text(row.fingerprint.clone().unwrap_or_default()),
            Cell::Text(password(row.has_password, row.password_expired).to_owned()),
            Cell::Time(row.modified.0),
        ]
    }

    fn actions(visitor: &Visitor, _: &Asked) -> Option<(&'static str, String)> {
        let operator = visitor.role.is_operator();
        operator.then(|| ("New project", "/new/project".to_owned()))
    }
}

/// `GET /projects`
///
/// # Errors
/// See `list::answer`.
pub async fn list(request: HttpRequest, app: AppData, visitor: Visitor) -> Result<HttpResponse, PageError> {
    list::answer::<Projects>(&request, &app, visitor).await
}

/// `GET /projects/{username}`
///
/// # Errors
/// 404 when there is no such project for this visitor.
pub async fn get(app: AppData, visitor: Visitor, username: Path<String>) -> Result<HttpResponse, PageError> {
    let catalog = &visitor.catalog;
    let row = projects::find(catalog, &username).filter(|row| visitor.role.sees(ProjectId(row.id)));
    let row = row.ok_or_else(|| PageError::no("project", &username))?;
    let zone = app.settings.timezone;
    let operator = visitor.role.is_operator();
    let key = match (&row.key_type, &row.fingerprint) {
        (Some(kind), Some(fingerprint)) => html! { (kind) " " code { (fingerprint) } },
        _ if row.has_key => html! { "of a type that this build can't use" },
        _ => html! { "none: the next client that signs in registers one" },
    };
    let query = serde_urlencoded::to_string([("project", &row.username)]).unwrap_or_default();
    let body = html! {
        h1 { (row.username) " " span.soft { (row.name) } }
        (facts(&[
            ("Signing key", key),
            ("Password", html! { (password(row.has_password, row.password_expired)) }),
            ("Login keys", html! { (row.ssh_keys) }),
            ("Since", show::time(row.created.0, zone)),
            ("Changed", show::time(row.modified.0, zone)),
        ]))
        p.bar {
            @for (text, path) in [("Sessions", "/sessions"), ("Datasets", "/datasets"), ("Reports", "/reports"),
                ("Samples", "/samples"), ("Containers", "/containers"), ("Statistics", "/statistics"), ("Activity", "/activity")] {
                a.button href={ (path) "?" (query) } { (text) }
            }
        }
        (members(&visitor, ProjectId(row.id), &row.username))
        @if operator {
            (details(&visitor, &row))
            (account::forms(&visitor, &row.username))
        }
    };
    let page = Shown {
        title: &row.username,
        part: Projects::PATH,
        above: vec![link(Projects::TITLE, Projects::PATH)],
        body,
    };
    Ok(page.answer(&visitor))
}

fn members(visitor: &Visitor, project: ProjectId, username: &str) -> Markup {
    let persons = visitor.catalog.persons.iter().map(|(_, entry)| &entry.record);
    let mut members: Vec<_> = persons
        .filter_map(|person| {
            let own = person.member_of.iter().find(|member| member.project == project)?;
            Some((person, own.role))
        })
        .collect();
    members.sort_by(|one, other| one.0.username.cmp(&other.0.username));
    let operator = visitor.role.is_operator();
    let action = format!("/projects/{username}/members");
    html! {
        h2 { "Members" }
        @if members.is_empty() { p.small { "Nobody is a member: the project signs in as itself." } }
        ul.plain { @for (person, role) in members { li {
            @if visitor.role.is_staff() { a href={ "/people/" (person.username) } { (person.username) } }
            @else { (person.username) }
            " " span.soft { (person.name) }
            @if role == Role::Leader { " " span.badge.quiet { "leader" } }
            @if operator {
                form action=(action) method="post" {
                    (form_key(visitor))
                    input type="hidden" name="person" value=(person.username);
                    button.small type="submit" name="role" value="none" { "Remove" }
                }
            }
        } } }
        @if operator {
            form.bar action=(action) method="post" {
                (form_key(visitor))
                label { "Person " input name="person" required list="people"; }
                datalist #people {
                    @for (_, entry) in visitor.catalog.persons.iter() { option value=(entry.record.username) { (entry.record.name) } }
                }
                label { "as " select name="role" { option { "member" } option { "leader" } } }
                button type="submit" { "Add" }
            }
        }
    }
}

fn details(visitor: &Visitor, row: &ProjectRow) -> Markup {
    let key = format!("/projects/{}/key", row.username);
    html! {
        h2 { "Details" }
        form.bar action={ "/projects/" (row.username) } method="post" {
            (form_key(visitor))
            label { "Name " input name="name" value=(row.name) required; }
            button type="submit" { "Save" }
        }
        h2 { "Signing key" }
        form action=(key) method="post" {
            (form_key(visitor))
            div.field {
                label for="line" { "OpenSSH line of the public key" }
                textarea #line name="key" rows="3" required placeholder="ssh-ed25519 AAAA…" spellcheck="false" {}
            }
            button type="submit" { @if row.has_key { "Replace the key" } @else { "Set the key" } }
        }
        @if row.has_key {
            form.bar action=(key) method="post" {
                (form_key(visitor))
                label { input type="checkbox" required; " The next client that signs in registers its key" }
                button.danger type="submit" { "Reset the key" }
            }
        }
    }
}

/// A project's entry.
#[derive(Debug, Deserialize)]
struct Details {
    #[serde(default)]
    username: String,
    #[serde(default)]
    name: String,
}

/// `GET /new/project`
///
/// # Errors
/// 403 for others than operators.
pub async fn new(Operator(visitor): Operator) -> Result<HttpResponse, PageError> {
    let body = html! {
        h1 { "New project" }
        form action="/new/project" method="post" {
            (form_key(&visitor))
            div.field { label for="username" { "Username" } input #username name="username" required autocapitalize="none" spellcheck="false"; }
            div.field { label for="name" { "Name" } input #name name="name"; }
            button.primary type="submit" { "Create" }
        }
    };
    let page = Shown {
        title: "New project",
        part: Projects::PATH,
        above: vec![link(Projects::TITLE, Projects::PATH)],
        body,
    };
    Ok(page.answer(&visitor))
}

/// `POST /new/project`
///
/// # Errors
/// 400 when the name can't be used or is taken, 503 when the store can't be written.
pub async fn create(
    request: HttpRequest,
    app: AppData,
    Operator(visitor): Operator,
    body: Body,
) -> Result<HttpResponse, PageError> {
    let asked: Details = form::take(&visitor, &request, body).await?;
    if visitor.catalog.account(asked.username.trim()).is_some() {
        return Err(ApiError::field("The username", "is taken").into());
    }
    save(&app, &visitor, asked.username.trim().to_owned(), asked.name).await
}

/// `POST /projects/{username}`: its name.
///
/// # Errors
/// 400 when the name can't be used, 404 when there is no such project, 503 when the store can't be
/// written.
pub async fn post(
    request: HttpRequest,
    app: AppData,
    Operator(visitor): Operator,
    username: Path<String>,
    body: Body,
) -> Result<HttpResponse, PageError> {
    let asked: Details = form::take(&visitor, &request, body).await?;
    known(&visitor, &username)?;
    save(&app, &visitor, username.into_inner(), asked.name).await
}

async fn save(
    app: &AppData,
    visitor: &Visitor,
    username: String,
    name: String,
) -> Result<HttpResponse, PageError> {
    let address = format!("{}/{username}", Projects::PATH);
    change::apply(app, visitor, move |_| {
        let fields = [("username", json!(username)), ("name", json!(name.trim()))];
        json!({"project": [change::entry(fields)]})
    })
    .await?;
    Ok(see_other(&address))
}

fn known(visitor: &Visitor, username: &str) -> Result<ProjectId, PageError> {
    let found = visitor.catalog.project(username);
    found
        .map(|(id, _)| id)
        .ok_or_else(|| PageError::no("project", username))
}

/// A key; none resets it.
#[derive(Debug, Deserialize)]
struct Key {
    key: Option<String>,
}

/// `POST /projects/{username}/key`: sets the key, or resets it when the form has none.
///
/// # Errors
/// 400 for a key that can't be used, 404 when there is no such project, 503 when the store can't be
/// written.
pub async fn key(
    request: HttpRequest,
    app: AppData,
    Operator(visitor): Operator,
    username: Path<String>,
    body: Body,
) -> Result<HttpResponse, PageError> {
    let asked: Key = form::take(&visitor, &request, body).await?;
    let line = asked.key.map(|line| line.trim().to_owned());
    let set = app
        .directory
        .set_key(username.clone(), line, visitor.origin.clone());
    match set.await? {
        KeySetting::Done => Ok(see_other(&format!("{}/{username}", Projects::PATH))),
        KeySetting::UnknownUser => Err(PageError::no("project", &username)),
        KeySetting::BadKey(why) => Err(ApiError::field("The key", why).into()),
    }
}

/// A member, and their role; `none` removes them.
#[derive(Debug, Deserialize)]
struct Member {
    #[serde(default)]
    person: String,
    #[serde(default)]
    role: String,
}

/// `POST /projects/{username}/members`: adds, changes or removes a member.
///
/// # Errors
/// 404 when there is no such project or person, 503 when the store can't be written.
pub async fn member(
    request: HttpRequest,
    app: AppData,
    Operator(visitor): Operator,
    username: Path<String>,
    body: Body,
) -> Result<HttpResponse, PageError> {
    let Member { person, role } = form::take(&visitor, &request, body).await?;
    known(&visitor, &username)?;
    let person = person.trim().to_owned();
    if visitor.catalog.persons.find(&person).is_none() {
        return Err(PageError::no("person", &person));
    }
    let address = format!("{}/{username}", Projects::PATH);
    change::apply(&app, &visitor, move |catalog| {
        let entry = people::entry(catalog, &person, |declared| {
            declared.member_of.retain(|(project, _)| *project != *username);
            if role != "none" {
                declared.member_of.push((username.clone(), role.clone()));
            }
        });
        json!({"person": entry.into_iter().collect::<Vec<Value>>()})
    })
    .await?;
    Ok(see_other(&address))
}
