//! The outermost middleware: counts and logs each request, by route pattern.

use super::counters::{Metrics, RequestSeries};
use crate::caller::Caller;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::{Error, HttpMessage, HttpRequest};
use ipnet::IpNet;
use prometheus::{IntCounter, IntGauge};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::field::{display, DisplayValue};

/// The pattern of a path that has no route.
const NO_ROUTE: Pattern = Pattern("none");
/// Requests that take longer are logged at info level even when they succeed.
const SLOW: Duration = Duration::from_secs(1);

/// The verified user of a request, in the request's extensions.
#[derive(Debug, Clone)]
pub struct RequestUser(pub Arc<str>);

/// The path of a route as it is declared. Each resource carries its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pattern(pub &'static str);

/// Counts and logs the requests of one worker.
#[derive(Clone)]
pub struct Observer {
    metrics: Metrics,
    trusted: Rc<[IpNet]>,
    series: Rc<RefCell<KnownSeries>>,
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observer").finish_non_exhaustive()
    }
}

impl Observer {
    /// Counts in `metrics`. The addresses that are logged are those that the proxies in `trusted`
    /// forward for.
    #[must_use]
    pub fn new(metrics: Metrics, trusted: &[IpNet]) -> Self {
        Self {
            metrics,
            trusted: trusted.into(),
            series: Rc::default(),
        }
    }

    /// Has `service` answer `request`.
    pub fn observe<S, B>(
        self: &Rc<Self>,
        request: ServiceRequest,
        service: &S,
    ) -> impl Future<Output = Result<ServiceResponse<B>, Error>>
    where
        S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
        B: MessageBody,
    {
        let begin = Instant::now();
        let method = method_label(request.method());
        let in_flight = InFlight::begin(&self.metrics);
        let observer = self.clone();
        let answer = service.call(request);
        async move {
            let answer = answer.await;
            in_flight.end();
            let elapsed = begin.elapsed();
            // The route is known only now, after routing.
            let (pattern, status) = match &answer {
                Ok(response) => {
                    let pattern = response.request().app_data::<Pattern>();
                    (pattern.copied(), response.status())
                }
                Err(error) => (None, error.as_response_error().status_code()),
            };
            let Pattern(route) = pattern.unwrap_or(NO_ROUTE);
            let mut series = observer.series.borrow_mut();
            series.count(&observer.metrics, route, method, status.as_u16(), elapsed);
            drop(series);
            let line = LogLine {
                request: answer.as_ref().ok().map(ServiceResponse::request),
                trusted: &observer.trusted,
                route,
                method,
                status: status.as_u16(),
                elapsed,
            };
            let failed = status.is_client_error() || status.is_server_error();
            line.write(failed || elapsed >= SLOW);
            answer
        }
    }
}

/// The series that a worker has used, by route. A request costs a look-up and no formatting.
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

/// A request that is being answered. If it is dropped before its answer, it was abandoned.
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

/// The log line of a request. It never holds the path, which may hold a token.
struct LogLine<'a> {
    request: Option<&'a HttpRequest>,
    trusted: &'a [IpNet],
    route: &'a str,
    method: &'static str,
    status: u16,
    elapsed: Duration,
}

impl LogLine<'_> {
    /// Failed and slow requests are logged at info level, all others at debug level.
    fn write(&self, at_info: bool) {
        macro_rules! log {
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
        if at_info {
            log!(info);
        } else {
            log!(debug);
        }
    }

    fn address(&self) -> Option<DisplayValue<std::net::IpAddr>> {
        let caller = Caller::of(self.request?, self.trusted).ok()?;
        Some(display(caller.0))
    }

    fn who(&self) -> Option<DisplayValue<Arc<str>>> {
        let who = self
            .request?
            .extensions()
            .get::<RequestUser>()
            .map(|who| who.0.clone())?;
        Some(display(who))
    }
}

/// A client can send any word as a method, so methods that no route takes share one label.
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
