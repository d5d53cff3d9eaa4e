//! Accepts connections, serves them, and stops without breaking off a request.
//!
//! `HttpServer` would do this without the deadlines of `stream.rs` and without an answer to clients
//! beyond the limit; `docs/RELIABILITY.md` lists the differences. So the same public parts that it
//! is made of, `actix_server` and `actix_http`, are put together here.

use super::gate::REFUSALS;
use super::listener::Listener;
use super::open::open;
use super::refusal::{reason, refuse, refuse_first};
use super::rules::Rules;
use super::stream::Stream;
use super::transport::Socket;
use super::{upgrade, OwnSide};
use crate::app::App;
use crate::error::ApiError;
use crate::router::{create_app, Mode};
use actix_http::error::DispatchError;
use actix_http::HttpService;
use actix_server::{Server, ServerHandle};
use actix_service::{
    fn_factory, fn_service, map_config, IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt,
};
use actix_web::dev::AppConfig;
use actix_web::web::Data;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};

/// How long requests in flight may take to finish once the service stops, in seconds.
const SHUTDOWN_SECONDS: u64 = 30;
/// How long kept connections are still served then. Each gets one more answer, with
/// `Connection: close`.
const GRACE: Duration = Duration::from_millis(250);
/// How long a refused client may go on sending, so that it reads the answer instead of a reset.
const LINGER: Duration = Duration::from_secs(10);

/// A listener that is served.
#[derive(Debug)]
pub struct Listening {
    app: Data<App>,
    /// A second handle of the socket, for clients that connect while the service stops.
    listener: Listener,
    /// The file of a Unix socket, to be removed.
    file: Option<PathBuf>,
    handle: ServerHandle,
    served: JoinHandle<io::Result<()>>,
    drain: watch::Sender<bool>,
}

impl Listening {
    /// Serves the routes of `mode` on `listener`. With `machines`, health and metrics too.
    ///
    /// # Errors
    /// When the listener can't be used.
    pub fn start(app: Data<App>, listener: Listener, mode: Mode, machines: bool) -> io::Result<Self> {
        let (again, file) = (listener.try_clone()?, listener.file());
        let (drain, draining) = watch::channel(false);
        let served = app.clone();
        // The server's own limit leaves connections unanswered, so it is above ours.
        let most = app.settings.limits.connections.saturating_add(REFUSALS);
        let builder = Server::build()
            .max_concurrent_connections(most.saturating_mul(2))
            .shutdown_timeout(SHUTDOWN_SECONDS)
            .disable_signals();
        let server = match listener {
            Listener::Tcp(listener) => builder.listen("beamlive", listener, move || {
                service(served.clone(), mode, machines, draining.clone())
            }),
            Listener::Unix(listener, _) => builder.listen_uds("beamlive", listener, move || {
                service(served.clone(), mode, machines, draining.clone())
            }),
        }?
        .run();
        Ok(Self {
            app,
            listener: again,
            file,
            handle: server.handle(),
            served: tokio::spawn(server),
            drain,
        })
    }

    /// Accepts no more connections and lets open ones finish. Clients that connect meanwhile are
    /// told to try again.
    pub async fn stop(self) {
        self.app.connections.stop();
        // Accepted connections reach their worker during the grace. A stopping worker would drop
        // them.
        self.handle.pause().await;
        let (stopped, until) = oneshot::channel::<()>();
        let turning_away = tokio::spawn(turn_away(self.app, self.listener, until));
        tokio::time::sleep(GRACE).await;
        self.drain.send_replace(true);
        let finished = self.handle.stop(true);
        if let Some(file) = self.file {
            // While this service still listens, the file can't be another's.
            if let Err(error) = std::fs::remove_file(&file) {
                tracing::warn!(?file, %error, "the Unix socket could not be removed");
            }
        }
        // The server closes its handle of the listener at once. With ours closed too, nobody can
        // connect.
        drop(stopped);
        if let Ok(Err(error)) = turning_away.await {
            tracing::warn!(%error, "clients that connected during the stop got no answer");
        }
        finished.await;
        if let Ok(Err(error)) = self.served.await {
            tracing::error!(%error, "a listener ended with an error");
        }
    }
}

