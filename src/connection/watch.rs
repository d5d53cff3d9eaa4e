//! The middleware next to the routes. It refuses addresses that send too many requests, and marks
//! requests as being worked on, so that no deadline of their connection ends them.

use super::gate::Gate;
use super::stream::{ConnectionState, Working};
use crate::caller::{Caller, TrustedProxies};
use crate::limits::rate::RateLimits;
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::web::Bytes;
use actix_web::Error;
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

/// The middleware.
#[derive(Debug, Clone)]
pub struct ConnectionWatch {
    rate: Arc<RateLimits>,
    trusted: TrustedProxies,
    connections: Arc<Gate>,
}

impl ConnectionWatch {
    /// Limits the requests of each address by `rate`.
    #[must_use]
    pub fn new(rate: Arc<RateLimits>, trusted: TrustedProxies, connections: Arc<Gate>) -> Self {
        Self {
            rate,
            trusted,
            connections,
        }
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
        let connections = Arc::clone(&self.connections);
        let address = || Caller::or_peer(request.request(), &self.trusted.0).0;
        let admitted = self.rate.admit_address(address).map(|()| {
            let working = request.conn_data::<Rc<ConnectionState>>().map(Working::begin);
            // The dispatcher ends a connection that asked for another protocol after its answer.
            let ends = request.head().connection_type() == ConnectionType::Upgrade;
            (service.call(request), working, ends)
        });
        async move {
            let (answer, working, ends) = admitted?;
            let mut response = answer.await?;
            if ends || connections.is_stopping() {
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
