//! Accounts that sign in, and the secrets that sign their tokens.

use super::failure::StartError;
use super::oidc;
use crate::config::Settings;
use crate::sign_in::accounts::Accounts;
use crate::sign_in::oidc::Oidc;
use crate::sign_in::secrets::{Secret, SecretError, Secrets};
use crate::sign_in::token::Lifetimes;
use beamlive_actors::clock::SystemKeys;
use beamlive_actors::directory::Directory;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Reads the secrets; without a configured one, makes one in the data directory. With an issuer of
/// OpenID Connect, persons can sign in there.
pub(super) fn accounts(
    settings: &Settings,
    directory: &Arc<Directory>,
) -> Result<(Accounts, Option<Oidc>), StartError> {
    let days = |days: u32| Duration::from_secs(u64::from(days) * 24 * 3600);
    let lifetimes = Lifetimes {
        access: days(settings.jwt.access_days),
        refresh: days(settings.jwt.refresh_days),
    };
    let secrets = secrets(settings).map_err(StartError::Secret)?;
    let services = directory.services();
    let oidc = oidc::setup(settings)?.map(|setup| {
        let key = secrets.derived("oidc cookie");
        Oidc::new(setup, key, services.clock.clone(), services.keys.clone())
    });
    let accounts = Accounts::new(Arc::clone(directory), secrets, lifetimes, settings.jwt.checks);
    Ok((accounts, oidc.transpose()?))
}

/// The files `jwt.secret.*` in the data directory, such as that of an earlier server, by name.
fn others(data: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(data).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path()).filter(|path| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with("jwt.secret.") && !name.ends_with(".new"))
    });
    let mut paths: Vec<_> = paths.collect();
    paths.sort();
    paths
}

fn secrets(settings: &Settings) -> Result<Secrets, SecretError> {
    let files = &settings.jwt.secret_file;
    if files.is_empty() {
        let own = Secret::read_or_make(&settings.data, &SystemKeys)?;
        let others = others(&settings.data).into_iter().map(|file| Secret::read(&file));
        let others: Result<Vec<_>, _> = others.collect();
        return Secrets::new(std::iter::once(own).chain(others?));
    }
    let secrets: Result<Vec<_>, _> = files.iter().map(|file| Secret::read(file)).collect();
    Secrets::new(secrets?)
}
