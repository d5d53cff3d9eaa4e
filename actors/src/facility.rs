//! The declared facility.
pub mod catalog;
