//! Bars on a terminal, for commands that take their time. Where standard error is no terminal there are none.

use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// A bar for work whose end is not known: what was done so far, and how long it has taken.
pub(super) fn counting(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::no_length().with_prefix(what);
    styled(bar, "{spinner} {prefix}: {human_pos} rows {msg} [{elapsed}]")
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
