//! The store, and whether a service uses it.

use super::finding::Finding;
use crate::config::Settings;
use beamlive_storage::{EngineKind, OpenError, Store};

/// Memory for pages while the store is looked at.
const CACHE: u64 = 8 << 20;

/// What is found, and whether a service uses the store.
pub(super) fn examine(settings: &Settings) -> (Finding, bool) {
    const CHECK: &str = "store";
    let store = settings.data.join("store");
    let configured = settings.store.engine;
    let opened = match configured {
        EngineKind::Memory => return (Finding::good(CHECK, "none, in memory"), false),
        EngineKind::Postgres => match settings.store.postgres() {
            Ok(mut postgres) => {
                postgres.hold = std::time::Duration::from_secs(5);
                Store::open_snapshot(&postgres)
            }
            Err(error) => {
                let advice = "correct store.password_file";
                return (Finding::fault(CHECK, error.to_string(), advice), false);
            }
        },
        _ => {
            let found = EngineKind::ALL
                .into_iter()
                .find(|kind| store.join(kind.name()).is_dir());
            match found {
                None => {
                    let says = format!("{} will be made at the first start", store.display());
                    return (Finding::good(CHECK, says), false);
                }
                Some(found) if found != configured => {
                    let (found, configured) = (found.name(), configured.name());
                    return (
                        Finding::fault(
                            CHECK,
                            format!("it is a store of {found}, and store.engine is {configured}"),
                            format!(
                                "set store.engine = {found:?}, or convert it: beamlive backup and restore"
                            ),
                        ),
                        false,
                    );
                }
                Some(_) => Store::open_to_read(&store, CACHE),
            }
        }
    };
    match opened {
        Ok(_) => (
            Finding::good(CHECK, "it opens, and this version can read it"),
            false,
        ),
        Err(OpenError::Locked { .. }) => (Finding::good(CHECK, "a service uses it"), true),
        Err(OpenError::NoSchema(_)) => {
            let says = "the database is empty: the first start makes the store";
            (Finding::good(CHECK, says), false)
        }
        Err(error) => {
            let causes = std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
            let says = causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"));
            let advice = "docs/OPERATING.md says what to do when a store does not open; \
                          if a newer version wrote it, install that version again";
            (Finding::fault(CHECK, says, advice), false)
        }
    }
}
