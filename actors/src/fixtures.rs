//! Records that several tests need.

use beamlive_storage::records::{Project, SignIn};
use beamlive_storage::{Timestamp, Versioned};

/// A record as it was first written.
pub(crate) fn versioned<R>(record: R) -> Versioned<R> {
    Versioned { revision: 1, record }
}

/// An account without a name and keys.
pub(crate) fn project(username: &str) -> Project {
    Project {
        username: username.to_owned(),
        name: String::new(),
        key: None,
        ssh_keys: Vec::new(),
        sign_in: SignIn::default(),
        created: Timestamp(0),
        modified: Timestamp(0),
    }
}
