//! The middleware next to the routes. It refuses addresses that send too many requests, and marks
//! requests as being worked on, so that no deadline of their connection ends them.

use super::stream::{ConnectionState, Working};
use crate::app::App;
use crate::caller::Caller;
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::web::{Bytes, Data};
use actix_web::Error;
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// The middleware.
#[derive(Debug, Clone)]
pub struct ConnectionWatch {
    app: Data<App>,
}

impl ConnectionWatch {
    /// Uses the rate limits and the connections of `app`.
    #[must_use]
    pub fn new(app: Data<App>) -> Self {
        Self { app }
    }

    /// Has `service` answer `request`.
    pub fn watch<S, B>(
        &self,
        request: ServiceRequest,
        service: &S,
    ) -> impl Future<Output = Result<ServiceResponse<WatchedBody<B>>, Error>>
    where
        S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
        B: MessageBody,
    {
        let app = self.app.clone();
        let address = || Caller::or_peer(request.request(), &app.settings.trusted_proxy).0;
        let admitted = app.rate.admit_address(address).map(|()| {
            let working = request.conn_data::<Rc<ConnectionState>>().map(Working::begin);
            // The dispatcher ends a connection that asked for another protocol after its answer.
            let ends = request.head().connection_type() == ConnectionType::Upgrade;
            (service.call(request), working, ends)
        });
        async move {
            let (answer, working, ends) = admitted?;
            let mut response = answer.await?;
            if ends || app.connections.is_stopping() {
                let head = response.response_mut().head_mut();
                head.set_connection_type(ConnectionType::Close);
            }
            Ok(response.map_body(|_, body| WatchedBody {
                body,
                _working: working,
            }))
        }
    }
}

pin_project! {
    /// The body of an answer. Its request is being worked on until the body ends.
    #[derive(Debug)]
    pub struct WatchedBody<B> {
        #[pin]
        body: B,
        _working: Option<Working>,
    }
}

impl<B: MessageBody> MessageBody for WatchedBody<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.project().body.poll_next(cx)
    }

    fn try_into_bytes(self) -> Result<Bytes, Self> {
        let Self { body, _working } = self;
        body.try_into_bytes().map_err(|body| Self { body, _working })
    }
}
