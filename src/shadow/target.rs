//! The file that a report is written to: as text, as JSON, or as a page.

use super::html::page;
use super::report::Report;
use std::io::Write;
use std::path::{Path, PathBuf};

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Text,
    Json,
    Html,
}

/// The file that a report is written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    path: PathBuf,
    format: Format,
}

impl std::str::FromStr for Target {
    type Err = &'static str;

    /// The end of the name chooses the format.
    fn from_str(path: &str) -> Result<Self, Self::Err> {
        let path = PathBuf::from(path);
        let ending = path.extension().and_then(|ending| ending.to_str());
        let format = match ending {
            Some("txt") => Format::Text,
            Some("json") => Format::Json,
            Some("html") => Format::Html,
            _ => return Err("name it *.html, *.json or *.txt"),
        };
        Ok(Self { path, format })
    }
}

impl Target {
    /// Writes the report; a reader sees the old one or the new one.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn write(&self, report: &Report) -> std::io::Result<()> {
        let text = match self.format {
            Format::Text => report.text(),
            Format::Json => serde_json::to_string_pretty(report)? + "\n",
            Format::Html => page(report),
        };
        let mut name = self.path.clone().into_os_string();
        name.push(".new");
        let new = Path::new(&name);
        let mut file = std::fs::File::create(new)?;
        file.write_all(text.as_bytes())?;
        drop(file);
        std::fs::rename(new, &self.path)
    }

    /// Where it is written.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests;
