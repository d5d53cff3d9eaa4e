//! `GET /api/admin/events`: what happens, as Server-Sent Events.

use super::query::Query;
use crate::app::AppData;
use crate::auth::signed_in::SignedIn;
use crate::auth::Admin;
use crate::console::visitor::{Role, Visitor};
use crate::error::{ApiError, ErrorBody};
use crate::events::{read_after, Event, Missed, Position};
use crate::openapi::responses::BusyErrors;
use crate::views::values::Instant;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{dev::Payload, FromRequest, HttpRequest, HttpResponse};
use arc_swap::Guard;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_actors::pool;
use beamlive_storage::ids::{BeamlineId, ProjectId};
use futures_util::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::broadcast::Receiver;
use tokio::time::timeout;
use utoipa::{IntoParams, ToSchema};

/// Most events that a listener gets of the time that it was away.
const MOST: usize = 10_000;
/// Bytes of one piece of a burst.
const PIECE: usize = 64 * 1024;
/// How often a silent stream shows that it is alive.
const ALIVE: Duration = Duration::from_secs(15);

/// Which events.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct EventFilter {
    /// Username of a project.
    project: Option<String>,
    /// Acronym of a beamline.
    beamline: Option<String>,
}

/// What an event says.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventData<'a> {
    /// When.
    time: Instant,
    /// Username of the project that it concerns.
    project: Option<&'a str>,
    /// Acronym of the beamline that it happened at.
    beamline: Option<&'a str>,
    /// Id of the session, the dataset or the report.
    id: Option<u64>,
    /// Its name.
    name: &'a str,
}

/// Who listens: an operator with the admin token, an account with an access token, or a browser
/// that is signed in.
#[derive(Debug)]
pub struct Listener(Role);

impl FromRequest for Listener {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            if Admin::extract(&request).await.is_ok() {
                return Ok(Self(Role::Operator));
            }
            if let Ok(signed_in) = SignedIn::extract(&request).await {
                return Ok(Self(Role::of(signed_in.catalog(), signed_in.account)));
            }
            match Visitor::extract(&request).await {
                Ok(visitor) => Ok(Self(visitor.role)),
                Err(_) => Err(ApiError::NotAdmin),
            }
        })
    }
}

/// What happens, as it happens
///
/// Server-Sent Events: `session.launched`, `session.joined`, `session.closed`, `dataset`, `report`,
/// `connection`, `facility`, `outbox`. An account with an access token, or a browser that is signed
/// in, gets those of its own projects; staff and the admin token get all. Each event that has a row
/// in the store has an id. With it in `Last-Event-ID`, a client gets what it missed, if that is no
/// more than 10,000 events. If it is more, or the client is too slow, it gets an event `missed`.
#[utoipa::path(
    get,
    path = "/api/admin/events",
    tag = "admin",
    params(EventFilter),
    responses(
        (status = 200, description = "A stream of events. The data of each is JSON.", body = EventData<'static>, content_type = "text/event-stream"),
        (status = 400, description = "`Last-Event-ID`, or a filter, is wrong.", body = ErrorBody),
        (status = 401, description = "Nobody is signed in.", body = ErrorBody),
        (status = 403, description = "The account is no member of the project.", body = ErrorBody),
        BusyErrors,
    ),
    security(("admin token" = []), ("access token" = [])),
)]
pub async fn list(request: HttpRequest, app: AppData, listener: Listener) -> Result<HttpResponse, ApiError> {
    stream(&request, &app, listener.0).await
}

/// `GET /events`: the same for the console.
///
/// # Errors
/// As [`list`].
pub async fn console(
    request: HttpRequest,
    app: AppData,
    listener: Listener,
) -> Result<HttpResponse, ApiError> {
    stream(&request, &app, listener.0).await
}

/// What a listener may and wants to see.
struct Wanted {
    role: Role,
    project: Option<ProjectId>,
    beamline: Option<BeamlineId>,
}

impl Wanted {
    fn takes(&self, event: &Event) -> bool {
        let sees = event
            .project
            .map_or(self.role.is_staff(), |project| self.role.sees(project));
        sees && self.project.is_none_or(|project| event.project == Some(project))
            && self
                .beamline
                .is_none_or(|beamline| event.beamline == Some(beamline))
    }
}

