//! The keys of directories: requests to an external Data Proxy, and the built-in one.

mod built_in;
mod chaos;
mod forwarding;

use crate::support::{dataset_in, Site};

/// The secure key of a record at an admin path.
async fn url(site: &Site, path: &str) -> Option<String> {
    site.admin(path).await["url"].as_str().map(str::to_owned)
}
