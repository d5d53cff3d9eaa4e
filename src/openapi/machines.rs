//! For machines: health and metrics.

use super::bodies::{Liveness, Readiness};
use super::route::{get, json, text, Route};

const TAG: &str = "machines";

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/health/live", TAG, "Whether the process answers").ok("It does.", json::<Liveness>()),
        get(
            "/health/ready",
            TAG,
            "Whether uploads and launches can be acknowledged",
        )
        .ok("They can.", json::<Readiness>())
        .empty(
            "503",
            "They can't, for writes are off: the body, of the same shape, says why.",
        ),
        get("/metrics", TAG, "The numbers, as Prometheus reads them").ok("The numbers.", text("text/plain")),
    ]
}
