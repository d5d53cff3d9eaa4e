//! The data directory, secrets, and the configuration file.

use super::finding::Finding;
use crate::config::Settings;
use crate::sign_in::secrets;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Shorter secrets and tokens can be guessed.
const SHORTEST: usize = 32;

/// The permissions of a file, without its type. `None` when there is none.
fn mode(path: &Path) -> Option<u32> {
    Some(fs::metadata(path).ok()?.permissions().mode() & 0o777)
}

/// Whether others than its owner can read a file.
fn is_exposed(path: &Path) -> bool {
    mode(path).is_some_and(|mode| mode & 0o077 != 0)
}

/// A configuration file that everyone can read, although it has a secret.
pub(super) fn configuration(settings: &Settings, config: &Path) -> Option<Finding> {
    let url = settings.store.url.as_deref().unwrap_or_default();
    let has_password = url
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('@'))
        .is_some_and(|(user, _)| user.contains(':'));
    let has_secret = settings.proxy.secret.is_some() || has_password;
    let everyone = mode(config).is_some_and(|mode| mode & 0o007 != 0);
    (has_secret && everyone).then(|| {
        Finding::warning(
            "secrets",
            format!(
                "{} has a secret, and everyone on this machine can read it",
                config.display()
            ),
            format!(
                "chmod 640 {0}, and chgrp it to the service's group",
                config.display()
            ),
        )
    })
}

/// The data directory and what is secret.
pub(super) fn examine(settings: &Settings) -> Vec<Finding> {
    let mut findings = vec![directory(&settings.data)];
    if let Some(unfinished) = beamlive_storage::backup::unfinished(&settings.data) {
        findings.push(Finding::fault(
            "data directory",
            "a restore into it did not finish",
            format!("remove {}, and restore again", unfinished.display()),
        ));
    }
    findings.extend(made(&settings.data.join("admin.token")));
    if settings.jwt.secret_file.is_empty() {
        findings.extend(made(&settings.data.join(secrets::FILE)));
    }
    let named = settings
        .jwt
        .secret_file
        .iter()
        .map(|path| (path, "jwt.secret_file", SHORTEST));
    let password = settings
        .store
        .password_file
        .iter()
        .map(|path| (path, "store.password_file", 1));
    let client = settings
        .oidc
        .client_secret_file
        .iter()
        .map(|path| (path, "oidc.client_secret_file", 1));
    for (path, setting, shortest) in named.chain(password).chain(client) {
        findings.push(secret(path, setting, shortest));
    }
    if rustix::process::geteuid().is_root() {
        findings.push(Finding::warning(
            "user",
            "this is root, so permissions are not checked as the service's own user has them",
            "run the service, and this, as a user of its own: sudo -u beamlive beamlive doctor",
        ));
    }
    findings
}

fn directory(data: &Path) -> Finding {
    const CHECK: &str = "data directory";
    let shown = data.display();
    match fs::metadata(data) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let parent = data
                .ancestors()
                .skip(1)
                .find(|part| part.is_dir() || part.as_os_str().is_empty());
            let parent = parent
                .filter(|part| !part.as_os_str().is_empty())
                .unwrap_or(Path::new("."));
            match tempfile::tempfile_in(parent) {
                Ok(_) => Finding::good(CHECK, format!("{shown} will be made at the first start")),
                Err(error) => Finding::fault(
                    CHECK,
                    format!("{shown} does not exist, and can't be made: {error}"),
                    format!(
                        "make it and give it to the service's user: install -d -m 700 -o beamlive {shown}"
                    ),
                ),
            }
        }
        Err(error) => Finding::fault(
            CHECK,
            format!("{shown} can't be used: {error}"),
            "name a directory that the service's user can reach with the setting data",
        ),
        Ok(found) if !found.is_dir() => Finding::fault(
            CHECK,
            format!("{shown} is no directory"),
            "name a directory with the setting data, or move this file away",
        ),
        Ok(_) => match tempfile::tempfile_in(data) {
            Err(error) => Finding::fault(
                CHECK,
                format!("nothing can be written into {shown}: {error}"),
                format!("give it to the service's user: chown -R beamlive {shown}"),
            ),
            Ok(_) if is_exposed(data) => Finding::warning(
                CHECK,
                format!("others can look into {shown}, which has keys and records"),
                format!("chmod 700 {shown}"),
            ),
            Ok(_) => Finding::good(CHECK, format!("{shown} can be written")),
        },
    }
}

/// A secret that the service has made. `None` when it has not made it yet.
fn made(path: &Path) -> Option<Finding> {
    let shown = path.display();
    let text = match fs::read_to_string(path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return None,
        Err(error) => {
            return Some(Finding::fault(
                "secrets",
                format!("{shown} can't be read: {error}"),
                "give it to the service's user, or remove it, and a new one is made",
            ))
        }
        Ok(text) => text,
    };
    Some(if is_exposed(path) {
        Finding::fault(
            "secrets",
            format!("others can read {shown}"),
            format!("chmod 600 {shown}; if it may be known, remove it, and a new one is made"),
        )
    } else if text.trim().len() < SHORTEST {
        Finding::fault(
            "secrets",
            format!("{shown} is too short to be safe"),
            "remove it, and a new one is made",
        )
    } else {
        Finding::good("secrets", format!("only the service can read {shown}"))
    })
}

/// A secret in a file that a setting names.
fn secret(path: &Path, setting: &str, shortest: usize) -> Finding {
    let shown = path.display();
    match fs::read(path) {
        Err(error) => Finding::fault(
            "secrets",
            format!("{setting}: {shown} can't be read: {error}"),
            "write the right path, and let the service's user read the file",
        ),
        Ok(bytes) if bytes.trim_ascii().is_empty() => Finding::fault(
            "secrets",
            format!("{setting}: {shown} is empty"),
            "write the secret into it",
        ),
        Ok(bytes) if bytes.trim_ascii().len() < shortest => Finding::warning(
            "secrets",
            format!("{setting}: {shown} is shorter than {shortest} bytes"),
            "name a new secret before it, so that new tokens are signed with that one",
        ),
        Ok(_) if mode(path).is_some_and(|mode| mode & 0o007 != 0) => Finding::warning(
            "secrets",
            format!("{setting}: everyone on this machine can read {shown}"),
            format!("chmod 640 {shown}, and chgrp it to the service's group"),
        ),
        Ok(_) => Finding::good("secrets", format!("{setting}: {shown} can be read")),
    }
}
