//! The collector of the service's state, which is read when it is scraped.

use super::counters::valid;
use super::families::{Family, FAMILIES};
use super::snapshot::Snapshot;
use crate::proxy::files::Files;
use beamlive_actors::directory::Directory;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// Collects the state of the store, the actors, the outbox and the files.
pub struct ServiceState {
    directory: Arc<Directory>,
    files: Option<Arc<Files>>,
    descriptions: Vec<Desc>,
}

impl fmt::Debug for ServiceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceState").finish_non_exhaustive()
    }
}

impl ServiceState {
    /// The state of the service with these actors and files.
    #[must_use]
    pub fn new(directory: Arc<Directory>, files: Option<Arc<Files>>) -> Self {
        let describe = |family: &Family| {
            let (name, help) = (family.name.to_owned(), family.help.to_owned());
            valid(Desc::new(name, help, Vec::new(), HashMap::new()))
        };
        Self {
            directory,
            files,
            descriptions: FAMILIES.iter().map(describe).collect(),
        }
    }
}

impl Collector for ServiceState {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        families(&Snapshot::take(&self.directory, self.files.as_deref()))
    }
}

fn families(snapshot: &Snapshot) -> Vec<MetricFamily> {
    FAMILIES.iter().map(|family| family.read(snapshot)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::snapshot::OpenSessions;
    use super::*;
    use beamlive_actors::directory::ActorsStatus;
    use beamlive_actors::forwarder::ForwarderStatus;
    use beamlive_storage::{Filesystem, Store, Timestamp};
    use prometheus::TextEncoder;

    fn snapshot() -> Snapshot {
        let mut writer = Store::in_memory().metrics();
        (writer.conflicts, writer.trouble) = (3, Some("pages".to_owned()));
        writer.filesystem = Some(Filesystem { bytes: 10, free: 4 });
        Snapshot {
            writing: false,
            writer,
            forwarder: ForwarderStatus {
                up: false,
                since: None,
                waiting: 2,
                more: false,
                in_flight: 1,
                oldest: Some(Timestamp(1_000_000)),
                delivered: 5,
                failed: 4,
                last_error: None,
                elsewhere: None,
            },
            actors: ["beamline", "access"]
                .map(|kind| ActorsStatus {
                    kind,
                    running: 2,
                    waiting: 7,
                    longest: 5,
                    refused: 3,
                    respawns: 6,
                })
                .into(),
            mailbox: 1024,
            beamlines: 2,
            open: Some(OpenSessions {
                count: 1,
                beamlines: vec![("BM".to_owned(), true), ("ID \"x\"".to_owned(), false)],
            }),
            files: None,
            now: Timestamp(8_500_000),
        }
    }

    #[test]
    fn a_snapshot_is_exposed_as_text() {
        let mut families = families(&snapshot());
        let names: std::collections::HashSet<_> =
            families.iter().map(|family| family.name().to_owned()).collect();
        assert_eq!(families.len(), names.len(), "a name is used twice");
        // The registry leaves these out.
        families.retain(|family| !family.get_metric().is_empty());
        let text = TextEncoder::new().encode_to_string(&families).unwrap();
        for line in [
            "beamlive_store_writes_off 1",
            "# TYPE beamlive_store_conflicts_total counter",
            "beamlive_store_conflicts_total 3",
            "beamlive_store_trouble 1",
            "beamlive_store_commit_duration_seconds_bucket{le=\"+Inf\"} 0",
            "beamlive_store_group_batches_count 0",
            "beamlive_data_proxy_up 0",
            "beamlive_outbox_depth 2",
            "beamlive_outbox_oldest_age_seconds 7",
            "beamlive_outbox_failures_total 4",
            "beamlive_actor_respawns_total{actor=\"beamline\"} 6",
            "beamlive_actor_refusals_total{actor=\"access\"} 3",
            "beamlive_actor_mailbox_depth{actor=\"beamline\"} 7",
            "beamlive_actor_mailbox_depth_max{actor=\"beamline\"} 5",
            "beamlive_actor_mailbox_capacity 1024",
            "beamlive_store_filesystem_free_bytes 4",
            "beamlive_beamlines_in_use 1",
            "beamlive_open_sessions{beamline=\"BM\"} 1",
            "beamlive_open_sessions{beamline=\"ID \\\"x\\\"\"} 0",
        ] {
            assert!(
                text.lines().any(|found| found == line),
                "{line} is not in\n{text}"
            );
        }
    }
}
