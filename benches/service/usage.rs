//! Processor time during a measurement.

use std::fs::read_to_string;
use std::time::Instant;

/// How often a second Linux counts processor time for `/proc`.
const TICKS: f64 = 100.0;

/// Processors kept busy, on average.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// By the service.
    pub(crate) service: f64,
    /// By the load generator.
    pub(crate) load: f64,
    /// By everything else on the machine.
    pub(crate) others: f64,
}

/// Measures from its start.
#[derive(Debug)]
pub(crate) struct Meter {
    began: Instant,
    counted: Counted,
}

/// Seconds of processor time so far.
#[derive(Debug)]
struct Counted {
    thread: f64,
    process: f64,
    machine: f64,
}

impl Meter {
    /// Starts to measure. The load generator is the calling thread.
    pub(crate) fn start() -> Self {
        Self {
            began: Instant::now(),
            counted: count(),
        }
    }

    /// The usage since then. To be called by the same thread.
    pub(crate) fn stop(self) -> Usage {
        let seconds = self.began.elapsed().as_secs_f64();
        let now = count();
        let used = |now: f64, then: f64| ((now - then) / seconds).max(0.0);
        let process = used(now.process, self.counted.process);
        let load = used(now.thread, self.counted.thread);
        Usage {
            service: (process - load).max(0.0),
            load,
            others: (used(now.machine, self.counted.machine) - process).max(0.0),
        }
    }
}

fn count() -> Counted {
    let thread = read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let process = read_to_string("/proc/self/stat").unwrap_or_default();
    // The name in the second field may hold spaces; user and system time are the 12th and 13th
    // after it.
    let after_name = process.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let machine = read_to_string("/proc/stat").unwrap_or_default();
    let machine = machine.lines().next().unwrap_or_default();
    // user, nice, system, (idle, waiting for the disk,) interrupts, soft interrupts, stolen
    let busy = [1, 2, 3, 6, 7, 8]
        .iter()
        .map(|place| field(machine, *place))
        .sum::<f64>();
    Counted {
        thread: field(&thread, 0) / 1e9,
        process: (field(after_name, 11) + field(after_name, 12)) / TICKS,
        machine: busy / TICKS,
    }
}

fn field(line: &str, place: usize) -> f64 {
    line.split_ascii_whitespace()
        .nth(place)
        .and_then(|text| text.parse().ok())
        .unwrap_or_default()
}
