//! The secret that signs the tokens of the earlier server. It verifies their tokens here.

use crate::sign_in::secrets::{Secret, SecretError};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Its name in the data directory. Every file `jwt.secret.*` there verifies tokens.
pub const FILE: &str = "jwt.secret.imported";

/// Checks a file with a secret.
///
/// # Errors
/// [`SecretError`], which says what is wrong.
pub fn check(path: &Path) -> Result<(), SecretError> {
    Secret::read(path).map(drop)
}

/// Copies the secret into the data directory, where only the service's user can read it.
///
/// # Errors
/// When it can't be read or written.
pub fn keep(path: &Path, data: &Path) -> io::Result<()> {
    let secret = fs::read(path)?;
    let (own, new) = (data.join(FILE), data.join(format!("{FILE}.new")));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(&secret)?;
    file.sync_all()?;
    fs::rename(&new, &own)?;
    File::open(data)?.sync_all()
}
