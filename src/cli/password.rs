//! Asks for passwords.

use beamlive_client::Failure;
use std::io::{BufRead, IsTerminal};

/// Asks for a password. Without a terminal it is the first line of the input.
///
/// # Errors
/// When there is none.
pub(super) fn asked(prompt: &str) -> Result<String, Failure> {
    if std::io::stdin().is_terminal() {
        return Ok(rpassword::prompt_password(prompt)?);
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err("there is no password in the input".into());
    }
    Ok(password.to_owned())
}

/// As [`asked`], for a new password: a terminal is asked twice.
///
/// # Errors
/// When there is none, or the second one differs.
pub(super) fn asked_twice(prompt: &str) -> Result<String, Failure> {
    let password = asked(prompt)?;
    if std::io::stdin().is_terminal() && asked("once more: ")? != password {
        return Err("the two passwords differ: nothing was changed".into());
    }
    Ok(password)
}
