//! XDI text, in which beamlines write scans, and the figures of scans.
//!
//! | file | what it holds |
//! |---|---|
//! | `xdi/parse.rs` | [`Xdi`]: headers and columns |
//! | `xdi/scans.rs` | the figures of XRF, MAD and XAS |
//!
//! Invariants: whatever a file holds, it is read: what is no number is a gap, what is no header is
//! passed over. How much is read is bounded.

mod parse;
mod scans;

pub use parse::{Column, Xdi};
pub use scans::{choices, elements, mad, xas, xrf, Element};
