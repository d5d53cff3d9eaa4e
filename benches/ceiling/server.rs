//! A server with the service's settings that does only the work that no server can leave out.

use super::super::site::{public_key, Site, BEAMLINES};
use super::writer::{Job, Writer};
use actix::{Actor, Addr, Arbiter, Context, Handler, Message};
use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data, Path};
use actix_web::{App, HttpResponse, HttpServer};
use beamlive::auth::token::Token;
use beamlive::config::Settings;
use beamlive_actors::key::{self, PublicKey};
use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{mpsc, Arc};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// The server, on threads of its own in this process, as the service is.
pub(crate) struct Ceiling {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

/// The state of its handlers.
struct Parts {
    keys: HashMap<String, Arc<PublicKey>>,
    bodies: HashMap<&'static str, Bytes>,
    hop: Addr<Hop>,
}

/// An actor that passes jobs on to the writer.
struct Hop(Writer);

impl Actor for Hop {
    type Context = Context<Self>;
}

/// A job for the writer.
struct Append(Job);

impl Message for Append {
    type Result = ();
}

impl Handler<Append> for Hop {
    type Result = ();

    fn handle(&mut self, Append(job): Append, _: &mut Context<Self>) {
        self.0.submit(job);
    }
}

impl Ceiling {
    /// Starts a server that appends to `file`, and has ready-made bodies of these names and
    /// lengths.
    pub(crate) fn start(file: PathBuf, lengths: &[(&'static str, usize)]) -> Self {
        let bodies = lengths
            .iter()
            .map(|(name, length)| (*name, Bytes::from(vec![b'x'; *length])))
            .collect();
        let keys = (0..BEAMLINES)
            .map(|number| {
                let key = PublicKey::parse(&public_key(number)).unwrap();
                (Site::username(number), Arc::new(key))
            })
            .collect();
        let (started, running) = mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let arbiter = Arbiter::new();
                let writer = Writer::start(file);
                let limits = Settings::default().limits;
                let hop = Hop::start_in_arbiter(&arbiter.handle(), move |context| {
                    context.set_mailbox_capacity(limits.mailbox);
                    Hop(writer)
                });
                let parts = Data::new(Parts { keys, bodies, hop });
                let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
                let address = listener.local_addr().unwrap();
                let server = HttpServer::new(move || {
                    App::new()
                        .app_data(parts.clone())
                        .route("/bare/{body}", web::get().to(bare))
                        .route("/{token}/verified/{body}", web::get().to(verified))
                        .route("/{token}/committed", web::post().to(committed))
                })
                .max_connections(limits.connections)
                .client_request_timeout(Duration::from_secs(limits.body_seconds))
                .disable_signals()
                .listen(listener)
                .unwrap()
                .run();
                let handle = server.handle();
                let task = tokio::spawn(server);
                started.send(address).unwrap();
                // An error means that the bench has ended, which is a reason to stop too.
                let _ = stopped.await;
                handle.stop(true).await;
                let _ = task.await;
                arbiter.stop();
            });
        });
        Self {
            address: running.recv().unwrap(),
            stop,
            thread,
        }
    }

    pub(crate) fn stop(self) {
        let _ = self.stop.send(());
        self.thread.join().unwrap();
    }
}

/// (a) Ready-made bytes.
async fn bare(parts: Data<Parts>, body: Path<String>) -> HttpResponse {
    answer(&parts, &body)
}

/// (b) The same, after the token was verified.
async fn verified(parts: Data<Parts>, path: Path<(String, String)>) -> HttpResponse {
    let (token, body) = path.into_inner();
    match verify(&parts, &token) {
        true => answer(&parts, &body),
        false => HttpResponse::MethodNotAllowed().finish(),
    }
}

/// (c) Verified, passed through an actor, appended and synced.
async fn committed(parts: Data<Parts>, token: Path<String>, body: Bytes) -> HttpResponse {
    if !verify(&parts, &token) {
        return HttpResponse::MethodNotAllowed().finish();
    }
    let (done, durable) = oneshot::channel();
    let job = Job { bytes: body, done };
    if parts.hop.try_send(Append(job)).is_err() || durable.await.is_err() {
        return HttpResponse::ServiceUnavailable().finish();
    }
    HttpResponse::Ok()
        .content_type("application/json")
        .body(Bytes::from_static(b"{\"id\":1}"))
}

fn verify(parts: &Parts, token: &str) -> bool {
    Token::parse(token).is_ok_and(|token| {
        let key = parts.keys.get(&token.username);
        key::verify(key.map(Arc::as_ref), &token.message(), &token.signature)
    })
}

fn answer(parts: &Parts, body: &str) -> HttpResponse {
    match parts.bodies.get(body) {
        Some(bytes) if bytes.is_empty() => HttpResponse::new(StatusCode::NOT_MODIFIED),
        Some(bytes) => HttpResponse::Ok()
            .content_type("application/json")
            .body(bytes.clone()),
        None => HttpResponse::NotFound().finish(),
    }
}
