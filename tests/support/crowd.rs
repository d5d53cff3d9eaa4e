//! Checks that at most one session has a beamline while many clients work.

use super::Site;
use futures_util::future::join_all;
use std::cell::Cell;
use std::future::Future;

/// Runs all `tasks` at once. Meanwhile it asks repeatedly for the open sessions of the beamline,
/// and fails if there is more than one.
pub async fn while_watching<T>(
    site: &Site,
    beamline: &str,
    tasks: impl IntoIterator<Item = impl Future<Output = T>>,
) -> Vec<T> {
    let done = Cell::new(false);
    let crowd = async {
        let answers = join_all(tasks).await;
        done.set(true);
        answers
    };
    let watch = async {
        while !done.get() {
            let open = site
                .admin(&format!("sessions?active=true&beamline={beamline}"))
                .await;
            let open = open.as_array().unwrap();
            assert!(open.len() <= 1, "more than one session has {beamline}: {open:#?}");
        }
    };
    futures_util::future::join(crowd, watch).await.0
}
