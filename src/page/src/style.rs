//! The style sheet, and the script of figures.

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
