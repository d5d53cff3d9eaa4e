//! The machine's own limits, in three layers, measured with the client and in the run that measures the service.

pub(crate) mod cases;
pub(crate) mod server;
mod writer;
