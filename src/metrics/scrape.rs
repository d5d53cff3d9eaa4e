//! The state of the service at the moment it is asked for.

use super::text::Text;
use crate::proxy::disk::Disk;
use crate::proxy::pictures::Pictures;
use crate::views::sessions;
use beamlive_actors::directory::{ActorsStatus, Directory};
use beamlive_actors::forwarder::ForwarderStatus;
use beamlive_storage::ids::BeamlineId;
use beamlive_storage::{StoreStatus, Timestamp, WriterMetrics};
use std::collections::HashSet;
use std::sync::Arc;

/// Beamlines that have a series of their own: those that were declared first. All count in the sums.
const LABELLED_BEAMLINES: usize = 500;

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

/// The disks of the users' roots, as text.
pub(super) fn disks<'a>(disks: impl Iterator<Item = &'a Arc<Disk>>) -> String {
    let disks: Vec<_> = disks.map(|disk| (disk.path(), disk.probe())).collect();
    let mut text = Text::default();
    text.gauges(
        "beamlive_users_root_up",
        "Whether a users' root answers. 0 is an alarm: its files are refused.",
        "root",
        disks
            .iter()
            .map(|(path, status)| (*path, u8::from(status.answers))),
    );
    text.gauges(
        "beamlive_users_root_threads",
        "Threads that work on a users' root.",
        "root",
        disks.iter().map(|(path, status)| (*path, status.running)),
    );
    text.gauges(
        "beamlive_users_root_threads_stuck",
        "Those of them that wait for it longer than proxy.file_seconds.",
        "root",
        disks.iter().map(|(path, status)| (*path, status.stuck)),
    );
    text.into_string()
}

/// What the service is like now.
#[derive(Debug)]
pub(super) struct Snapshot {
    writing: bool,
    writer: WriterMetrics,
    forwarder: ForwarderStatus,
    actors: [ActorsStatus; 4],
    mailbox: usize,
    beamlines: usize,
    /// None when the store can't be read.
    open: Option<OpenSessions>,
    now: Timestamp,
}

/// Which beamlines are in use.
#[derive(Debug)]
struct OpenSessions {
    count: usize,
    /// Acronyms, and whether a session is open there.
    beamlines: Vec<(String, bool)>,
}

impl Snapshot {
    /// Looks around. Blocks on the store.
    pub(super) fn of(directory: &Directory) -> Self {
        let services = directory.services();
        let catalog = services.catalog.load();
        let open = sessions::open(&services.store)
            .inspect_err(|error| tracing::error!(%error, "open sessions can't be counted"))
            .ok();
        let open = open.map(|open| {
            let open: HashSet<_> = open.into_iter().map(|(beamline, _)| beamline).collect();
            let labelled = catalog.beamlines.iter().take(LABELLED_BEAMLINES);
            OpenSessions {
                count: open.len(),
                beamlines: labelled
                    .map(|(id, entry)| (entry.record.acronym.clone(), open.contains(&BeamlineId(id))))
                    .collect(),
            }
        });
        Self {
            writing: services.store.status() == StoreStatus::Writing,
            writer: services.store.metrics(),
            forwarder: directory.forwarder_health().status(),
            actors: directory.actors(),
            mailbox: directory.mailbox_capacity(),
            beamlines: catalog.beamlines.iter().count(),
            open,
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
        self.actors(&mut text);
        self.sessions(&mut text);
        text.into_string()
    }

    fn actors(&self, text: &mut Text) {
        let actors = || self.actors.iter();
        text.gauges(
            "beamlive_actors",
            "Actors that run, by kind. A beamline's is started when it is first needed.",
            "actor",
            actors().map(|of| (of.kind, of.running)),
        );
        text.gauges(
            "beamlive_actor_mailbox_depth",
            "Commands that actors of a kind were given and have not answered.",
            "actor",
            actors().map(|of| (of.kind, of.waiting)),
        );
        text.gauges(
            "beamlive_actor_mailbox_depth_max",
            "The same of the one actor that has most of them.",
            "actor",
            actors().map(|of| (of.kind, of.longest)),
        );
        text.gauge(
            "beamlive_actor_mailbox_capacity",
            "Commands that may wait for one actor.",
            self.mailbox,
        );
        text.counters(
            "beamlive_actor_refusals_total",
            "Commands refused because a mailbox was full.",
            "actor",
            actors().map(|of| (of.kind, of.refused)),
        );
        text.counters(
            "beamlive_actor_respawns_total",
            "Actors that were lost and brought back.",
            "actor",
            actors().map(|of| (of.kind, of.respawns)),
        );
    }

    fn sessions(&self, text: &mut Text) {
        text.gauge("beamlive_beamlines", "Beamlines of the facility.", self.beamlines);
        let Some(open) = &self.open else { return };
        text.gauge(
            "beamlive_beamlines_in_use",
            "Beamlines with an open session.",
            open.count,
        );
        text.gauges(
            "beamlive_open_sessions",
            "Open sessions of a beamline: 0 or 1. Of the 500 beamlines that were declared first.",
            "beamline",
            open.beamlines
                .iter()
                .map(|(acronym, open)| (acronym.as_str(), u8::from(*open))),
        );
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
            "beamlive_store_trouble",
            "1: the database says that an operator has to see to it; /health/ready says what.",
            u64::from(writer.trouble.is_some()),
        );
        if let Some(filesystem) = &writer.filesystem {
            text.gauge(
                "beamlive_store_filesystem_bytes",
                "Size of the file system that the store is on.",
                filesystem.bytes,
            );
            text.gauge(
                "beamlive_store_filesystem_free_bytes",
                "What is left of it.",
                filesystem.free,
            );
        }
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
    use beamlive_storage::{Filesystem, Store};

    #[test]
    fn says_what_the_service_is_like() {
        let mut writer = Store::in_memory().metrics();
        (writer.conflicts, writer.trouble) = (3, Some("pages".to_owned()));
        writer.filesystem = Some(Filesystem { bytes: 10, free: 4 });
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
            actors: ["beamline", "facility", "access", "forwarder"].map(|kind| ActorsStatus {
                kind,
                running: 2,
                waiting: 7,
                longest: 5,
                refused: 3,
                respawns: 6,
            }),
            mailbox: 1024,
            beamlines: 2,
            open: Some(OpenSessions {
                count: 1,
                beamlines: vec![("BM".to_owned(), true), ("ID \"x\"".to_owned(), false)],
            }),
            now: Timestamp(8_500_000),
        };
        let text = snapshot.render();
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
        let families: Vec<_> = text.lines().filter(|line| line.starts_with("# TYPE")).collect();
        let mut once = families.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(families.len(), once.len(), "a family is there twice");
    }
}
