//! The state of the service at the moment it is asked for.

use super::text::Text;
use crate::proxy::pictures::Pictures;
use crate::views::sessions;
use beamlive_actors::directory::Directory;
use beamlive_actors::forwarder::ForwarderStatus;
use beamlive_storage::{StoreStatus, Timestamp, WriterMetrics};

/// The pictures of frames and snapshots, as text.
pub(super) fn pictures(pictures: &Pictures) -> String {
    let mut text = Text::default();
    text.counter(
        "beamlive_pictures_made_total",
        "Pictures of frames and snapshots that were made, or failed, because none was kept.",
        pictures.made(),
    );
    text.gauge(
        "beamlive_pictures_kept_bytes",
        "Bytes of the pictures that are kept.",
        pictures.kept_bytes(),
    );
    text.into_string()
}

/// What the service is like now.
#[derive(Debug)]
pub(super) struct Snapshot {
    writing: bool,
    writer: WriterMetrics,
    forwarder: ForwarderStatus,
    respawns: u64,
    beamline_actors: usize,
    /// Beamlines by acronym, and whether a session is open there; none when the store can't be read.
    beamlines: Option<Vec<(String, bool)>>,
    now: Timestamp,
}

impl Snapshot {
    /// Looks around. Blocks on the store.
    pub(super) fn of(directory: &Directory) -> Self {
        let services = directory.services();
        let catalog = services.catalog.load();
        let open = sessions::open(&services.store)
            .inspect_err(|error| tracing::error!(%error, "open sessions can't be counted"))
            .ok();
        let beamlines = open.map(|open| {
            let is_open = |id| open.iter().any(|(beamline, _)| beamline.0 == id);
            let beamlines = catalog.beamlines.iter();
            beamlines
                .map(|(id, entry)| (entry.record.acronym.clone(), is_open(id)))
                .collect()
        });
        Self {
            writing: services.store.status() == StoreStatus::Writing,
            writer: services.store.metrics(),
            forwarder: directory.forwarder_health().status(),
            respawns: directory.respawns(),
            beamline_actors: directory.running_beamlines(),
            beamlines,
            now: services.clock.now(),
        }
    }

    /// All of it as text.
    pub(super) fn render(&self) -> String {
        let mut text = Text::default();
        let version = [(env!("CARGO_PKG_VERSION"), 1)].into_iter();
        text.gauges(
            "beamlive_build_info",
            "Always 1; the version is a label.",
            "version",
            version,
        );
        self.store(&mut text);
        self.outbox(&mut text);
        text.counter(
            "beamlive_actor_respawns_total",
            "Actors that were lost and brought back.",
            self.respawns,
        );
        text.gauge(
            "beamlive_beamline_actors",
            "Beamlines that have an actor.",
            self.beamline_actors,
        );
        if let Some(beamlines) = &self.beamlines {
            text.gauges(
                "beamlive_open_sessions",
                "Open sessions of a beamline: 0 or 1.",
                "beamline",
                beamlines
                    .iter()
                    .map(|(acronym, open)| (acronym.as_str(), u8::from(*open))),
            );
        }
        text.into_string()
    }

    fn store(&self, text: &mut Text) {
        let writer = &self.writer;
        let off = u8::from(!self.writing);
        text.gauge(
            "beamlive_store_writes_off",
            "1 when nothing is acknowledged any more. An alarm.",
            off,
        );
        text.gauge(
            "beamlive_store_queue_depth",
            "Batches that wait for the writer.",
            writer.queue_depth,
        );
        text.gauge(
            "beamlive_store_queue_capacity",
            "Batches that may wait for the writer.",
            writer.queue_capacity,
        );
        text.counter(
            "beamlive_store_groups_total",
            "Groups of batches written, each with one sync.",
            writer.groups,
        );
        text.counter(
            "beamlive_store_batches_total",
            "Batches that became durable.",
            writer.batches,
        );
        text.counter(
            "beamlive_store_conflicts_total",
            "Batches whose preconditions did not hold.",
            writer.conflicts,
        );
        text.histogram(
            "beamlive_store_group_batches",
            "Batches per group.",
            &writer.group_size,
        );
        text.histogram(
            "beamlive_store_commit_duration_seconds",
            "From handing a batch over to its being durable, in seconds.",
            &writer.commit_seconds,
        );
        text.gauge(
            "beamlive_store_disk_bytes",
            "Size of the store's files.",
            writer.disk_bytes,
        );
        text.gauge(
            "beamlive_store_blob_files",
            "Files of spilled pages. More than 0 is an alarm.",
            writer.blobs,
        );
    }

    fn outbox(&self, text: &mut Text) {
        let forwarder = &self.forwarder;
        let oldest = forwarder
            .oldest
            .map_or(0, |since| self.now.micros_since(since).max(0) / 1_000_000);
        text.gauge(
            "beamlive_data_proxy_up",
            "Whether the Data Proxy is believed to work.",
            u8::from(forwarder.up),
        );
        text.gauge(
            "beamlive_outbox_depth",
            "Directories before the forwarder, which wait for a key.",
            forwarder.waiting,
        );
        text.gauge(
            "beamlive_outbox_more",
            "1 when more wait than the forwarder has before it.",
            u8::from(forwarder.more),
        );
        text.gauge(
            "beamlive_outbox_oldest_age_seconds",
            "How long the oldest of these waits.",
            oldest,
        );
        text.gauge(
            "beamlive_outbox_calls_in_flight",
            "Calls of the Data Proxy that run.",
            forwarder.in_flight,
        );
        text.counter(
            "beamlive_outbox_delivered_total",
            "Keys received and recorded.",
            forwarder.delivered,
        );
        text.counter(
            "beamlive_outbox_failures_total",
            "Calls of the Data Proxy that failed.",
            forwarder.failed,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use beamlive_storage::Store;

    #[test]
    fn says_what_the_service_is_like() {
        let mut writer = Store::in_memory().metrics();
        (writer.conflicts, writer.blobs) = (3, 1);
        let snapshot = Snapshot {
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
            },
            respawns: 6,
            beamline_actors: 2,
            beamlines: Some(vec![("BM".to_owned(), true), ("ID \"x\"".to_owned(), false)]),
            now: Timestamp(8_500_000),
        };
        let text = snapshot.render();
        for line in [
            "beamlive_store_writes_off 1",
            "# TYPE beamlive_store_conflicts_total counter",
            "beamlive_store_conflicts_total 3",
            "beamlive_store_blob_files 1",
            "beamlive_store_commit_duration_seconds_bucket{le=\"+Inf\"} 0",
            "beamlive_store_group_batches_count 0",
            "beamlive_data_proxy_up 0",
            "beamlive_outbox_depth 2",
            "beamlive_outbox_oldest_age_seconds 7",
            "beamlive_outbox_failures_total 4",
            "beamlive_actor_respawns_total 6",
            "beamlive_open_sessions{beamline=\"BM\"} 1",
            "beamlive_open_sessions{beamline=\"ID \\\"x\\\"\"} 0",
        ] {
            assert!(
                text.lines().any(|found| found == line),
                "{line} is not in\n{text}"
            );
        }
        let families: Vec<_> = text.lines().filter(|line| line.starts_with("# TYPE")).collect();
        let mut once = families.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(families.len(), once.len(), "a family is there twice");
    }
}
