//! Without a database: what is shown of each record. With PostgreSQL, if it is installed: that the
//! database takes all of it, and that the statements in the documentation answer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

mod database;
mod documents;
mod hostile;
mod samples;
mod shown;
mod speed;
