//! Bodies of uploads.

use serde_json::{json, Value};

/// A dataset in a directory with its name.
pub fn dataset(name: &str) -> Value {
    json!({
        "directory": format!("/users/alice/{name}"), "type": "DATA", "name": name, "energy": 12.6, "exposure": 0.1,
    })
}

/// A dataset in this directory.
pub fn dataset_in(directory: &str) -> Value {
    json!({"name": "xtal", "type": "DATA", "directory": directory, "energy": 12.658, "start_time": "2026-11-23T14:00:00Z"})
}
