//! Persons: their table, and the page of one.

use super::account::{self, password};
use super::change::{self, lines_of};
use super::declared;
use super::form;
use super::frame::{link, see_other};
use super::list;
use super::page::{form_key, Page as Shown};
use super::refusal::PageError;
use super::show;
use super::table::{Asked, Cell, Filter, Table};
use super::visitor::{Operator, Staff, Visitor};
use crate::app::AppData;
use crate::body::Body;
use crate::error::ApiError;
use crate::views::people::{self, PersonRow};
use crate::views::{Page, Rows};
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::facility::catalog::Catalog;
use beamlive_page::facts;
use beamlive_storage::records::{self, Person, Role};
use beamlive_storage::Store;
use maud::{html, Markup};
use serde::Deserialize;
use serde_json::{json, Value};

struct People;

impl Table for People {
    type Row = PersonRow;
    const TITLE: &'static str = "People";
    const PATH: &'static str = "/people";
    const COLUMNS: &'static [(&'static str, bool)] = &[
        ("Person", false),
        ("Name", false),
        ("Email", false),
        ("Staff", false),
        ("Projects", false),
        ("Password", false),
        ("Active", false),
    ];
    const FILTERS: &'static [Filter] = &[Filter::Find];
    const SORTED: bool = true;

    fn list<'a>(_: &'a Store, catalog: &'a Catalog, asked: &Asked, page: &Page) -> Rows<'a, PersonRow> {
        declared::rows(catalog, asked, page, |_, person: &Person, _| {
            people::find(catalog, &person.username)
        })
    }

    fn id(row: &PersonRow) -> u64 {
        row.id
    }

    fn cells(row: &PersonRow) -> Vec<Cell> {
        let projects: Vec<_> = row.member_of.iter().map(|it| it.project.as_str()).collect();
        vec![
            Cell::Link(row.username.clone(), format!("/people/{}", row.username)),
            Cell::Text(row.name.clone()),
            Cell::Text(row.email.clone()),
            Cell::Text(staff_name(row.staff).to_owned()),
            Cell::Text(projects.join(", ")),
            Cell::Text(password(row.has_password, row.password_expired).to_owned()),
            Cell::Text(if row.active { "yes" } else { "no" }.to_owned()),
        ]
    }

    fn actions(visitor: &Visitor, _: &Asked) -> Option<(&'static str, String)> {
        let operator = visitor.role.is_operator();
        operator.then(|| ("New person", "/new/person".to_owned()))
    }
}

/// What a facility file calls a member of staff; `""` for others.
fn staff_name(staff: Option<records::Staff>) -> &'static str {
    match staff {
        Some(records::Staff::Operator) => "operator",
        Some(records::Staff::Viewer) => "viewer",
        None => "",
    }
}

/// `GET /people`
///
/// # Errors
/// See `list::answer`.
pub async fn list(
    request: HttpRequest,
    app: AppData,
    Staff(visitor): Staff,
) -> Result<HttpResponse, PageError> {
    list::answer::<People>(&request, &app, visitor).await
}

/// `GET /people/{username}`
///
/// # Errors
/// 404 when there is no such person.
pub async fn get(
    app: AppData,
    Staff(visitor): Staff,
    username: Path<String>,
) -> Result<HttpResponse, PageError> {
    let row = people::find(&visitor.catalog, &username);
    let row = row.ok_or_else(|| PageError::no("person", &username))?;
    let zone = app.settings.timezone;
    let body = html! {
        h1 { (row.username) " " span.soft { (row.name) }
            @if !row.active { " " span.badge.warn { "not active" } } }
        (facts(&[
            ("Email", html! { (row.email) }),
            ("Staff", html! { @match row.staff { Some(_) => (staff_name(row.staff)), None => "no" } }),
            ("Password", html! { (password(row.has_password, row.password_expired)) }),
            ("Login keys", html! { (row.ssh_keys) }),
            ("Since", show::time(row.created.0, zone)),
            ("Changed", show::time(row.modified.0, zone)),
        ]))
        h2 { "Projects" }
        @if row.member_of.is_empty() { p.small { "They are a member of no project." } }
        ul.plain { @for member in &row.member_of { li {
            a href={ "/projects/" (member.project) } { (member.project) }
            @if member.role == Role::Leader { " " span.badge.quiet { "leader" } }
        } } }
        @if visitor.role.is_operator() {
            (details(&visitor, Some(&row)))
            (account::forms(&visitor, &row.username))
        }
    };
    let page = Shown {
        title: &row.username,
        part: People::PATH,
        above: vec![link(People::TITLE, People::PATH)],
        body,
    };
    Ok(page.answer(&visitor))
}

