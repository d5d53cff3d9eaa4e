//! The limits of the machine, in three layers, measured in the same run and with the same client as
//! the service.

pub(crate) mod cases;
pub(crate) mod server;
mod writer;
