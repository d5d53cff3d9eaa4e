//! Bars on a terminal, for commands that take their time. Where standard error is no terminal there are none.

use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// A bar for work whose end is not known: what was done so far, and how long it has taken.
pub(super) fn counting(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::no_length().with_prefix(what);
    styled(bar, "{spinner} {prefix}: {human_pos} rows {msg} [{elapsed}]")
}

/// A bar for rows, of which there may be about so many as its length says.
pub(super) fn rows(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(0).with_prefix(what);
    styled(
        bar,
        "{prefix} [{bar:30}] {human_pos} of about {human_len} rows [{elapsed}]",
    )
}

/// A bar for a file of `length` bytes.
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
