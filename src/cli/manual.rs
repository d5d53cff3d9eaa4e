//! `beamlive manual`: the manual pages and the completions of shells, made from the command line.

use beamlive_client::{print, Failure};
use clap::{Args, Command};
use clap_complete::{generate_to, Shell};
use std::fs;
use std::path::PathBuf;

/// Write the manual pages, and the completions of bash, zsh and fish, into a directory. Packages
/// are made with it.
#[derive(Debug, Args)]
pub struct Manual {
    /// The directory. It is made if it does not exist.
    directory: PathBuf,
}

impl Manual {
    /// Writes the files of the command line `all`, and prints how many.
    ///
    /// # Errors
    /// When a file can't be written.
    pub fn run(self, mut all: Command) -> Result<(), Failure> {
        let failed = |error: std::io::Error| format!("can't write to {}: {error}", self.directory.display());
        fs::create_dir_all(&self.directory).map_err(failed)?;
        clap_mangen::generate_to(all.clone(), &self.directory).map_err(failed)?;
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            generate_to(shell, &mut all, "beamlive", &self.directory).map_err(failed)?;
        }
        let written = fs::read_dir(&self.directory).map_err(failed)?.count();
        print(format!("{written} files in {}", self.directory.display()))?;
        Ok(())
    }
}
