//! Remote access: the lists, who is on each and why, and the connections.

use super::change::{self, words_of};
use super::form;
use super::frame::see_other;
use super::page::{form_key, Page as Shown};
use super::refusal::PageError;
use super::show;
use super::visitor::{Operator, Staff, Visitor};
use crate::app::AppData;
use crate::body::Body;
use crate::views::connections::{self, ConnectionRow};
use crate::views::Page;
use actix_web::web::Query;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::access::lists;
use beamlive_actors::pool;
use beamlive_storage::ids::AccessListId;
use beamlive_storage::records::{AccessList, ConnectionStatus};
use beamlive_storage::Timestamp;
use maud::{html, Markup};
use serde::Deserialize;
use serde_json::json;
use std::net::IpAddr;
use std::sync::Arc;

const PATH: &str = "/remote-access";
/// Connections that are shown.
const CONNECTIONS: usize = 100;

/// What is asked for.
#[derive(Debug, Deserialize)]
pub struct Options {
    /// An address, to see what it would get.
    #[serde(default)]
    address: String,
    /// The name of a list, to see its connections alone and to change it.
    #[serde(default)]
    list: String,
}

/// `GET /remote-access`
///
/// # Errors
/// 404 when there is no such list, 503 when the store can't be read.
pub async fn get(
    app: AppData,
    Staff(visitor): Staff,
    options: Query<Options>,
) -> Result<HttpResponse, PageError> {
    let catalog = Arc::clone(&visitor.catalog);
    let chosen = match options.list.as_str() {
        "" => None,
        name => {
            let found = catalog.access_lists.find(name);
            let (id, entry) = found.ok_or_else(|| PageError::no("access list", name))?;
            Some((AccessListId(id), &entry.record))
        }
    };
    let (store, names) = (app.directory.services().store.clone(), Arc::clone(&catalog));
    let list = chosen.map(|(id, _)| id);
    let read = pool::read(move || {
        let page = Page {
            before: None,
            limit: CONNECTIONS,
        };
        let rows = connections::list(&store, &names, list, &page)?;
        Ok(rows.map(Iterator::collect::<Vec<_>>).unwrap_or_default())
    });
    let connections = read.await?;
    let now = app.directory.services().clock.now();
    let body = html! {
        h1 { "Access" }
        (asked(&app, options.address.trim()).await?)
        (all(&app, &visitor, now))
        @if visitor.role.is_operator() { (editor(&visitor, chosen.map(|(_, list)| list))) }
        h2 { @if options.list.is_empty() { "Connections" } @else { "Connections of " (options.list) } }
        (table(&connections, &app, now))
    };
    let page = Shown {
        title: "Access",
        part: PATH,
        above: Vec::new(),
        body,
    };
    Ok(page.answer(&visitor))
}

/// What an address would get.
async fn asked(app: &AppData, address: &str) -> Result<Markup, PageError> {
    let said = if address.is_empty() {
        html! {}
    } else if let Ok(parsed) = address.parse::<IpAddr>() {
        match app.access_lists.find(parsed).await? {
            None => html! { p.notice.warn { (address) " has no access list: nobody may use that host." } },
            Some((_, list)) => {
                let users = app.access_lists.users(parsed).await?;
                html! { p.notice.good {
                    (address) " has the list " strong { (list) } ": "
                    @if users.is_empty() { "nobody may use it now." } @else { (users.join(", ")) }
                } }
            }
        }
    } else {
        html! { p.notice.bad role="alert" { (address) " is no address: write one such as 10.45.0.7." } }
    };
    Ok(html! {
        form.bar method="get" action=(PATH) role="search" {
            label { "What would the host at " input name="address" value=(address) placeholder="10.45.0.7"; " get? " }
            button type="submit" { "Show" }
        }
        (said)
    })
}

fn all(app: &AppData, visitor: &Visitor, now: Timestamp) -> Markup {
    let catalog = &visitor.catalog;
    let mut all: Vec<_> = catalog
        .access_lists
        .iter()
        .map(|(_, entry)| &entry.record)
        .collect();
    all.sort_by(|one, other| one.name.cmp(&other.name));
    html! {
        @if all.is_empty() { p.empty { "There is no access list yet." } }
        div.cards { @for list in all {
            article.card {
                @let query = serde_urlencoded::to_string([("list", &list.name)]).unwrap_or_default();
                h2 { a href={ (PATH) "?" (query) } { (list.name) }
                    @if !list.active { " " span.badge.quiet { "not active" } } }
                p { code { (list.address) } }
                @let now_on = lists::users(list, catalog, app.directory.schedule(), now);
                @if now_on.is_empty() { p.soft { "Nobody is on it." } }
                ul.plain { @for user in now_on {
                    li { (user) " " span.soft { (why(list, visitor, &user)) } }
                } }
                @if !list.beamlines.is_empty() {
                    p.small { "Remote beamtimes count at "
                        (list.beamlines.iter().map(|id| catalog.acronym(*id)).collect::<Vec<_>>().join(", "))
                        @if app.directory.schedule().is_none() { ", but scheduling is off" }
                        "." }
                }
            }
        } }
    }
}

