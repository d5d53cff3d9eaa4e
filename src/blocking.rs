//! Work that takes longer, on the blocking pool.

use actix_web::web;
use beamlive_actors::ask::Unavailable;

/// Runs `work` on the blocking pool. `what` is named if its thread is lost.
///
/// # Errors
/// [`Unavailable::Lost`] when the thread is lost.
pub async fn run<T: Send + 'static>(
    what: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Unavailable> {
    web::block(work).await.map_err(|_| Unavailable::Lost(what))
}
