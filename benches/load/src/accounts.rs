//! The accounts that send requests: the type, and the file that names existing ones.

use crate::credentials::Credentials;
use crate::plan::Api;
use beamlive_client::key::Key;
use beamlive_client::Failure;
use serde::Deserialize;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// An account of the service.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) username: String,
    pub(crate) credentials: Credentials,
    /// Acronyms of the beamlines where it measures.
    pub(crate) beamlines: Vec<String>,
    /// Ids of its samples, as far as they are known.
    pub(crate) samples: Vec<u64>,
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
    key: Option<PathBuf>,
    password: Option<String>,
    beamlines: Vec<String>,
}

/// Reads a TOML file of `[[account]]`, with `username`, `beamlines`, and what `api` asks for: `key`
/// (the path of an OpenSSH private key, relative to this file) or `password`.
///
/// # Errors
/// When a file can't be read, or has a mistake.
pub(crate) fn read(file: &Path, api: Api) -> Result<Vec<Account>, Failure> {
    let place = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| format!("can't read {place}: {error}"))?;
    let File { account } = toml::from_str(&text).map_err(|error| format!("{place}: {error}"))?;
    let directory = file.parent().unwrap_or(Path::new(""));
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
        if !is_word(&entry.username, "_-") || !entry.beamlines.iter().all(|acronym| is_word(acronym, "_-.")) {
            return Err(format!("{place}: {} or one of its beamlines is no name", entry.username).into());
        }
        let credentials = match (api, &entry.key, &entry.password) {
            (Api::V2, Some(key), _) => Credentials::Key(Key::read(&directory.join(key))?),
            (Api::V3, _, Some(password)) => Credentials::Password(password.clone()),
            (Api::V2, None, _) => return Err(format!("{place}: {} has no key", entry.username).into()),
            (Api::V3, _, None) => return Err(format!("{place}: {} has no password", entry.username).into()),
        };
        Ok(Account {
            username: entry.username.clone(),
            credentials,
            beamlines: entry.beamlines.clone(),
            samples: Vec::new(),
        })
    });
    accounts.collect()
}

/// Whether `text` consists of letters, digits, and the characters of `more`.
fn is_word(text: &str, more: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || more.contains(c))
}
