//! What operators, the command line and the console read and steer through.

use super::bodies::{Empty, KeySetting, RetriedForwards};
use super::route::{form, get, json, json_list, post, route, text, Route};
use crate::routes::admin::Summary;
use crate::views::activity::ActivityRow;
use crate::views::connections::ConnectionRow;
use crate::views::data::DatasetRow;
use crate::views::feedback::FeedbackRow;
use crate::views::outbox::OutboxRow;
use crate::views::projects::ProjectRow;
use crate::views::reports::ReportRow;
use crate::views::sessions::SessionRow;
use utoipa::openapi::schema::Type;
use utoipa::openapi::HttpMethod;
use utoipa::ToSchema;

const TAG: &str = "admin";
const AN_ID: &str = "Only rows below this id: the last one of the page before.";

pub(super) fn routes() -> Vec<Route> {
    let mut routes = vec![apply(), backup()];
    routes.extend(sessions());
    routes.extend(uploads());
    routes.extend(history());
    routes.extend(outbox());
    routes.extend(projects());
    routes
}

fn apply() -> Route {
    post(
        "/api/admin/apply",
        TAG,
        "Make the facility what a facility file says",
    )
    .about("One atomic change. Applying the same again changes nothing.")
    .admin()
    .query("dry_run", Type::Boolean, "Only tell what would change.")
    .query("prune", Type::Boolean, "Remove what the file does not name.")
    .body(
        "The facility file: TOML, or, as `application/json`, JSON of the same shape.",
        [text("application/toml"), text("application/json")],
    )
    .ok("What changed, or would change.", json::<Summary>())
    .fails(
        "400",
        "Every mistake is named under its place in the file; nothing was changed.",
    )
    .bounded()
}

fn backup() -> Route {
    get("/api/admin/backup", TAG, "The whole store as it is now, as a file")
        .about("Sent while the service goes on; `beamlive backup` checks it on its way, and `beamlive restore` reads it.")
        .admin()
        .ok("The backup.", text("application/octet-stream"))
        .fails("429", "Another backup is being taken.")
}

fn sessions() -> Vec<Route> {
    vec![
        list::<SessionRow>("/api/admin/sessions", "Sessions", AN_ID)
            .query("project", Type::String, "Username of a project.")
            .query("beamline", Type::String, "Acronym of a beamline.")
            .query("active", Type::Boolean, "With an open stretch, or without one."),
        one::<SessionRow>("/api/admin/sessions/{id}", "One session"),
        list::<FeedbackRow>("/api/admin/feedback", "What users left on the survey page", AN_ID).query(
            "session",
            Type::Integer,
            "Id of a session.",
        ),
    ]
}

fn uploads() -> Vec<Route> {
    vec![
        list::<DatasetRow>("/api/admin/data", "Datasets", AN_ID)
            .query("project", Type::String, "Username of a project.")
            .query("beamline", Type::String, "Acronym of a beamline.")
            .query("session", Type::Integer, "Id of a session."),
        one::<DatasetRow>("/api/admin/data/{id}", "One dataset"),
        list::<ReportRow>("/api/admin/reports", "Reports", AN_ID).query(
            "project",
            Type::String,
            "Username of a project.",
        ),
        one::<ReportRow>("/api/admin/reports/{id}", "One report"),
    ]
}

fn history() -> Vec<Route> {
    let after = "Only rows after this connection: `list/project/name` of the last one of the page before.";
    vec![
        list::<ConnectionRow>(
            "/api/admin/connections",
            "The history of remote connections",
            after,
        )
        .query("list", Type::String, "Name of an access list."),
        list::<ActivityRow>(
            "/api/admin/activity",
            "Who did what, when, from which address, to which record",
            AN_ID,
        )
        .about("An upload is here if there was something to note about it. Any other is told by its record: `created`, `modified`, `address`.")
        .query("project", Type::String, "Username of a project."),
    ]
}

fn outbox() -> Vec<Route> {
    let after = "Only rows after this record, such as `dataset/17`: the last one of the page before.";
    vec![
        list::<OutboxRow>(
            "/api/admin/outbox",
            "Directories that the Data Proxy has not acknowledged",
            after,
        ),
        post("/api/admin/outbox/retry", TAG, "Try all of these again now")
            .admin()
            .ok("They are tried again.", json::<RetriedForwards>()),
    ]
}

fn projects() -> Vec<Route> {
    let key = "/api/admin/projects/{username}/key";
    let account = |route: Route| {
        route
            .admin()
            .path("username", "The account.")
            .fails("404", "There is no such account.")
    };
    vec![
        account(get(
            "/api/admin/projects/{username}",
            TAG,
            "An account, without secrets",
        ))
        .ok("The account.", json::<ProjectRow>()),
        account(route(
            HttpMethod::Put,
            key,
            TAG,
            "Set an account's key, whatever it was",
        ))
        .body("The key.", [json::<KeySetting>(), form::<KeySetting>()])
        .ok("The account has this key.", json::<Empty>())
        .fails("400", "The key is missing or can't be used.")
        .bounded(),
        account(route(
            HttpMethod::Delete,
            key,
            TAG,
            "Reset an account's key: whoever registers next has the account",
        ))
        .ok("The account has no key.", json::<Empty>()),
    ]
}

fn list<Row: ToSchema>(path: &'static str, what: &str, before: &str) -> Route {
    get(path, TAG, what)
        .admin()
        .query(
            "limit",
            Type::Integer,
            "So many rows at most: 1 to 1000, 100 when absent.",
        )
        .query("before", Type::String, before)
        .ok("The rows, newest first.", json_list::<Row>())
        .fails("400", "Every wrong parameter is named.")
}

fn one<Row: ToSchema>(path: &'static str, what: &str) -> Route {
    get(path, TAG, what)
        .admin()
        .path("id", "Its id.")
        .ok("The record.", json::<Row>())
        .fails("404", "There is no such record.")
}
