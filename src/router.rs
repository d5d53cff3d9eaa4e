//! The URL table, and the production application. Every route works with and without its trailing
//! slash.

mod pages;
mod resource;

use crate::app::App;
use crate::caller::TrustedProxies;
use crate::connection::watch::ConnectionWatch;
use crate::console;
use crate::error::ApiError;
use crate::metrics::observe::Observer;
use crate::openapi::{self, Document};
use crate::routes::admin::{
    accounts, activity, apply, backup, connections, data as datasets, events, feedback, import, outbox,
    people, projects, reports, samples as sheets, sessions,
};
use crate::routes::download::{archive, create, frame, multi, raw, snapshot};
use crate::routes::{
    accesslist, close, data, docs, health, keys, launch, project, report, samples, survey, v3,
};
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{Error, HttpRequest, HttpResponse, ResponseError};
use resource::{resource, Resource};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::LazyLock;

/// The API of beamlines and hosts, and the survey. Routes are tried one after the other, so those
/// that are called most often come first.
static API: LazyLock<Vec<Resource>> = LazyLock::new(|| {
    vec![
        resource!(accesslist::get, accesslist::post),
        resource!(accesslist::get, accesslist::post).at("/access/accesslist"),
        resource!(data::post),
        resource!(samples::get),
        resource!(launch::post),
        resource!(close::post),
        resource!(report::post),
        // Before project/, whose pattern matches this path for a user named "project".
        resource!(keys::get),
        resource!(keys::get).at("/access/keys/{username}"),
        resource!(project::post),
        resource!(survey::style),
        resource!(survey::get, survey::post),
    ]
});

/// Version 3, and what of it is under version 2 too.
static V3: LazyLock<Vec<Resource>> = LazyLock::new(|| {
    let mut resources = vec![
        resource!(accesslist::get, accesslist::post).at("/api/v3/accesslist"),
        resource!(keys::get).at("/api/v3/keys/{username}"),
        resource!(v3::auth::sign_in).at("/api/v3/token"),
        resource!(v3::auth::verify).at("/api/v3/token/verify"),
        resource!(v3::auth::refresh).at("/api/v3/token/refresh"),
        resource!(v3::oidc::begin),
        resource!(v3::oidc::callback),
    ];
    let shared: [fn() -> Resource; 8] = [
        || resource!(v3::data::post),
        || resource!(v3::samples::get),
        || resource!(v3::session::start),
        || resource!(v3::session::close),
        || resource!(v3::report::post),
        || resource!(v3::auth::sign_in),
        || resource!(v3::auth::verify),
        || resource!(v3::auth::refresh),
    ];
    for make in shared {
        resources.push(make());
        let path = make().path().replace("/api/v3/", "/api/v2/");
        resources.push(make().at(&path));
    }
    resources
});

/// The built-in Data Proxy.
static DOWNLOAD: LazyLock<Vec<Resource>> = LazyLock::new(|| {
    vec![
        resource!(create::post),
        resource!(raw::get),
        resource!(archive::get),
        resource!(multi::get, multi::post),
        resource!(frame::get),
        resource!(snapshot::get),
    ]
});

/// The admin API.
static ADMIN: LazyLock<Vec<Resource>> = LazyLock::new(|| {
    vec![
        resource!(apply::post),
        resource!(backup::get).without_head(),
        resource!(sessions::list),
        resource!(sessions::get),
        resource!(datasets::list),
        resource!(datasets::get),
        resource!(reports::list),
        resource!(reports::get),
        resource!(connections::list),
        resource!(activity::list),
        resource!(events::list),
        resource!(outbox::list),
        resource!(outbox::retry),
        resource!(projects::get),
        resource!(projects::put_key, projects::delete_key),
        resource!(import::report),
        resource!(import::put),
        resource!(import::get, import::post),
        resource!(people::list),
        resource!(people::get),
        resource!(accounts::put_password),
        resource!(accounts::reset_password),
        resource!(accounts::expire_password),
        resource!(accounts::end_tokens),
        resource!(sheets::get, sheets::post),
        resource!(feedback::list),
    ]
});

/// The documentation of all routes.
static DOCS: LazyLock<Vec<Resource>> = LazyLock::new(|| {
    vec![
        resource!(docs::description),
        resource!(docs::page),
        resource!(docs::asset),
    ]
});

/// Health and metrics.
static MACHINES: LazyLock<Vec<Resource>> = LazyLock::new(|| {
    vec![
        resource!(health::live),
        resource!(health::ready),
        resource!(health::metrics),
    ]
});

/// The OpenAPI document of all routes, also of those that this process does not serve.
static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| {
    let tables = [&API, &V3, &DOWNLOAD, &ADMIN, &DOCS, &MACHINES];
    let resources = tables.into_iter().flat_map(|table| table.iter());
    openapi::document(resources.map(Resource::description))
});

/// Registers the API, the survey, the built-in Data Proxy and the documentation.
pub fn api(config: &mut ServiceConfig) {
    config.app_data(Data::new(Document(|| DOCUMENT.clone())));
    for table in [&V3, &API, &DOWNLOAD, &ADMIN, &DOCS, &pages::PAGES] {
        register(table, config);
    }
}

/// Registers the built-in Data Proxy alone.
pub fn download(config: &mut ServiceConfig) {
    register(&DOWNLOAD, config);
}

/// Registers health and metrics.
pub fn machines(config: &mut ServiceConfig) {
    register(&MACHINES, config);
}

fn register(table: &'static [Resource], config: &mut ServiceConfig) {
    for resource in table {
        resource.register(config);
    }
}

/// The handler of every other path: a page for a browser, an error for a program. The path is not
/// repeated, because it may hold a token.
pub async fn nowhere(request: HttpRequest) -> HttpResponse {
    let accepted = request.headers().get(header::ACCEPT);
    let browser = accepted.is_some_and(|accept| accept.as_bytes().starts_with(b"text/html"));
    if browser && request.method().is_safe() {
        return console::nowhere();
    }
    let error =
        ApiError::NotFound("there is nothing at this path: see /api/docs for what there is".to_owned());
    error.error_response()
}

/// Which routes a process serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// All of them.
    #[default]
    Service,
    /// Those of the built-in Data Proxy.
    DataProxy,
}

/// The application with the routes of `mode`. With `machines`, it has health and metrics too.
pub fn create_app(
    app: Data<App>,
    mode: Mode,
    machines: bool,
) -> actix_web::App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let observer = Rc::new(Observer::new(app.metrics.clone(), &app.settings.trusted_proxy));
    let trusted = TrustedProxies(app.settings.trusted_proxy.as_slice().into());
    let (rate, connections) = (Arc::clone(&app.rate), Arc::clone(&app.connections));
    let watch = ConnectionWatch::new(rate, trusted.clone(), connections);
    actix_web::App::new()
        .app_data(app)
        .app_data(trusted)
        .wrap_fn(move |request, service| watch.watch(request, service))
        .wrap_fn(move |request, service| observer.observe(request, service))
        .configure(move |config| {
            match mode {
                Mode::Service => api(config),
                Mode::DataProxy => download(config),
            }
            if machines {
                self::machines(config);
            }
        })
        .default_service(web::to(nowhere))
}
