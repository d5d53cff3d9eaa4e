//! Accepts connections, serves them, and stops without breaking a request off.

use super::refusal::{reason, refuse, tell};
use super::stream::Stream;
use super::{upgrade, REFUSALS};
use crate::app::{create_app, App, Duty};
use crate::error::ApiError;
use actix_http::error::DispatchError;
use actix_http::{HttpService, Protocol};
use actix_server::{Server, ServerHandle};
use actix_service::{
    fn_factory, fn_service, map_config, IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt,
};
use actix_web::dev::AppConfig;
use actix_web::web::Data;
use std::future::poll_fn;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};

/// How long requests in flight may take to finish once the service is told to stop, in seconds.
const SHUTDOWN_SECONDS: u64 = 30;
/// How long kept connections are still served then, each for one more answer that says that it was the last.
const GRACE: Duration = Duration::from_millis(250);
/// How long a client that was refused may go on sending, so that it reads why instead of a reset.
const LINGER: Duration = Duration::from_secs(10);

/// A listener that is served.
#[derive(Debug)]
pub struct Listening {
    app: Data<App>,
    /// The same socket once more, for those who come while the service stops.
    listener: TcpListener,
    handle: ServerHandle,
    served: JoinHandle<io::Result<()>>,
    drain: watch::Sender<bool>,
}

impl Listening {
    /// Serves what `duty` says of the production application on `listener`; with `machines`, health and metrics too.
    ///
    /// # Errors
    /// When the listener can't be used.
    pub fn start(app: Data<App>, listener: TcpListener, duty: Duty, machines: bool) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let again = listener.try_clone()?;
        let (drain, draining) = watch::channel(false);
        let served = app.clone();
        // A connection that has a place is never held up by the server's own limit: those beyond are told so.
        let most = app.settings.limits.connections.saturating_add(REFUSALS);
        let server = Server::build()
            .max_concurrent_connections(most.saturating_mul(2))
            .shutdown_timeout(SHUTDOWN_SECONDS)
            .disable_signals()
            .listen("beamlive", listener, move || {
                service(served.clone(), address, duty, machines, draining.clone())
            })?
            .run();
        Ok(Self {
            app,
            listener: again,
            handle: server.handle(),
            served: tokio::spawn(server),
            drain,
        })
    }

    /// Accepts nothing new and lets what was accepted finish. Whoever comes meanwhile is told to come again.
    pub async fn stop(self) {
        self.app.connections.stop();
        // What has been accepted reaches its worker during the grace; a worker that stops would drop it.
        self.handle.pause().await;
        let (stopped, until) = oneshot::channel::<()>();
        let turning_away = tokio::spawn(turn_away(self.app, self.listener, until));
        tokio::time::sleep(GRACE).await;
        self.drain.send_replace(true);
        let finished = self.handle.stop(true);
        // The server lets go of its half of the listener at once; from then on nobody can connect any more.
        drop(stopped);
        if let Ok(Err(error)) = turning_away.await {
            tracing::warn!(%error, "those who came last were not told that the service stops");
        }
        finished.await;
        if let Ok(Err(error)) = self.served.await {
            tracing::error!(%error, "a listener ended with an error");
        }
    }
}

/// One worker's service.
fn service(
    app: Data<App>,
    address: SocketAddr,
    duty: Duty,
    machines: bool,
    draining: watch::Receiver<bool>,
) -> impl actix_service::ServiceFactory<TcpStream, Config = (), Response = (), Error = DispatchError, InitError = ()>
{
    let routes = create_app(app.clone(), duty, machines)
        .into_factory()
        .map_err(|error: actix_web::Error| error.error_response());
    let routes = map_config(routes, move |()| {
        AppConfig::__priv_test_new(false, address.to_string(), address)
    });
    let http = HttpService::build()
        .keep_alive(Duration::from_secs(app.settings.limits.idle_seconds))
        // The stream has a deadline for every head, not for the first alone.
        .client_request_timeout(Duration::ZERO)
        .client_disconnect_timeout(LINGER.min(Duration::from_secs(app.settings.limits.head_seconds)))
        .local_addr(address)
        .graceful_shutdown_signal(move || {
            let mut draining = draining.clone();
            async move {
                // Whoever could say so has gone: then there is nothing to wait for either.
                let _ = draining.wait_for(|draining| *draining).await;
            }
        })
        .upgrade(fn_service(upgrade::ignore))
        .on_connect_ext(|stream: &Stream, data: &mut actix_http::Extensions| {
            data.insert(stream.line());
        })
        .finish(routes);
    let http = Rc::new(http);
    fn_factory(move || {
        let (app, http) = (app.clone(), http.clone());
        async move {
            let http = Rc::new(http.new_service(()).await?);
            Ok(fn_service(move |io: TcpStream| {
                serve(io, app.clone(), http.clone())
            }))
        }
    })
}

/// Serves one connection, if there is a place for it.
async fn serve<S>(io: TcpStream, app: Data<App>, http: Rc<S>) -> Result<(), DispatchError>
where
    S: Service<(Stream, Protocol, Option<SocketAddr>), Response = (), Error = DispatchError>,
{
    let peer = io.peer_addr().ok();
    let Some(place) = app.connections.enter() else {
        app.metrics.overloaded("connections");
        if let Some(place) = app.connections.refuse() {
            refuse(io, &ApiError::Overloaded("too many connections"), place).await;
        }
        return Err(DispatchError::Io(io::ErrorKind::ConnectionRefused.into()));
    };
    let stream = Stream::new(io, app.clone(), place);
    let line = stream.line();
    let mut next = Some(stream);
    while let Some(stream) = next {
        poll_fn(|cx| http.poll_ready(cx)).await?;
        let served = http.call((stream, Protocol::Http1, peer)).await;
        if let (Err(DispatchError::Parse(error)), Some(io)) = (&served, line.held_back.take()) {
            if let Some(place) = app.connections.refuse() {
                tell(io, &reason(error), place).await;
            }
        }
        served?;
        next = line.again.take();
    }
    Ok(())
}

/// Answers whoever comes until `until`, and those who have come by then: a listener that is closed resets them.
async fn turn_away(
    app: Data<App>,
    listener: TcpListener,
    mut until: oneshot::Receiver<()>,
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let mut refusals = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            accepted = listener.accept() => accepted,
            _ = &mut until => break,
        };
        let Ok((io, _)) = accepted else { continue };
        if let Some(place) = app.connections.refuse() {
            refusals.spawn(async move { refuse(io, &ApiError::Stopping, place).await });
        }
        while refusals.try_join_next().is_some() {}
    }
    drop(listener);
    while refusals.join_next().await.is_some() {}
    Ok(())
}