/// The service of one worker.
fn service<Io: Into<Socket> + 'static>(
    app: Data<App>,
    mode: Mode,
    machines: bool,
    draining: watch::Receiver<bool>,
) -> impl actix_service::ServiceFactory<Io, Config = (), Response = (), Error = DispatchError, InitError = ()>
{
    let limits = &app.settings.limits;
    let (gate, metrics) = (app.connections.clone(), app.metrics.clone());
    let rules = Rules::new(limits, gate, metrics, app.secure.clone());
    let http = HttpService::build()
        .keep_alive(rules.idle)
        // The stream has a deadline for every head, not only for the first.
        .client_request_timeout(Duration::ZERO)
        .client_disconnect_timeout(LINGER.min(rules.head))
        .graceful_shutdown_signal(move || {
            let mut draining = draining.clone();
            async move {
                // An error means that the sender is gone, so there is nothing to wait for.
                let _ = draining.wait_for(|draining| *draining).await;
            }
        })
        .upgrade(fn_service(upgrade::ignore))
        .on_connect_ext(|stream: &Stream, data: &mut actix_http::Extensions| {
            data.insert(stream.state());
            data.insert(OwnSide {
                address: stream.local(),
                scheme: if stream.is_tls() { "https" } else { "http" },
            });
        });
    let routes = create_app(app, mode, machines)
        .into_factory()
        .map_err(|error: actix_web::Error| error.error_response());
    // Only `connection_info` and `url_for` read this configuration, and no handler calls them.
    let http = Rc::new(http.h1(map_config(routes, |()| AppConfig::default())));
    let rules = Rc::new(rules);
    fn_factory(move || {
        let (rules, http) = (rules.clone(), http.clone());
        async move {
            let http = Rc::new(http.new_service(()).await?);
            Ok(fn_service(move |io: Io| {
                serve(io.into(), rules.clone(), http.clone())
            }))
        }
    })
}

/// Serves one connection, if there is a place for it.
async fn serve<S>(socket: Socket, rules: Rc<Rules>, http: Rc<S>) -> Result<(), DispatchError>
where
    S: Service<(Stream, Option<SocketAddr>), Response = (), Error = DispatchError>,
{
    let peer = socket.peer();
    let opening = open(socket, rules.secure.as_deref());
    let Some(place) = rules.gate.enter() else {
        rules.metrics.overloaded("connections");
        if let Some(place) = rules.gate.refuse() {
            refuse_first(opening, &ApiError::Overloaded("too many connections"), place).await;
        }
        return Err(DispatchError::Io(io::ErrorKind::ConnectionRefused.into()));
    };
    let io = match tokio::time::timeout(rules.head, opening).await {
        Ok(Ok(io)) => io,
        Ok(Err(error)) => {
            rules.metrics.handshake_failed();
            tracing::debug!(?peer, %error, "a handshake of TLS failed");
            return Ok(());
        }
        Err(_) => {
            rules.metrics.overloaded("slow_head");
            return Ok(());
        }
    };
    let stream = Stream::new(io, rules.clone(), place);
    let state = stream.state();
    let mut next = Some(stream);
    while let Some(stream) = next {
        poll_fn(|cx| http.poll_ready(cx)).await?;
        let served = http.call((stream, peer)).await;
        if let (Err(DispatchError::Parse(error)), Some(io)) = (&served, state.held_back.take()) {
            if let Some(place) = rules.gate.refuse() {
                refuse(io, &reason(error), place).await;
            }
        }
        served?;
        next = state.resumed.take();
    }
    Ok(())
}

/// Refuses the clients that connect before `until`. Those that are still in the listener's queue
/// then are answered too, because closing the listener would reset them.
async fn turn_away(app: Data<App>, listener: Listener, mut until: oneshot::Receiver<()>) -> io::Result<()> {
    let listener = listener.into_async()?;
    let mut refusals = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            accepted = listener.accept() => accepted,
            _ = &mut until => break,
        };
        let Ok(socket) = accepted else { continue };
        if let Some(place) = app.connections.refuse() {
            let secure = app.secure.clone();
            refusals.spawn(async move {
                let opening = open(socket, secure.as_deref());
                refuse_first(opening, &ApiError::Stopping, place).await;
            });
        }
        while refusals.try_join_next().is_some() {}
    }
    drop(listener);
    while refusals.join_next().await.is_some() {}
    Ok(())
}
