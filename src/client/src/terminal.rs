//! What a command prints.

use std::io::{ErrorKind, Write};

/// Why a command failed, in words for a person.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Prints a line. A closed pipe is no failure: `head` has read enough.
///
/// # Errors
/// When it can't be written for another reason.
pub fn print(line: impl std::fmt::Display) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
