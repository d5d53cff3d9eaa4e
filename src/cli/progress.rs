//! Progress bars of long commands. There are none where standard error is not a terminal.

use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// Rows of an unknown number, and the elapsed time.
pub(super) fn counting(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::no_length().with_prefix(what);
    styled(bar, "{spinner} {prefix}: {human_pos} rows {msg} [{elapsed}]")
}

/// Something that takes an unknown time.
pub(super) fn waiting(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::no_length().with_prefix(what);
    styled(bar, "{spinner} {prefix} [{elapsed}]")
}

/// Rows of an estimated number, which is set as the length.
pub(super) fn rows(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(0).with_prefix(what);
    styled(
        bar,
        "{prefix} [{bar:30}] {human_pos} of about {human_len} rows [{elapsed}]",
    )
}

/// A file of `length` bytes.
pub(super) fn bytes(what: &'static str, length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length).with_prefix(what);
    styled(
        bar,
        "{prefix} [{bar:30}] {bytes} of {total_bytes} {msg} [{elapsed}, {eta} left]",
    )
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
