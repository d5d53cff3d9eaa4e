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
//! | `table.rs`, `list.rs`, `csv.rs` | tables with filters and pages, and the same as CSV |
//! | `overview.rs` | `/`: one card for each beamline |
//! | `automounter.rs` | automounters, drawn |
//! | `scans.rs` | the figures of XRF, MAD and XAS scans |
//! | `sessions.rs`, `datasets.rs`, `reports.rs`, `log.rs` | the pages of records |
//! | `book.rs` | `/docs`: the book, for everybody |
//! | `assets.rs` | style sheets and scripts |

pub mod assets;
mod automounter;
pub mod book;
mod cookie;
mod csv;
pub mod datasets;
mod form;
mod frame;
mod list;
pub mod log;
pub mod overview;
mod page;
mod refusal;
pub mod reports;
mod scans;
pub mod sessions;
mod show;
pub mod sign_in;
mod table;
pub mod visitor;
