//! The metrics made from a snapshot: one row of [`FAMILIES`] each.

use super::snapshot::{FilesState, OpenSessions, Root, Snapshot};
use beamlive_actors::directory::ActorsStatus;
use beamlive_storage::Histogram;
use prometheus::proto::{self, Metric, MetricFamily, MetricType};

/// A metric: its name, its help, and how it is read. A metric without samples is left out.
#[derive(Debug)]
pub(super) struct Family {
    pub name: &'static str,
    pub help: &'static str,
    read: Read,
}

/// How a metric is read from a snapshot.
#[derive(Debug)]
enum Read {
    Gauge(fn(&Snapshot) -> Vec<Sample>),
    Counter(fn(&Snapshot) -> Vec<Sample>),
    Histogram(fn(&Snapshot) -> &Histogram),
}

/// A number, and a label with its value where the metric has one.
struct Sample {
    label: Option<(&'static str, String)>,
    value: f64,
}

impl Family {
    /// The metric as it is exposed.
    pub(super) fn read(&self, snapshot: &Snapshot) -> MetricFamily {
        let (kind, metrics) = match self.read {
            Read::Gauge(read) => (
                MetricType::GAUGE,
                read(snapshot).into_iter().map(gauge_of).collect(),
            ),
            Read::Counter(read) => (
                MetricType::COUNTER,
                read(snapshot).into_iter().map(counter_of).collect(),
            ),
            Read::Histogram(read) => (MetricType::HISTOGRAM, vec![histogram_of(read(snapshot))]),
        };
        let mut family = MetricFamily::default();
        family.set_name(self.name.to_owned());
        family.set_help(self.help.to_owned());
        family.set_field_type(kind);
        family.set_metric(metrics);
        family
    }
}

fn gauge_of(sample: Sample) -> Metric {
    let mut gauge = proto::Gauge::default();
    gauge.set_value(sample.value);
    let mut metric = with_label(sample.label);
    metric.set_gauge(gauge);
    metric
}

fn counter_of(sample: Sample) -> Metric {
    let mut counter = proto::Counter::default();
    counter.set_value(sample.value);
    let mut metric = with_label(sample.label);
    metric.set_counter(counter);
    metric
}

fn with_label(label: Option<(&'static str, String)>) -> Metric {
    let label = label.map(|(name, value)| {
        let mut label = proto::LabelPair::default();
        label.set_name(name.to_owned());
        label.set_value(value);
        label
    });
    Metric::from_label(label.into_iter().collect())
}

fn histogram_of(histogram: &Histogram) -> Metric {
    let bucket = |(bound, count): &(f64, u64)| {
        let mut bucket = proto::Bucket::default();
        bucket.set_upper_bound(*bound);
        bucket.set_cumulative_count(*count);
        bucket
    };
    let mut exposed = proto::Histogram::default();
    exposed.set_bucket(histogram.buckets.iter().map(bucket).collect());
    exposed.set_sample_sum(histogram.sum);
    exposed.set_sample_count(histogram.count);
    let mut metric = Metric::default();
    metric.set_histogram(exposed);
    metric
}

const fn gauge(name: &'static str, help: &'static str, read: fn(&Snapshot) -> Vec<Sample>) -> Family {
    let read = Read::Gauge(read);
    Family { name, help, read }
}

const fn counter(name: &'static str, help: &'static str, read: fn(&Snapshot) -> Vec<Sample>) -> Family {
    let read = Read::Counter(read);
    Family { name, help, read }
}

const fn histogram(name: &'static str, help: &'static str, read: fn(&Snapshot) -> &Histogram) -> Family {
    let read = Read::Histogram(read);
    Family { name, help, read }
}

/// A count as a sample value. Exact up to 2^53.
fn count(number: impl TryInto<u64>) -> f64 {
    number.try_into().unwrap_or(u64::MAX) as f64
}

fn one(value: f64) -> Vec<Sample> {
    vec![Sample { label: None, value }]
}

fn flag(is_set: bool) -> Vec<Sample> {
    one(f64::from(u8::from(is_set)))
}

fn labelled(label: &'static str, of: &str, value: f64) -> Sample {
    let label = Some((label, of.to_owned()));
    Sample { label, value }
}

fn per_actor(snapshot: &Snapshot, read: fn(&ActorsStatus) -> f64) -> Vec<Sample> {
    let sample = |status: &ActorsStatus| labelled("actor", status.kind, read(status));
    snapshot.actors.iter().map(sample).collect()
}

fn per_root(snapshot: &Snapshot, read: fn(&Root) -> f64) -> Vec<Sample> {
    let roots = snapshot.files.iter().flat_map(|files| &files.roots);
    roots
        .map(|root| labelled("root", &root.path, read(root)))
        .collect()
}

fn of_files(snapshot: &Snapshot, read: fn(&FilesState) -> u64) -> Vec<Sample> {
    let files = snapshot.files.as_ref();
    files.map(|files| one(count(read(files)))).unwrap_or_default()
}

fn of_filesystem(snapshot: &Snapshot, read: fn(&beamlive_storage::Filesystem) -> u64) -> Vec<Sample> {
    let filesystem = snapshot.writer.filesystem.as_ref();
    filesystem
        .map(|filesystem| one(count(read(filesystem))))
        .unwrap_or_default()
}

fn open_sessions(open: &OpenSessions) -> Vec<Sample> {
    let sample = |(acronym, open): &(String, bool)| labelled("beamline", acronym, f64::from(u8::from(*open)));
    open.beamlines.iter().map(sample).collect()
}

fn oldest_age(snapshot: &Snapshot) -> f64 {
    let oldest = snapshot.forwarder.oldest;
    oldest.map_or(0.0, |since| {
        count(snapshot.now.micros_since(since).max(0) / 1_000_000)
    })
}

/// Every metric that is read when it is scraped. `docs/METRICS.md` lists the same, and a test
/// compares.
pub(super) const FAMILIES: &[Family] = &[
    gauge("beamlive_build_info", "Always 1; the version is a label.", |_| {
        vec![labelled("version", env!("CARGO_PKG_VERSION"), 1.0)]
    }),
    gauge(
        "beamlive_store_writes_off",
        "1 when nothing is acknowledged any more. An alarm.",
        |state| flag(!state.writing),
    ),
    gauge(
        "beamlive_store_queue_depth",
        "Batches that wait for the writer.",
        |state| one(count(state.writer.queue_depth)),
    ),
    gauge(
        "beamlive_store_queue_capacity",
        "Batches that may wait for the writer.",
        |state| one(count(state.writer.queue_capacity)),
    ),
    counter(
        "beamlive_store_groups_total",
        "Groups of batches written, each with one sync.",
        |state| one(count(state.writer.groups)),
    ),
    counter(
        "beamlive_store_batches_total",
        "Batches that became durable.",
        |state| one(count(state.writer.batches)),
    ),
    counter(
        "beamlive_store_conflicts_total",
        "Batches whose preconditions did not hold.",
        |state| one(count(state.writer.conflicts)),
    ),
    histogram("beamlive_store_group_batches", "Batches per group.", |state| {
        &state.writer.group_size
    }),
    histogram(
        "beamlive_store_commit_duration_seconds",
        "From handing a batch over to its being durable, in seconds.",
        |state| &state.writer.commit_seconds,
    ),
    gauge(
        "beamlive_store_disk_bytes",
        "Size of the store's files.",
        |state| one(count(state.writer.disk_bytes)),
    ),
    gauge(
        "beamlive_store_trouble",
        "1: the database reports a problem that needs an operator; /health/ready says what.",
        |state| flag(state.writer.trouble.is_some()),
    ),
    gauge(
        "beamlive_store_filesystem_bytes",
        "Size of the file system that the store is on.",
        |state| of_filesystem(state, |filesystem| filesystem.bytes),
    ),
    gauge(
        "beamlive_store_filesystem_free_bytes",
        "What is left of it.",
        |state| of_filesystem(state, |filesystem| filesystem.free),
    ),
    gauge(
        "beamlive_data_proxy_up",
        "1 unless calls of the Data Proxy fail.",
        |state| flag(state.forwarder.up),
    ),
    gauge(
        "beamlive_outbox_depth",
        "Outbox rows held by the forwarder: directories that wait for a key.",
        |state| one(count(state.forwarder.waiting)),
    ),
    gauge(
        "beamlive_outbox_more",
        "1 when the outbox has more rows than the forwarder holds.",
        |state| flag(state.forwarder.more),
    ),
    gauge(
        "beamlive_outbox_elsewhere",
        "1 when another node sends the outbox.",
        |state| flag(state.forwarder.elsewhere.is_some()),
    ),
    gauge(
        "beamlive_outbox_oldest_age_seconds",
        "How long the oldest of these waits.",
        |state| one(oldest_age(state)),
    ),
    gauge(
        "beamlive_outbox_calls_in_flight",
        "Calls of the Data Proxy that run.",
        |state| one(count(state.forwarder.in_flight)),
    ),
    counter(
        "beamlive_outbox_delivered_total",
        "Keys received and recorded.",
        |state| one(count(state.forwarder.delivered)),
    ),
    counter(
        "beamlive_outbox_failures_total",
        "Calls of the Data Proxy that failed.",
        |state| one(count(state.forwarder.failed)),
    ),
    gauge(
        "beamlive_actors",
        "Actors that run, by kind. A beamline's is started when it is first needed.",
        |state| per_actor(state, |actors| count(actors.running)),
    ),
    gauge(
        "beamlive_actor_mailbox_depth",
        "Commands that actors of a kind were given and have not answered.",
        |state| per_actor(state, |actors| count(actors.waiting)),
    ),
    gauge(
        "beamlive_actor_mailbox_depth_max",
        "The same of the one actor that has most of them.",
        |state| per_actor(state, |actors| count(actors.longest)),
    ),
    gauge(
        "beamlive_actor_mailbox_capacity",
        "Commands that may wait for one actor.",
        |state| one(count(state.mailbox)),
    ),
    counter(
        "beamlive_actor_refusals_total",
        "Commands refused because a mailbox was full.",
        |state| per_actor(state, |actors| count(actors.refused)),
    ),
    counter(
        "beamlive_actor_respawns_total",
        "Actors that were lost and brought back.",
        |state| per_actor(state, |actors| count(actors.respawns)),
    ),
    gauge("beamlive_beamlines", "Beamlines of the facility.", |state| {
        one(count(state.beamlines))
    }),
    gauge(
        "beamlive_beamlines_in_use",
        "Beamlines with an open session.",
        |state| {
            state
                .open
                .as_ref()
                .map(|open| one(count(open.count)))
                .unwrap_or_default()
        },
    ),
    gauge(
        "beamlive_open_sessions",
        "Open sessions of a beamline: 0 or 1. Of the 500 beamlines that were declared first.",
        |state| state.open.as_ref().map(open_sessions).unwrap_or_default(),
    ),
    counter(
        "beamlive_pictures_made_total",
        "Pictures of frames and snapshots that were made, or failed, because none was kept.",
        |state| of_files(state, |files| files.pictures_made),
    ),
    gauge(
        "beamlive_pictures_kept_bytes",
        "Bytes of the pictures that are kept.",
        |state| of_files(state, |files| files.pictures_kept_bytes),
    ),
    gauge(
        "beamlive_users_root_up",
        "Whether a users' root answers. 0 is an alarm: its files are refused.",
        |state| per_root(state, |root| f64::from(u8::from(root.up))),
    ),
    gauge(
        "beamlive_users_root_threads",
        "Threads that work on a users' root.",
        |state| per_root(state, |root| count(root.threads)),
    ),
    gauge(
        "beamlive_users_root_threads_stuck",
        "Those of them that wait for it longer than proxy.file_seconds.",
        |state| per_root(state, |root| count(root.stuck)),
    ),
];
