//! Time and memory of a large dump, which a generator makes as it is read.
//!
//! `cargo test --release -p beamlive-mxlive --test suite -- --ignored --nocapture large`

use crate::builder::{sound, SHAPES};
use crate::imported::{plan, RULES, ZONE};
use beamlive_mxlive::records::Context;
use beamlive_mxlive::{mend, Directories, Item, Notes, Records, Tables};
use beamlive_storage::records::SecureKey;
use std::io::{self, Read};
use std::time::Instant;

/// A dump of the sound facility and of `datasets` more datasets with a report for each tenth.
struct Generator {
    datasets: u64,
    next: u64,
    ready: Vec<u8>,
    at: usize,
}

impl Generator {
    fn new(datasets: u64) -> Self {
        let records: Vec<_> = sound(SHAPES[0]).iter().map(ToString::to_string).collect();
        Self {
            datasets,
            next: 0,
            ready: format!("[{}", records.join(",\n")).into_bytes(),
            at: 0,
        }
    }

    fn refill(&mut self) {
        self.ready.clear();
        self.at = 0;
        let n = self.next;
        self.next += 1;
        if n == self.datasets {
            self.ready.extend_from_slice(b"]");
        }
        if n >= self.datasets {
            return;
        }
        let (id, key) = (1000 + n, format!("{n:040x}"));
        let meta = format!(
            "{{\\\"uuid\\\": \\\"{n:032x}\\\", \\\"detector\\\": \\\"Eiger 9M\\\", \\\"detector_type\\\": \\\"Eiger\\\", \
             \\\"pixel_size\\\": 0.075, \\\"beam_x\\\": 1551.2, \\\"beam_y\\\": 1630.9, \\\"two_theta\\\": 0.0, \
             \\\"start_angle\\\": 0.0, \\\"delta_angle\\\": 0.2, \\\"resolution\\\": 1.8, \
             \\\"detector_size\\\": [3110, 3269], \\\"start_time\\\": \\\"2026-01-01T08:01:00.123456+00:00\\\"}}"
        );
        let text = format!(
            ",\n{{\"model\": \"lims.data\", \"pk\": {id}, \"fields\": {{\"name\": \"lys-{n}\", \"staff_comments\": null, \
             \"created\": \"2026-01-01T08:02:00Z\", \"modified\": \"2026-01-01T08:02:00Z\", \"status\": 5, \"project\": 3, \
             \"group\": 6, \"sample\": 17, \"session\": 7, \"start_time\": \"2026-01-01T08:01:00Z\", \
             \"end_time\": \"2026-01-01T08:02:00Z\", \"file_name\": \"lys_{{:05d}}.cbf\", \"frames\": \"1-1800\", \
             \"num_frames\": 1800, \"frames_per_file\": 1, \"exposure_time\": 0.2, \"attenuation\": 10.0, \
             \"energy\": \"12.6580\", \"beamline\": 2, \"beam_size\": 50.0, \"url\": \"{key}\", \"kind\": 1, \
             \"download\": false, \"meta_data\": \"{meta}\"}}}}"
        );
        self.ready.extend_from_slice(text.as_bytes());
        if n.is_multiple_of(10) {
            let text = format!(
                ",\n{{\"model\": \"lims.analysisreport\", \"pk\": {id}, \"fields\": {{\"name\": \"r\", \"project\": 3, \
                 \"kind\": \"MX\", \"score\": 0.5, \"data\": [{id}], \"url\": \"{key}\", \"details\": \"[{{\\\"title\\\": \
                 \\\"t\\\", \\\"content\\\": []}}]\", \"status\": 5, \"created\": \"2026-01-01T08:10:00Z\"}}}}"
            );
            self.ready.extend_from_slice(text.as_bytes());
        }
    }
}

impl Read for Generator {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut written = 0;
        while written < buffer.len() {
            if self.at == self.ready.len() {
                self.refill();
                if self.ready.is_empty() {
                    break;
                }
            }
            let length = (self.ready.len() - self.at).min(buffer.len() - written);
            buffer[written..written + length].copy_from_slice(&self.ready[self.at..self.at + length]);
            written += length;
            self.at += length;
        }
        Ok(written)
    }
}

/// The greatest resident memory so far, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok())
        .unwrap_or(0)
        / 1024
}

/// Reads a generated dump. Returns the number of datasets and reports.
fn run(datasets: u64, report: bool) -> (u64, u64) {
    let say = |what: &str, since: Instant, bytes: u64| {
        if report {
            let (seconds, mib) = (since.elapsed().as_secs_f64(), bytes >> 20);
            println!(
                "{what}: {seconds:.1} s for {mib} MiB, {} MiB resident at most",
                peak()
            );
        }
    };
    let directories = Directories::default();
    let mut notes = Notes::new();
    let (start, mut bytes) = (Instant::now(), 0);
    let tables = Tables::read(Generator::new(datasets), ZONE, &directories, &mut |read| {
        bytes = read
    })
    .unwrap();
    say("first pass", start, bytes);
    let start = Instant::now();
    let mended = mend(&tables, &RULES, &mut notes);
    say("mending", start, 0);
    let plan = plan(&mended.facility);
    let survey = |_| SecureKey([1; 20]);
    let context = Context {
        tables: &tables,
        mended: &mended,
        catalog: &plan.catalog,
        directories: &directories,
        survey: &survey,
    };
    let mut found = (0, 0);
    let start = Instant::now();
    let mut records = Records::new(context);
    records
        .uploads(
            Generator::new(datasets),
            &mut notes,
            &mut |read| bytes = read,
            |item, notes| {
                match item {
                    Item::Dataset { .. } => found.0 += 1,
                    Item::Report { .. } => found.1 += 1,
                    _ => {}
                }
                notes.take();
                Ok::<_, ()>(())
            },
        )
        .unwrap();
    say("second pass", start, bytes);
    found
}

#[test]
fn a_generated_dump_is_read_completely() {
    assert_eq!(run(2_000, false), (2_001, 201));
}

#[test]
#[ignore = "takes minutes without optimisation"]
fn a_large_dump_is_read_in_bounded_memory() {
    assert_eq!(run(1_000_000, true), (1_000_001, 100_001));
    assert!(peak() < 512, "{} MiB", peak());
}
