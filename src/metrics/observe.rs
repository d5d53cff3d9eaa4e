//! The middleware around everything: counts each request and tells of it, by route pattern.

use super::{Metrics, RequestSeries};
use crate::app::App;
use crate::caller::Caller;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::Method;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpRequest};
use prometheus::{IntCounter, IntGauge};
use std::cell::RefCell;
use std::collections::HashMap;
use std::future::{ready, Future, Ready};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tracing::field::display;

/// The route of a path that is none.
const NO_ROUTE: Pattern = Pattern("none");
/// A request that takes longer is told of even when all is well.
const SLOW: Duration = Duration::from_secs(1);

/// Who a request turned out to come from. Whoever verifies it puts this into the request's extensions.
#[derive(Debug, Clone)]
pub struct Who(pub Arc<str>);

/// The path of a route as it is declared: what its resource carries, so that nobody matches the request's path again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pattern(pub &'static str);

/// The middleware.
#[derive(Debug, Clone)]
pub struct Observe {
    app: Data<App>,
}

impl Observe {
    /// Counts in the metrics of `app`.
    #[must_use]
    pub fn new(app: Data<App>) -> Self {
        Self { app }
    }
}

impl<S, B> Transform<S, ServiceRequest> for Observe
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    S::Future: 'static,
    B: MessageBody,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type InitError = ();
    type Transform = Observed<S>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(Observed {
            service,
            app: self.app.clone(),
            series: Rc::default(),
        }))
    }
}

/// A service with the middleware around it, one per worker.
#[derive(Debug)]
pub struct Observed<S> {
    service: S,
    app: Data<App>,
    series: Rc<RefCell<KnownSeries>>,
}

impl<S, B> Service<ServiceRequest> for Observed<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    S::Future: 'static,
    B: MessageBody,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>>>>;

    fn poll_ready(&self, ctx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(ctx)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let begin = Instant::now();
        let method = method_label(request.method());
        let in_flight = InFlight::begin(&self.app.metrics);
        let (app, series) = (self.app.clone(), self.series.clone());
        let answer = self.service.call(request);
        Box::pin(async move {
            let answer = answer.await;
            in_flight.end();
            let elapsed = begin.elapsed();
            // Which route it was is known only now that it was routed.
            let (pattern, status) = match &answer {
                Ok(response) => {
                    let pattern = response.request().app_data::<Pattern>();
                    (pattern.copied(), response.status())
                }
                Err(error) => (None, error.as_response_error().status_code()),
            };
            let Pattern(route) = pattern.unwrap_or(NO_ROUTE);
            series
                .borrow_mut()
                .count(&app.metrics, route, method, status.as_u16(), elapsed);
            let notable = status.is_client_error() || status.is_server_error() || elapsed >= SLOW;
            let told = Told {
                request: answer.as_ref().ok().map(ServiceResponse::request),
                app: &app,
                route,
                method,
                status: status.as_u16(),
                elapsed,
            };
            told.tell(notable);
            answer
        })
    }
}

/// The series that a worker has met, so that a request costs a look-up and no formatting.
#[derive(Debug, Default)]
struct KnownSeries(HashMap<&'static str, Vec<(&'static str, u16, RequestSeries)>>);

impl KnownSeries {
    fn count(
        &mut self,
        metrics: &Metrics,
        route: &'static str,
        method: &'static str,
        status: u16,
        elapsed: Duration,
    ) {
        let known = self.0.get(route).and_then(|of_route| {
            let mut of_route = of_route.iter();
            of_route.find(|(its_method, its_status, _)| *its_method == method && *its_status == status)
        });
        match known {
            Some((_, _, series)) => series.count(elapsed),
            None => {
                let series = metrics.series(route, method, status);
                series.count(elapsed);
                self.0.entry(route).or_default().push((method, status, series));
            }
        }
    }
}

impl RequestSeries {
    fn count(&self, elapsed: Duration) {
        self.requests.inc();
        self.seconds.observe(elapsed.as_secs_f64());
    }
}

/// A request that is being answered; dropped before that, it was abandoned.
struct InFlight {
    now: IntGauge,
    abandoned: IntCounter,
    answered: bool,
}

impl InFlight {
    fn begin(metrics: &Metrics) -> Self {
        metrics.in_flight.inc();
        Self {
            now: metrics.in_flight.clone(),
            abandoned: metrics.abandoned.clone(),
            answered: false,
        }
    }

    fn end(mut self) {
        self.answered = true;
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.now.dec();
        if !self.answered {
            self.abandoned.inc();
        }
    }
}

/// What is told of a request: never its path, which may hold a token.
struct Told<'a> {
    request: Option<&'a HttpRequest>,
    app: &'a App,
    route: &'a str,
    method: &'static str,
    status: u16,
    elapsed: Duration,
}

impl Told<'_> {
    /// What went well is for those who look for it.
    fn tell(&self, notable: bool) {
        macro_rules! tell {
            ($level:ident) => {
                tracing::$level!(
                    method = self.method,
                    route = self.route,
                    status = self.status,
                    ms = (self.elapsed.as_secs_f64() * 1e6).round() / 1e3,
                    address = self.address(),
                    who = self.who(),
                    "request"
                )
            };
        }
        if notable {
            tell!(info);
        } else {
            tell!(debug);
        }
    }

    fn address(&self) -> Option<tracing::field::DisplayValue<std::net::IpAddr>> {
        let caller = Caller::of(self.request?, self.app).ok()?;
        Some(display(caller.0))
    }

    fn who(&self) -> Option<tracing::field::DisplayValue<Arc<str>>> {
        let who = self.request?.extensions().get::<Who>().map(|who| who.0.clone())?;
        Some(display(who))
    }
}

/// A client can send any word as a method: those that no route takes are one label.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}
