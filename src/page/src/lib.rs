//! The look of every page: one style sheet, and what pages share.
//!
//! | file | what it holds |
//! |---|---|
//! | `format.rs` | numbers as people read them |
//! | `document.rs` | the frame of a page: [`document`], [`shell`] |
//! | `parts.rs` | navigation, breadcrumbs, pages of a list, tiles, facts |
//! | [`figure`] | figures as SVG |
//! | [`details`] | the details of reports |
//! | [`xdi`] | scans in XDI text, and their figures |
//!
//! Invariants: no clock, no I/O, no runtime. Nothing that is rendered here has a script or a `style`
//! attribute, so a page may forbid both. Every text is escaped.

pub mod details;
mod document;
pub mod figure;
mod format;
mod parts;
pub mod xdi;

pub use document::{document, shell};
pub use format::{grouped, millis};
pub use parts::{crumbs, facts, pages, tile, top, Link};

/// The style sheet of every page.
pub const STYLE: &str = concat!(
    include_str!("../style/tokens.css"),
    include_str!("../style/text.css"),
    include_str!("../style/layout.css"),
    include_str!("../style/parts.css"),
    include_str!("../style/table.css"),
    include_str!("../style/form.css"),
    include_str!("../style/figure.css"),
    include_str!("../style/report.css"),
    include_str!("../style/print.css"),
);

/// The script of figures: values under the pointer, zoom, series on and off. A page that has none
/// shows the same figures, at rest. It is a module: `<script type="module" src="…">`.
pub const FIGURE_SCRIPT: &str = include_str!("../script/figure.js");

#[cfg(test)]
mod tests {
    #[test]
    fn the_script_is_small_and_needs_no_leave() {
        let script = super::FIGURE_SCRIPT;
        assert!(script.len() < 8 * 1024);
        for forbidden in ["eval", "innerHTML", "Function(", "fetch", "import", "\"style\""] {
            assert!(!script.contains(forbidden), "{forbidden}");
        }
    }
}
