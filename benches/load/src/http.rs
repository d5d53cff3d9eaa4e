//! A lean HTTP/1.1 client. It shares the processors with the service that it measures, so it does
//! less than a general client: one kept connection, one request at a time, whole requests as bytes,
//! no allocation per request.

mod connection;
mod request;
mod response;
mod target;

pub use connection::Connection;
pub(crate) use request::request;
pub use response::Response;
pub use target::Target;
