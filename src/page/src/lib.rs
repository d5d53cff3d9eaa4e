//! The look of every page: one style sheet, and what pages share.
//!
//! | file | what it holds |
//! |---|---|
//! | `format.rs` | numbers as people read them |
//! | `style.rs` | [`STYLE`], [`FIGURE_SCRIPT`] |
//! | `document.rs` | the frame of a page: [`document`], [`shell`] |
//! | `parts.rs` | navigation, breadcrumbs, pages of a list, tiles, facts |
//! | [`figure`] | figures as SVG |
//! | [`details`] | the details of reports |
//! | [`xdi`] | scans in XDI text, and their figures |
//!
//! Invariants: no clock, no I/O, no runtime. Nothing that is rendered here has a script or a
//! `style` attribute, so a page may forbid both. Every text is escaped.

pub mod details;
mod document;
pub mod figure;
mod format;
mod parts;
mod style;
pub mod xdi;

pub use document::{document, shell};
pub use format::{grouped, millis};
pub use parts::{crumbs, facts, pages, tabs, tile, top, Link};
pub use style::{FIGURE_SCRIPT, STYLE};

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
