//! The accounts that sign: those of a file, or new ones.

use super::signer::Key;
use crate::cli::Failure;
use serde::Deserialize;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// An account of the service.
#[derive(Debug, Clone)]
pub struct Account {
    /// What it is called.
    pub username: String,
    /// What it signs with.
    pub key: Key,
    /// Acronyms of the beamlines where it measures.
    pub beamlines: Vec<String>,
    /// Ids of its samples, as far as they are known.
    pub samples: Vec<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    account: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    username: String,
    key: PathBuf,
    beamlines: Vec<String>,
}

/// Reads accounts: TOML, `[[account]]` with `username`, `key` (a file with an OpenSSH private key, from where this file
/// is) and `beamlines`.
///
/// # Errors
/// When a file can't be read, or makes no sense: what, and where.
pub fn read(file: &Path) -> Result<Vec<Account>, Failure> {
    let place = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| format!("can't read {place}: {error}"))?;
    let File { account } = toml::from_str(&text).map_err(|error| format!("{place}: {error}"))?;
    let home = file.parent().unwrap_or(Path::new(""));
    let mut beamlines = HashSet::new();
    for acronym in account.iter().flat_map(|entry| &entry.beamlines) {
        if !beamlines.insert(acronym) {
            return Err(format!(
                "{place}: beamline {acronym} is named twice; each is one account's at a time"
            )
            .into());
        }
    }
    if beamlines.is_empty() {
        return Err(format!("{place} names no account with a beamline").into());
    }
    let accounts = account.iter().map(|entry| {
        let word = |text: &str, more: &str| {
            !text.is_empty()
                && text
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || more.contains(c))
        };
        if !word(&entry.username, "_-") || !entry.beamlines.iter().all(|acronym| word(acronym, "_-.")) {
            return Err(format!("{place}: {} or one of its beamlines is no name", entry.username).into());
        }
        Ok(Account {
            username: entry.username.clone(),
            key: Key::read(&home.join(&entry.key))?,
            beamlines: entry.beamlines.clone(),
            samples: Vec::new(),
        })
    });
    accounts.collect()
}
