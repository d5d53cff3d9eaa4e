//! The state of the service at one moment.

use crate::proxy::files::Files;
use crate::views::sessions;
use beamlive_actors::directory::{ActorsStatus, Directory};
use beamlive_actors::forwarder::ForwarderStatus;
use beamlive_storage::ids::BeamlineId;
use beamlive_storage::{StoreStatus, Timestamp, WriterMetrics};
use std::collections::HashSet;

/// Beamlines that have a series of their own: those that were declared first. Totals count all.
const LABELLED_BEAMLINES: usize = 500;

/// The state of the service at one moment.
#[derive(Debug)]
pub(super) struct Snapshot {
    /// Whether writes are on.
    pub writing: bool,
    pub writer: WriterMetrics,
    pub forwarder: ForwarderStatus,
    pub actors: Vec<ActorsStatus>,
    /// Commands that may wait for one actor.
    pub mailbox: usize,
    /// The number of beamlines.
    pub beamlines: usize,
    /// `None` when the store can't be read.
    pub open: Option<OpenSessions>,
    /// `None` where no files are served.
    pub files: Option<FilesState>,
    pub now: Timestamp,
}

/// The open sessions.
#[derive(Debug)]
pub(super) struct OpenSessions {
    pub count: usize,
    /// Acronyms of beamlines, and whether a session is open there.
    pub beamlines: Vec<(String, bool)>,
}

/// The files that the built-in Data Proxy serves.
#[derive(Debug)]
pub(super) struct FilesState {
    pub pictures_made: u64,
    pub pictures_kept_bytes: u64,
    pub roots: Vec<Root>,
}

/// A users' root.
#[derive(Debug)]
pub(super) struct Root {
    pub path: String,
    /// Whether it answers.
    pub up: bool,
    /// Threads that work on it.
    pub threads: usize,
    /// Threads that wait for it longer than `proxy.file_seconds`.
    pub stuck: usize,
}

impl Snapshot {
    /// Reads the state. Blocks on the store.
    pub(super) fn take(directory: &Directory, files: Option<&Files>) -> Self {
        let services = directory.services();
        let catalog = services.catalog.last_known();
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
            actors: directory.actors().into(),
            mailbox: directory.mailbox_capacity(),
            beamlines: catalog.beamlines.iter().count(),
            open,
            files: files.map(FilesState::of),
            now: services.clock.now(),
        }
    }
}

impl FilesState {
    fn of(files: &Files) -> Self {
        let root = files.disks().map(|disk| {
            let status = disk.probe();
            Root {
                path: disk.path().to_owned(),
                up: status.answers,
                threads: status.running,
                stuck: status.stuck,
            }
        });
        Self {
            pictures_made: files.pictures.made(),
            pictures_kept_bytes: files.pictures.kept_bytes(),
            roots: root.collect(),
        }
    }
}
