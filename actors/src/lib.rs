//! The actors of beamlive: who owns which state, and the rules.
pub mod activity;
pub mod ask;
pub mod clock;
pub mod facility;
pub mod key;
pub mod secure_path;