/// The form with what a person's entry holds.
fn details(visitor: &Visitor, row: Option<&PersonRow>) -> Markup {
    let action = row.map_or_else(
        || "/new/person".to_owned(),
        |row| format!("/people/{}", row.username),
    );
    let staff = row.map_or("", |row| staff_name(row.staff));
    html! {
        @if row.is_some() { h2 { "Details" } }
        form action=(action) method="post" {
            (form_key(visitor))
            @if row.is_none() {
                div.field { label for="username" { "Username" }
                    input #username name="username" required autocapitalize="none" spellcheck="false"; }
            }
            div.field { label for="name" { "Name" } input #name name="name" value=[row.map(|it| &it.name)]; }
            div.field { label for="email" { "Email" } input #email name="email" type="email" value=[row.map(|it| &it.email)]; }
            div.field { label for="staff" { "Staff" } select #staff name="staff" {
                @for (name, text) in [("", "no"), ("viewer", "viewer: sees everything"), ("operator", "operator: changes everything")] {
                    option value=(name) selected[name == staff] { (text) }
                }
            } }
            div.field { label for="keys" { "Login keys, one in each line" }
                textarea #keys name="ssh_keys" rows="3" spellcheck="false" placeholder="leave empty to keep those that are there" {} }
            div.field { label { input type="checkbox" name="active" value="yes" checked[row.is_none_or(|it| it.active)]; " May sign in" } }
            button.primary type="submit" { @if row.is_some() { "Save" } @else { "Create" } }
        }
    }
}

/// A person's entry, in a form.
#[derive(Debug, Deserialize)]
struct Details {
    #[serde(default)]
    username: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    staff: String,
    #[serde(default)]
    ssh_keys: String,
    /// Absent when the box is not ticked.
    active: Option<String>,
}

/// `GET /new/person`
///
/// # Errors
/// 403 for others than operators.
pub async fn new(Operator(visitor): Operator) -> Result<HttpResponse, PageError> {
    let body = html! {
        h1 { "New person" }
        (details(&visitor, None))
    };
    let page = Shown {
        title: "New person",
        part: People::PATH,
        above: vec![link(People::TITLE, People::PATH)],
        body,
    };
    Ok(page.answer(&visitor))
}

/// `POST /new/person`
///
/// # Errors
/// 400 when a field can't be used or the name is taken, 503 when the store can't be written.
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
    save(&app, &visitor, asked.username.trim().to_owned(), asked).await
}

/// `POST /people/{username}`
///
/// # Errors
/// 400 when a field can't be used, 404 when there is no such person, 503 when the store can't be
/// written.
pub async fn post(
    request: HttpRequest,
    app: AppData,
    Operator(visitor): Operator,
    username: Path<String>,
    body: Body,
) -> Result<HttpResponse, PageError> {
    let asked: Details = form::take(&visitor, &request, body).await?;
    let username = username.into_inner();
    if visitor.catalog.persons.find(&username).is_none() {
        return Err(PageError::no("person", &username));
    }
    save(&app, &visitor, username, asked).await
}

async fn save(
    app: &AppData,
    visitor: &Visitor,
    username: String,
    asked: Details,
) -> Result<HttpResponse, PageError> {
    let address = format!("{}/{username}", People::PATH);
    change::apply(app, visitor, move |catalog| {
        let mut declared = Declared::of(catalog, &username).unwrap_or_default();
        declared.username.clone_from(&username);
        asked.name.trim().clone_into(&mut declared.name);
        asked.email.trim().clone_into(&mut declared.email);
        declared.staff.clone_from(&asked.staff);
        declared.active = asked.active.is_some();
        let keys = lines_of(&asked.ssh_keys);
        declared.ssh_keys = (!keys.is_empty()).then_some(keys);
        json!({"person": [declared.entry()]})
    })
    .await?;
    Ok(see_other(&address))
}

/// What the entry of a person says. What it has no field for, the file leaves as it is.
#[derive(Debug, Default)]
pub(super) struct Declared {
    username: String,
    name: String,
    email: String,
    staff: String,
    active: bool,
    /// `None` leaves them as they are.
    ssh_keys: Option<Vec<String>>,
    /// Usernames of projects, and roles.
    pub(super) member_of: Vec<(String, String)>,
}

impl Declared {
    fn of(catalog: &Catalog, username: &str) -> Option<Self> {
        let (_, entry) = catalog.persons.find(username)?;
        let person = &entry.record;
        let members = person.member_of.iter().map(|member| {
            let role = match member.role {
                Role::Member => "member",
                Role::Leader => "leader",
            };
            (catalog.username(member.project).to_owned(), role.to_owned())
        });
        Some(Self {
            username: person.username.clone(),
            name: person.name.clone(),
            email: person.email.clone(),
            staff: staff_name(person.staff).to_owned(),
            active: person.active,
            ssh_keys: None,
            member_of: members.collect(),
        })
    }

    fn entry(&self) -> Value {
        let members = self.member_of.iter();
        let members: Vec<_> = members
            .map(|(project, role)| json!({"project": project, "role": role}))
            .collect();
        change::entry([
            ("username", json!(self.username)),
            ("name", json!(self.name)),
            ("email", json!(self.email)),
            ("staff", json!(self.staff)),
            ("active", json!(self.active)),
            ("ssh_keys", json!(self.ssh_keys)),
            ("member_of", json!(members)),
        ])
    }
}

/// The entry of a person after `edit`. `None` when they are gone.
pub(super) fn entry(catalog: &Catalog, username: &str, edit: impl FnOnce(&mut Declared)) -> Option<Value> {
    let mut declared = Declared::of(catalog, username)?;
    edit(&mut declared);
    Some(declared.entry())
}