async fn stream(request: &HttpRequest, app: &AppData, role: Role) -> Result<HttpResponse, ApiError> {
    let services = app.directory.services();
    let wanted = {
        let catalog = services.catalog.current().await?;
        wanted(role, request, &catalog)?
    };
    let after = request.headers().get("last-event-id");
    let after = after.map(|text| text.to_str().ok().and_then(Position::parse));
    let after = match after {
        Some(None) => return Err(ApiError::field("Last-Event-ID", "is no id of an event")),
        Some(Some(position)) => Some(position),
        None => None,
    };
    let Some((receiver, here)) = app.events.listen(&services.store).await? else {
        return Err(ApiError::Stopping);
    };
    let mut state = State {
        app: app.clone(),
        wanted,
        receiver,
        read: after.unwrap_or(here),
        waiting: VecDeque::new(),
    };
    // The first piece goes out at once, so that the client knows that it is connected. If what
    // follows is cut off, the client asks again from here.
    let first = format!("retry: 2000\nid: {}\n\n", state.read);
    state.waiting.push_back(first.into());
    if let Some(after) = after {
        let store = services.store.clone();
        let (events, missed) = pool::read(move || read_after(&store, after, MOST)).await?;
        state.read = events.last().map_or(after, |last| last.position);
        let catalog = services.catalog.current().await?;
        let taken = events.iter().filter(|event| state.wanted.takes(event));
        let texts: Vec<_> = taken.map(|event| text(event, &catalog)).collect();
        drop(catalog);
        state.waiting.extend(texts);
        if missed == Some(Missed) {
            state.waiting.push_back(MISSED);
        }
    }
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(pieces(state)))
}

const MISSED: Bytes = Bytes::from_static(b"event: missed\ndata: {}\n\n");

fn wanted(role: Role, request: &HttpRequest, catalog: &Catalog) -> Result<Wanted, ApiError> {
    let mut query = Query::of(request);
    let EventFilter { project, beamline } = query.read();
    let project = query.project(project, catalog);
    let beamline = query.beamline(beamline, catalog);
    query.finish()?;
    if project.is_some_and(|project| !role.sees(project)) {
        return Err(ApiError::Forbidden(
            "this account is no member of that project".to_owned(),
        ));
    }
    Ok(Wanted {
        role,
        project,
        beamline,
    })
}

struct State {
    app: AppData,
    wanted: Wanted,
    receiver: Receiver<Arc<Event>>,
    /// What the client has got.
    read: Position,
    waiting: VecDeque<Bytes>,
}

fn pieces(state: State) -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream::unfold(state, |mut state| async move {
        loop {
            if let Some(piece) = state.waiting.pop_front() {
                return Some((Ok(piece), state));
            }
            match timeout(ALIVE, state.receiver.recv()).await {
                Err(_) => return Some((Ok(Bytes::from_static(b": alive\n\n")), state)),
                Ok(Err(RecvError::Lagged(_))) => state.waiting.push_back(MISSED),
                Ok(Err(RecvError::Closed)) => return None,
                Ok(Ok(event)) => {
                    let piece = state.piece(&event).await;
                    state.waiting.extend(piece);
                }
            }
        }
    })
}

impl State {
    /// An event and those that wait behind it, as text in one piece, so that a burst is one write
    /// for each listener. `None` when the listener wants none of them, or when it is not known what
    /// other nodes have changed; the client will ask again.
    async fn piece(&mut self, event: &Event) -> Option<Bytes> {
        let catalog = Guard::into_inner(self.app.directory.services().catalog.current().await.ok()?);
        let first = self.text(event, &catalog);
        let mut more = BytesMut::new();
        while more.len() < PIECE {
            match self.receiver.try_recv() {
                Ok(event) => more.extend(self.text(&event, &catalog).into_iter().flatten()),
                Err(TryRecvError::Lagged(_)) => more.extend_from_slice(&MISSED),
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        match first {
            Some(first) if more.is_empty() => Some(first),
            Some(first) => Some([first, more.freeze()].concat().into()),
            None => (!more.is_empty()).then(|| more.freeze()),
        }
    }

    /// An event as text, if the listener wants it and has not got it. It is made once for all
    /// listeners.
    fn text(&self, event: &Event, catalog: &Catalog) -> Option<Bytes> {
        let known = event.position != Position::default() && self.read.covers(&event.position);
        let wanted = !known && self.wanted.takes(event);
        wanted.then(|| event.text.get_or_init(|| text(event, catalog)).clone())
    }
}

fn text(event: &Event, catalog: &Catalog) -> Bytes {
    let data = EventData {
        time: event.time.into(),
        project: event.project.map(|project| catalog.username(project)),
        beamline: event.beamline.map(|beamline| catalog.acronym(beamline)),
        id: event.record,
        name: &event.name,
    };
    // Of such fields JSON can always be made.
    let data = serde_json::to_string(&data).unwrap_or_default();
    let id = if event.position == Position::default() {
        String::new()
    } else {
        format!("id: {}\n", event.position)
    };
    format!("{id}event: {}\ndata: {data}\n\n", event.kind.name()).into()
}
