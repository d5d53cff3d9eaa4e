//! The style sheet, of several files.

/// The style sheet of every page.
pub const STYLE: &str = concat!(
    include_str!("../style/tokens.css"),
    include_str!("../style/text.css"),
    include_str!("../style/layout.css"),
    include_str!("../style/parts.css"),
    include_str!("../style/table.css"),
    include_str!("../style/form.css"),
    include_str!("../style/figure.css"),
    include_str!("../style/print.css"),
);