/// Why a user is on a list.
fn why(list: &AccessList, visitor: &Visitor, user: &str) -> &'static str {
    let account = visitor.catalog.account(user);
    if account.is_some_and(|account| list.users.contains(&account)) {
        "listed"
    } else {
        "has a remote beamtime now"
    }
}

fn editor(visitor: &Visitor, list: Option<&AccessList>) -> Markup {
    let catalog = &visitor.catalog;
    let users = list.map(|list| {
        let names = list.users.iter().filter_map(|it| catalog.account_name(*it));
        names.collect::<Vec<_>>().join(" ")
    });
    let beamlines = list.map(|list| {
        let names = list.beamlines.iter().map(|it| catalog.acronym(*it));
        names.collect::<Vec<_>>().join(" ")
    });
    html! {
        details open[list.is_some()] {
            summary { @match list { Some(list) => { "Change " (list.name) }, None => "New list" } }
            form action=(PATH) method="post" {
                (form_key(visitor))
                div.field { label for="name" { "Name" }
                    input #name name="name" required value=[list.map(|it| &it.name)] readonly[list.is_some()]; }
                div.field { label for="network" { "Address or network" }
                    input #network name="address" required placeholder="10.45.0.0/24" value=[list.map(|it| &it.address)]; }
                div.field { label for="users" { "Users" } input #users name="users" value=[users]; }
                div.field { label for="beamlines" { "Beamlines whose remote beamtimes count" }
                    input #beamlines name="beamlines" value=[beamlines]; }
                div.field { label { input type="checkbox" name="active" value="yes" checked[list.is_none_or(|it| it.active)]; " Active" } }
                button type="submit" { "Save" }
            }
        }
    }
}

fn table(rows: &[ConnectionRow], app: &AppData, now: Timestamp) -> Markup {
    let zone = app.settings.timezone;
    let class = |status| match status {
        Some(ConnectionStatus::Connected) => "good",
        Some(ConnectionStatus::Failed) => "bad",
        _ => "quiet",
    };
    html! {
        @if rows.is_empty() {
            p.empty { "No host has reported a connection." }
        } @else {
            div.table tabindex="0" role="region" aria-label="Connections" { table {
                thead { tr {
                    th scope="col" { "Who" } th scope="col" { "List" } th scope="col" { "Connection" }
                    th scope="col" { "Now" } th scope="col" { "Since" } th scope="col" { "Ended" } th scope="col" { "History" }
                } }
                tbody { @for row in rows { tr {
                    td { (row.project) }
                    td { (row.list) }
                    td { (row.name) }
                    td { span.badge.(class(row.status)) { (row.status.map(|it| format!("{it:?}")).unwrap_or_default()) } }
                    td { (show::time(row.created.0, zone)) }
                    td { @match row.end { Some(end) => (show::time(end.0, zone)), None => (show::counting(row.created.0, now)) } }
                    td.small { @for (number, change) in row.history.iter().enumerate() {
                        @if number > 0 { ", " } (format!("{:?}", change.status)) " " (show::local(change.date.0, zone))
                    } }
                } } }
            } }
        }
    }
}

/// A list's entry.
#[derive(Debug, Deserialize)]
struct Changed {
    #[serde(default)]
    name: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    users: String,
    #[serde(default)]
    beamlines: String,
    /// Absent when the box is not ticked.
    active: Option<String>,
}

/// `POST /remote-access`: makes or changes a list.
///
/// # Errors
/// 400 when a field can't be used, 503 when the store can't be written.
pub async fn post(
    request: HttpRequest,
    app: AppData,
    Operator(visitor): Operator,
    body: Body,
) -> Result<HttpResponse, PageError> {
    let asked: Changed = form::take(&visitor, &request, body).await?;
    change::apply(&app, &visitor, move |_| {
        json!({"access_list": [change::entry([
            ("name", json!(asked.name.trim())),
            ("address", json!(asked.address.trim())),
            ("users", json!(words_of(&asked.users))),
            ("beamlines", json!(words_of(&asked.beamlines))),
            ("active", json!(asked.active.is_some())),
        ])]})
    })
    .await?;
    Ok(see_other(PATH))
}
