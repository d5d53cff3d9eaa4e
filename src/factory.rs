//! The production application, which `serve` runs and the tests test.

use crate::app::App;
use crate::connection::watch::ConnectionWatch;
use crate::metrics::observe::Observer;
use crate::routes;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::web::{self, Data};
use actix_web::Error;
use std::rc::Rc;

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
    let watch = ConnectionWatch::new(app.clone());
    actix_web::App::new()
        .app_data(app)
        .wrap_fn(move |request, service| watch.watch(request, service))
        .wrap_fn(move |request, service| observer.observe(request, service))
        .configure(move |config| {
            match mode {
                Mode::Service => routes::api(config),
                Mode::DataProxy => routes::download::routes(config),
            }
            if machines {
                routes::machines(config);
            }
        })
        .default_service(web::to(routes::nowhere))
}
