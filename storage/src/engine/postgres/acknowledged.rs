//! The groups that are known to be acknowledged: they show what a failover has lost.

use std::sync::atomic::{AtomicU64, Ordering};

/// The groups that are known to be acknowledged.
#[derive(Debug, Default)]
pub(super) struct Acknowledged {
    groups: AtomicU64,
    /// Groups that the database has lost.
    lost: AtomicU64,
}

impl Acknowledged {
    /// Notes the present number of groups. It only becomes smaller when the database loses some.
    pub(super) fn are(&self, groups: u64) {
        let before = self.groups.swap(groups, Ordering::SeqCst);
        if groups < before {
            let lost = before - groups;
            self.lost.fetch_add(lost, Ordering::SeqCst);
            tracing::error!(lost, "the database has lost groups of acknowledged changes");
        }
    }

    /// What an operator has to know.
    pub(super) fn trouble(&self) -> Option<String> {
        let lost = self.lost.load(Ordering::SeqCst);
        (lost > 0).then(|| {
            format!(
                "the database has lost {lost} groups of acknowledged changes in a failover: make its standby synchronous"
            )
        })
    }
}
