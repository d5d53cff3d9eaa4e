//! Events as they happen, for Server-Sent Events.
//!
//! Nothing is written for an event. The activity log, the datasets and the reports have ids that
//! only grow, so an event is a new row of one of them, and its id says how far all three were read.
//! A client that comes back with an id gets what it missed from the store. One task reads new rows
//! a few times a second while someone listens; an upload costs the same with a thousand listeners
//! as with none.

mod event;
mod feed;
mod row;

pub use event::{Event, Kind, Position};
pub use feed::{read_after, Events, Health, Missed};
