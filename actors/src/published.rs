//! The facility as it is declared now, as requests and actors read it.
//!
//! Requests get it from [`Published::current`] only, which waits while this process does not know
//! what others have changed. So no route can forget the rule.

use crate::ask::Unavailable;
use crate::clock::Clock;
use crate::facility::catalog::Catalog;
use crate::presence::{MaybeAway, Presence};
use arc_swap::{ArcSwap, Guard};
use beamlive_storage::Store;
use std::sync::Arc;
use std::time::Duration;

/// The published catalog.
#[derive(Debug)]
pub struct Published {
    catalog: ArcSwap<Catalog>,
    /// Only with a database that several processes write.
    presence: Option<Arc<Presence>>,
}

impl Published {
    /// Publishes `catalog`, the facility of `store`. If other processes write to `store`, requests
    /// wait for it for at most `hold`.
    #[must_use]
    pub fn new(catalog: Catalog, store: &Store, clock: Arc<dyn Clock>, hold: Duration) -> Self {
        let shared = store.shared().is_some();
        Self {
            catalog: ArcSwap::from_pointee(catalog),
            presence: shared.then(|| Arc::new(Presence::new(clock, hold))),
        }
    }

    /// The catalog. What other processes changed more than five seconds ago is in it.
    ///
    /// # Errors
    /// [`Unavailable::Away`] if the changes can't be read for as long as requests are held.
    pub async fn current(&self) -> Result<Guard<Arc<Catalog>>, Unavailable> {
        if let Some(presence) = &self.presence {
            presence.fresh().await?;
        }
        Ok(self.catalog.load())
    }

    /// The catalog as it was last read, however long ago. For metrics, and for actors: their
    /// requests have asked for the current one, and their batches name the revisions that they
    /// rely on.
    #[must_use]
    pub fn last_known(&self) -> Guard<Arc<Catalog>> {
        self.catalog.load()
    }

    /// Whether [`Self::current`] answers at once.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.presence.as_ref().is_none_or(|presence| presence.is_fresh())
    }

    /// Calls `attempt`, and again while it finds the database away, as long as requests are held.
    ///
    /// # Errors
    /// Those of `attempt`.
    pub async fn held<T, E: MaybeAway>(&self, attempt: impl AsyncFn() -> Result<T, E>) -> Result<T, E> {
        match &self.presence {
            Some(presence) => presence.held(attempt).await,
            None => attempt().await,
        }
    }

    /// Replaces the catalog.
    pub(crate) fn publish(&self, catalog: Catalog) -> Arc<Catalog> {
        let catalog = Arc::new(catalog);
        self.catalog.store(Arc::clone(&catalog));
        catalog
    }

    pub(crate) fn presence(&self) -> Option<&Arc<Presence>> {
        self.presence.as_ref()
    }
}
