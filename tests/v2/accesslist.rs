//! `GET|POST /api/v2/accesslist/` and `/access/accesslist/`

mod connections;
mod dates;
mod users;
