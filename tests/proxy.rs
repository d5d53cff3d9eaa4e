//! Directories and their keys: forwarding to an external Data Proxy, and the built-in one.

mod built_in;
mod chaos;
mod forwarding;

use crate::support::Site;
use serde_json::{json, Value};

/// A dataset in a directory.
fn dataset_in(directory: &str) -> Value {
    json!({"name": "xtal", "type": "DATA", "directory": directory, "energy": 12.658, "start_time": "2026-11-23T14:00:00Z"})
}

/// The secure key of a record at an admin path.
async fn url(site: &Site, path: &str) -> Option<String> {
    site.admin(path).await["url"].as_str().map(str::to_owned)
}
