//! The application: what every handler can reach, and how it is put together.

use crate::auth::{AdminToken, VerificationPool};
use crate::caller::Caller;
use crate::config::Settings;
use crate::connection::attend::Attend;
use crate::connection::Gate;
use crate::error::ApiError;
use crate::limits::bodies::BodyBudget;
use crate::limits::rate::RateLimits;
use crate::metrics::Metrics;
use crate::proxy::builtin::BuiltinProxy;
use crate::proxy::files::Files;
use crate::ready_users::ReadyUsers;
use crate::router;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::web::{self, Bytes, Data};
use actix_web::{Error, HttpRequest};
use beamlive_actors::access::lists;
use beamlive_actors::directory::Directory;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::AccessListId;
use beamlive_storage::records::AccessList;
use std::sync::Arc;

/// What every handler can reach.
#[derive(Debug)]
pub struct App {
    /// The configuration.
    pub settings: Settings,
    /// The actors.
    pub directory: Directory,
    /// Verifies signatures.
    pub verification: VerificationPool,
    /// Who is an operator.
    pub admin_token: AdminToken,
    /// The built-in Data Proxy; off when an external one is configured.
    pub builtin_proxy: Option<BuiltinProxy>,
    /// What access lists are answered with.
    pub ready_users: ReadyUsers,
    /// Requests of one address and of one project.
    pub rate: RateLimits,
    /// Bytes of bodies in flight.
    pub bodies: BodyBudget,
    /// Connections.
    pub connections: Arc<Gate>,
    /// The files that it serves; off with it, and when it is not mounted.
    pub files: Option<Arc<Files>>,
    /// The numbers.
    pub metrics: Metrics,
}

impl App {
    /// The application that serves `request`.
    ///
    /// # Errors
    /// 503 in an application that was put together without it, which none of ours is.
    pub fn of(request: &HttpRequest) -> Result<Data<Self>, ApiError> {
        request
            .app_data::<Data<Self>>()
            .cloned()
            .ok_or(ApiError::Unavailable(beamlive_actors::ask::Unavailable::Lost(
                "application",
            )))
    }

    /// Whether a key may be registered from there.
    ///
    /// # Errors
    /// 403 where it may not.
    pub fn check_registration(&self, username: &str, caller: Caller) -> Result<(), ApiError> {
        let rules = &self.settings.registration;
        let open = rules.open
            && (rules.allow_from.is_empty() || rules.allow_from.iter().any(|net| net.contains(&caller.0)));
        if open {
            return Ok(());
        }
        tracing::warn!(username, address = %caller.0, "key registration refused: not open to this address");
        Err(ApiError::Forbidden(
            "keys can't be registered from here: ask the facility's staff to register yours".to_owned(),
        ))
    }

    /// The access list of a caller's address: its id and its name.
    #[must_use]
    pub fn list_for(&self, caller: Caller) -> Option<(AccessListId, String)> {
        self.of_list(caller, |id, list, _| (id, list.name.clone()))
    }

    /// Who may use the caller's host now; nobody when its address has no list.
    #[must_use]
    pub fn users_for(&self, caller: Caller) -> Vec<String> {
        let users = self.of_list(caller, |_, list, catalog| self.users(list, catalog));
        users.unwrap_or_default()
    }

    /// The same, as JSON.
    #[must_use]
    pub fn users_json(&self, caller: Caller) -> Bytes {
        let answer = self.of_list(caller, |id, list, catalog| {
            let make = || {
                serde_json::Value::from(self.users(list, catalog))
                    .to_string()
                    .into()
            };
            match self.directory.schedule() {
                None => self.ready_users.get(catalog, id, make),
                // Who is scheduled changes with time.
                Some(_) => make(),
            }
        });
        answer.unwrap_or_else(|| Bytes::from_static(b"[]"))
    }

    fn users(&self, list: &AccessList, catalog: &Catalog) -> Vec<String> {
        let now = self.directory.services().clock.now();
        lists::users(list, catalog, self.directory.schedule(), now)
    }

    /// What `read` says of the access list of a caller's address; none when it has no list.
    fn of_list<T>(
        &self,
        caller: Caller,
        read: impl FnOnce(AccessListId, &AccessList, &Arc<Catalog>) -> T,
    ) -> Option<T> {
        let catalog = self.directory.services().catalog.load();
        let table = self.directory.access_table(&catalog);
        let (id, list) = table.find(caller.0)?;
        Some(read(id, list, &catalog))
    }
}

/// What a process answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Duty {
    /// Everything.
    #[default]
    Everything,
    /// The built-in Data Proxy alone.
    DataProxy,
}

/// The production application, as `serve` runs it and the tests test it. With `machines`, health and metrics are
/// among its routes.
pub fn create_app(
    app: Data<App>,
    duty: Duty,
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
    actix_web::App::new()
        .app_data(app.clone())
        .wrap(Attend::new(app.clone()))
        .wrap(crate::metrics::Observe::new(app))
        .configure(move |config| {
            match duty {
                Duty::Everything => router::api(config),
                Duty::DataProxy => router::download(config),
            }
            if machines {
                router::machines(config);
            }
        })
        .default_service(web::to(router::nowhere))
}
