//! Accounts that sign in, and the secrets that sign their tokens.

use super::failure::StartError;
use crate::config::Settings;
use crate::sign_in::accounts::Accounts;
use crate::sign_in::secrets::{Secret, SecretError, Secrets};
use crate::sign_in::token::Lifetimes;
use beamlive_actors::clock::SystemKeys;
use beamlive_actors::directory::Directory;
use std::sync::Arc;
use std::time::Duration;

/// Reads the secrets; without a configured one, makes one in the data directory.
pub(super) fn accounts(settings: &Settings, directory: &Arc<Directory>) -> Result<Accounts, StartError> {
    let days = |days: u32| Duration::from_secs(u64::from(days) * 24 * 3600);
    let lifetimes = Lifetimes {
        access: days(settings.jwt.access_days),
        refresh: days(settings.jwt.refresh_days),
    };
    let secrets = secrets(settings).map_err(StartError::Secret)?;
    Ok(Accounts::new(
        Arc::clone(directory),
        secrets,
        lifetimes,
        settings.jwt.checks,
    ))
}

fn secrets(settings: &Settings) -> Result<Secrets, SecretError> {
    let files = &settings.jwt.secret_file;
    if files.is_empty() {
        return Secrets::new([Secret::read_or_make(&settings.data, &SystemKeys)?]);
    }
    let secrets: Result<Vec<_>, _> = files.iter().map(|file| Secret::read(file)).collect();
    Secrets::new(secrets?)
}
