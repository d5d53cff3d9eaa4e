//! The machine: what it is, and who used its processors.

use std::fs::read_to_string;

/// Processor, cores, kernel and load, in a line or two.
pub(crate) fn describe() -> String {
    let info = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .unwrap_or_default();
    let kernel = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "{} × {cores}, Linux {}, {}",
        model.trim_start_matches([' ', '\t', ':']),
        kernel.trim(),
        load()
    )
}

/// The load averages.
pub(crate) fn load() -> String {
    let load = read_to_string("/proc/loadavg").unwrap_or_default();
    let averages: Vec<_> = load.split_ascii_whitespace().take(3).collect();
    format!("load averages {}", averages.join(" "))
}
