//! The state of the service, which every handler can reach.

use crate::access_lists::AccessLists;
use crate::auth::admin_token::AdminToken;
use crate::auth::pool::VerificationPool;
use crate::config::Settings;
use crate::connection::gate::Gate;
use crate::error::ApiError;
use crate::events::Events;
use crate::import::uploads::ImportUploads;
use crate::limits::bodies::BodyBudget;
use crate::limits::rate::RateLimits;
use crate::metrics::counters::Metrics;
use crate::proxy::builtin::BuiltinProxy;
use crate::proxy::files::Files;
use crate::proxy::remote::RemoteFiles;
use crate::sign_in::accounts::Accounts;
use crate::sign_in::oidc::Oidc;
use crate::tls::Secure;
use crate::usage::Usage;
use actix_web::web::Data;
use actix_web::HttpRequest;
use beamlive_actors::ask::Unavailable;
use beamlive_actors::directory::Directory;
use std::sync::Arc;

/// The state of the service. It refers to no handler, extractor or middleware: those refer to it.
#[derive(Debug)]
pub struct App {
    /// The configuration.
    pub settings: Settings,
    /// The actors.
    pub directory: Arc<Directory>,
    /// Verifies signatures.
    pub verification: VerificationPool,
    /// Accounts that sign in with a password.
    pub accounts: Accounts,
    /// Sign-in with OpenID Connect, if it is configured.
    pub oidc: Option<Oidc>,
    /// The events of the service, for listeners.
    pub events: Arc<Events>,
    /// Imports that are sent to this service.
    pub imports: Arc<ImportUploads>,
    /// The token of operators.
    pub admin_token: AdminToken,
    /// Who may use the host of a caller.
    pub access_lists: AccessLists,
    /// The built-in Data Proxy. `None` with an external one.
    pub builtin_proxy: Option<BuiltinProxy>,
    /// The files that the built-in Data Proxy serves. `None` without it, and where it serves none.
    pub files: Option<Arc<Files>>,
    /// The files of an external Data Proxy, for the console.
    pub remote_files: Option<RemoteFiles>,
    /// Limits on the requests of one address and of one project.
    pub rate: Arc<RateLimits>,
    /// Limit on the bytes of all bodies.
    pub bodies: BodyBudget,
    /// Limit on connections.
    pub connections: Arc<Gate>,
    /// How the beamlines are used.
    pub usage: Arc<Usage>,
    /// TLS at the service's own address, if it is on.
    pub secure: Option<Arc<Secure>>,
    /// Counters and latencies.
    pub metrics: Metrics,
}

/// The state, as handlers take it.
pub type AppData = Data<App>;

impl App {
    /// The state of the service that answers `request`.
    ///
    /// # Errors
    /// 503 in an application without state. `create_app` always sets it.
    pub fn of(request: &HttpRequest) -> Result<AppData, ApiError> {
        request
            .app_data::<AppData>()
            .cloned()
            .ok_or(ApiError::Unavailable(Unavailable::Lost("application")))
    }
}
