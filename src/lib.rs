//! beamlive
