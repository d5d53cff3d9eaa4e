//! This description itself, and the page to read it with.

use super::bodies::Description;
use super::route::{get, json, text, Route};

const TAG: &str = "documentation";

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/docs", TAG, "A page to read the description with").ok("A page.", text("text/html")),
        get("/api/docs/openapi.json", TAG, "The description of all routes")
            .ok("An OpenAPI document.", json::<Description>()),
        get("/api/docs/{file}", TAG, "A file of the page")
            .path("file", "Its name.")
            .ok("The file.", text("text/css"))
            .fails("404", "The page has no such file."),
    ]
}
