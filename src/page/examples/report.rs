//! Reads the details of a report, as JSON, from standard input, and writes them as a page. With two
//! numbers, it writes the figure of that section and entry as an SVG file.

use beamlive_page::{details, document, FIGURE_SCRIPT};
use maud::{html, PreEscaped};
use std::io::{self, Write};

fn main() -> io::Result<()> {
    let details = serde_json::from_reader(io::stdin())?;
    let numbers: Vec<usize> = std::env::args()
        .skip(1)
        .filter_map(|text| text.parse().ok())
        .collect();
    let text = if let [section, entry] = numbers[..] {
        details::figure_svg(&details, section, entry).unwrap_or_default()
    } else {
        // A service serves the script as a file.
        let body = html! {
            h1 { "Report" }
            (details::report(&details))
            script type="module" { (PreEscaped(FIGURE_SCRIPT)) }
        };
        document("Report", body).into_string()
    };
    io::stdout().write_all(text.as_bytes())
}
