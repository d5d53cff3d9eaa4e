//! The middleware next to the routes: refuses addresses that send too many requests, and says when a request is being
//! worked on, so that no deadline of its connection ends it.

use super::{Line, Working};
use crate::app::App;
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::ConnectionType;
use actix_web::web::{Bytes, Data};
use actix_web::Error;
use pin_project_lite::pin_project;
use std::fmt;
use std::future::{ready, Future, Ready};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{ready, Context, Poll};

/// The middleware.
#[derive(Debug, Clone)]
pub struct Attend {
    app: Data<App>,
}

impl Attend {
    /// With the limits and connections of `app`.
    #[must_use]
    pub fn new(app: Data<App>) -> Self {
        Self { app }
    }
}

impl<S, B> Transform<S, ServiceRequest> for Attend
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<Held<B>>;
    type Error = Error;
    type InitError = ();
    type Transform = Attended<S>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(Attended {
            service,
            app: self.app.clone(),
        }))
    }
}

/// A service with the middleware around it.
#[derive(Debug)]
pub struct Attended<S> {
    service: S,
    app: Data<App>,
}

impl<S, B> Service<ServiceRequest> for Attended<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<Held<B>>;
    type Error = Error;
    type Future = Attending<S::Future>;

    fn poll_ready(&self, ctx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(ctx)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        if let Err(error) = self.app.rate.admit_address(request.request(), &self.app) {
            return Attending {
                refused: Some(error.into()),
                ends: false,
                asked: None,
                working: None,
                app: self.app.clone(),
            };
        }
        let working = request.conn_data::<Rc<Line>>().map(Working::begin);
        // The dispatcher ends a connection that asked for another protocol after its answer.
        let ends = request.head().connection_type() == ConnectionType::Upgrade;
        Attending {
            refused: None,
            ends,
            asked: Some(self.service.call(request)),
            working,
            app: self.app.clone(),
        }
    }
}

pin_project! {
    /// The answer, in a while.
    pub struct Attending<F> {
        refused: Option<Error>,
        // Whether the connection ends with this answer, which is to say so.
        ends: bool,
        // None for what was refused.
        #[pin]
        asked: Option<F>,
        // Ends with the answer's body.
        working: Option<Working>,
        app: Data<App>,
    }
}

impl<F> fmt::Debug for Attending<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attending").finish_non_exhaustive()
    }
}

impl<F, B> Future for Attending<F>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
    B: MessageBody,
{
    type Output = Result<ServiceResponse<Held<B>>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Some(error) = this.refused.take() {
            return Poll::Ready(Err(error));
        }
        let Some(asked) = this.asked.as_pin_mut() else {
            return Poll::Pending;
        };
        let mut response = ready!(asked.poll(cx))?;
        if *this.ends || this.app.connections.is_stopping() {
            let head = response.response_mut().head_mut();
            head.set_connection_type(ConnectionType::Close);
        }
        let working = this.working.take();
        let held = |_: &mut _, body| Held {
            body,
            _working: working,
        };
        Poll::Ready(Ok(response.map_body(held)))
    }
}

pin_project! {
    /// A body that is being made. Its request is worked on as long.
    #[derive(Debug)]
    pub struct Held<B> {
        #[pin]
        body: B,
        _working: Option<Working>,
    }
}

impl<B: MessageBody> MessageBody for Held<B> {
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
