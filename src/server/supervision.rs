//! What the process manager asks of a running service: whether its threads answer, and to read its
//! files again.

use super::failure::StartError;
use crate::app::App;
use actix::Arbiter;
use beamlive_actors::activity::Origin;
use beamlive_actors::facility::declaration::Format;
use beamlive_actors::facility::File;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::oneshot;

/// How long a thread of actors may take to answer. No single task of such a thread may take that
/// long.
pub(super) const ACTORS_PATIENCE: Duration = Duration::from_secs(10);

/// Whether each of these threads answers within `patience`.
pub(super) async fn answer(arbiters: &[Arbiter], patience: Duration) -> bool {
    for arbiter in arbiters {
        let (sender, receiver) = oneshot::channel();
        arbiter.spawn(async move {
            // The receiver is gone when this comes too late.
            let _ = sender.send(());
        });
        let answered = tokio::time::timeout(patience, receiver).await;
        if !matches!(answered, Ok(Ok(()))) {
            return false;
        }
    }
    true
}

/// Reads the TLS files and the facility file again, and logs the result.
pub(super) async fn reload(app: &App) {
    if let Some(secure) = app.secure.clone() {
        if let Err(error) = tokio::task::spawn_blocking(move || secure.reload_and_log()).await {
            tracing::error!(%error, "the certificate could not be read again");
        }
    }
    if let Some(path) = app.settings.facility.clone() {
        if let Err(error) = apply(app, path).await {
            tracing::error!(error = words(&error), "the facility stays as it was");
        }
    }
    tracing::info!("reloaded");
}

/// An error with its causes.
fn words(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// Applies a facility file.
pub(super) async fn apply(app: &App, path: PathBuf) -> Result<(), StartError> {
    let text = std::fs::read_to_string(&path).map_err(|source| StartError::FacilityFile {
        path: path.clone(),
        source,
    })?;
    let format = match path.extension() {
        Some(ending) if ending.eq_ignore_ascii_case("json") => Format::Json,
        _ => Format::Toml,
    };
    let origin = Origin {
        who: "operator".to_owned(),
        address: None,
    };
    match app
        .directory
        .apply(File::Text(text.into(), format), false, false, origin)
        .await?
    {
        Ok(applied) => {
            tracing::info!(
                created = applied.counts.created,
                updated = applied.counts.updated,
                unchanged = applied.counts.unchanged,
                "facility file applied"
            );
            Ok(())
        }
        Err(mistakes) => Err(StartError::Facility { path, mistakes }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]
    use super::*;

    #[actix_web::test]
    async fn a_thread_that_hangs_does_not_answer() {
        let arbiters = [Arbiter::new(), Arbiter::new()];
        let patience = Duration::from_millis(300);
        assert!(answer(&arbiters, patience).await);
        let (release, hanging) = std::sync::mpsc::channel::<()>();
        arbiters[1].spawn(async move {
            let _ = hanging.recv();
        });
        assert!(!answer(&arbiters, patience).await);
        drop(release);
        assert!(answer(&arbiters, Duration::from_secs(20)).await);
        for arbiter in &arbiters {
            arbiter.stop();
        }
    }
}
