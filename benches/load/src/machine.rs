//! The machine that makes the load, in words.

use std::fs::read_to_string;

/// Processor, cores and kernel, in a line.
#[must_use]
pub fn describe() -> String {
    let info = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |line| {
            line.trim_start_matches([' ', '\t', ':'])
        });
    let kernel = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{} × {cores}, Linux {}", model.trim(), kernel.trim())
}

/// The load averages.
#[must_use]
pub fn load() -> String {
    let load = read_to_string("/proc/loadavg").unwrap_or_default();
    let averages: Vec<_> = load.split_ascii_whitespace().take(3).collect();
    format!("load averages {}", averages.join(" "))
}
