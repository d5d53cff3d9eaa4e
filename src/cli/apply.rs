//! `beamlive apply`: applies a facility file to a running service.

use beamlive_client::admin::{Counts, Service};
use beamlive_client::{print, Failure};
use clap::Args;
use std::path::{Path, PathBuf};

/// Apply a facility file to a running service. One atomic change; applying it again changes
/// nothing.
#[derive(Debug, Args)]
pub struct Apply {
    /// The facility file: TOML, or JSON when it is named *.json.
    file: PathBuf,
    /// Remove what the file does not name.
    #[arg(long)]
    prune: bool,
    /// The service.
    #[command(flatten)]
    service: Service,
}

impl Apply {
    /// Applies the file and prints what it did.
    ///
    /// # Errors
    /// When the file or the service can't be reached, or the file has mistakes; each is named.
    pub async fn run(self) -> Result<(), Failure> {
        let (text, is_json) = read(&self.file)?;
        let done = self
            .service
            .admin()?
            .apply(text, is_json, false, self.prune)
            .await?;
        print(summary(&done, self.prune))
    }
}

/// Reads a facility file. The flag is true for JSON.
pub(super) fn read(file: &Path) -> Result<(String, bool), Failure> {
    let text =
        std::fs::read_to_string(file).map_err(|error| format!("can't read {}: {error}", file.display()))?;
    let is_json = file
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    Ok((text, is_json))
}

/// The counts as one line.
pub(super) fn summary(counts: &Counts, prune: bool) -> String {
    let Counts {
        created,
        updated,
        unchanged,
        removed,
        kept,
        ..
    } = counts;
    let mut line = format!("{created} created, {updated} updated, {unchanged} unchanged");
    if prune {
        line.push_str(&format!(
            ", {removed} removed, {kept} kept because records refer to them"
        ));
    }
    line
}
