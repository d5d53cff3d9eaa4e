//! The console: pages for people, in a browser.
//!
//! A handler that takes a [`visitor::Visitor`] cannot be reached by someone who is not signed in.
//! The staff sees everything, members see what belongs to their projects. The pages are written on
//! the server and work without script; the script only keeps them current, shows frames, and shows
//! values under the pointer.
//!
//! | file | what it holds |
//! |---|---|
//! | `cookie.rs` | the cookie of a browser that is signed in |
//! | `visitor.rs` | who is signed in, and what they may see |
//! | `sign_in.rs` | signing in and out |
//! | `form.rs` | forms: read, and refused if another site sent them |
//! | `frame.rs`, `page.rs` | the frame of every page, and the pages of a visitor |
//! | `refusal.rs` | why a page is not shown, as a page |
//! | `show.rs` | times, lengths and links, as pages show them |
//! | `change.rs` | changes of the facility that forms ask for |
//! | `table.rs`, `list.rs`, `csv.rs`, `workbook.rs` | tables with filters and pages, and as files |
//! | `declared.rs` | tables of what is declared |
//! | `overview.rs` | `/`: one card for each beamline |
//! | `drawing.rs`, `automounter.rs`, `contents.rs` | containers, drawn |
//! | `samples.rs`, `sheet.rs` | samples, and the sheet to type into |
//! | `containers.rs`, `automounters.rs` | containers and automounters, and moving containers |
//! | `schedule.rs`, `statistics.rs` | the calendar of beamtimes, and the use of the beamlines |
//! | `projects.rs`, `people.rs`, `account.rs` | projects, persons and their passwords |
//! | `access.rs` | access lists and remote connections |
//! | `feedback.rs`, `outbox.rs`, `state.rs` | answers to surveys, what waits, and the state of the service |
//! | `share.rs` | reports for people without an account |
//! | `grid.rs` | the grid of a raster |
//! | `scans.rs` | the figures of XRF, MAD and XAS scans |
//! | `sessions.rs`, `datasets.rs`, `reports.rs`, `log.rs` | the pages of records |
//! | `files.rs` | files of an external Data Proxy |
//! | `book.rs` | `/docs`: the book, for everybody |
//! | `assets.rs` | style sheets and scripts |

pub mod access;
pub mod account;
pub mod assets;
mod automounter;
pub mod automounters;
pub mod book;
mod change;
pub mod containers;
mod contents;
mod cookie;
mod csv;
pub mod datasets;
mod declared;
mod drawing;
pub mod feedback;
pub mod files;
mod form;
mod frame;
mod grid;
mod list;
pub mod log;
pub mod outbox;
pub mod overview;
mod page;
pub mod people;
pub mod projects;
mod refusal;
pub mod reports;
pub mod samples;
mod scans;
pub mod schedule;
pub mod sessions;
pub mod share;
pub mod sheet;
mod show;
pub mod sign_in;
pub mod state;
pub mod statistics;
mod table;
pub mod visitor;
mod workbook;

/// The page for an address that leads nowhere.
#[must_use]
pub fn nowhere() -> actix_web::HttpResponse {
    let message = "There is nothing at this address.".to_owned();
    let refused = refusal::PageError::Refused(actix_web::http::StatusCode::NOT_FOUND, message);
    actix_web::ResponseError::error_response(&refused)
}
