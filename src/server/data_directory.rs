//! The data directory and the admin token in it.

use super::failure::StartError;
use beamlive_actors::clock::{KeySource, SystemKeys};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Makes the data directory and the admin token if they do not exist, and reads the token.
pub(super) fn prepare(path: &Path) -> Result<String, StartError> {
    let unusable = |source| StartError::DataDirectory {
        path: path.to_owned(),
        source,
    };
    let missing: Vec<_> = path.ancestors().take_while(|part| !part.is_dir()).collect();
    if !path.is_dir() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(unusable)?;
    }
    for made in missing {
        sync_entry(made);
    }
    let store = path.join("store");
    if !store.is_dir() {
        DirBuilder::new().mode(0o700).create(&store).map_err(unusable)?;
    }
    let file = path.join("admin.token");
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&file)
    {
        Ok(mut new) => {
            let (first, second) = (SystemKeys.secure_key(), SystemKeys.secure_key());
            let token = format!("{}{}", first.to_hex(), second.to_hex());
            new.write_all(format!("{token}\n").as_bytes()).map_err(unusable)?;
            new.sync_all().map_err(unusable)?;
            Ok(token)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let others_may_read = file.metadata().map_err(unusable)?.permissions().mode() & 0o077 != 0;
            if others_may_read {
                return Err(unusable(std::io::Error::other(
                    "admin.token can be read by others: chmod 600 it, or remove it, and a new one is made",
                )));
            }
            let token = std::fs::read_to_string(&file).map_err(unusable)?;
            if token.trim().len() < 32 {
                return Err(unusable(std::io::Error::other(
                    "admin.token is too short to be safe: remove the file, and a new one is made",
                )));
            }
            Ok(token)
        }
        Err(error) => Err(unusable(error)),
    }
}

/// Makes a new directory durable, if its parent can be opened.
fn sync_entry(made: &Path) {
    let parent = match made.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return,
    };
    if let Err(error) = File::open(parent).and_then(|parent| parent.sync_all()) {
        tracing::warn!(?parent, %error, "can't be synced: a power cut now may remove the new data directory");
    }
}
