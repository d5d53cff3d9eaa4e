//! `beamlive init`: writes what a new installation needs.
//!
//! | file | what it holds |
//! |---|---|
//! | `answers.rs` | what is asked, or given by flags |
//! | `configuration.rs` | the configuration and the first facility file |
//! | `units.rs` | the units of systemd |

mod answers;
mod configuration;
mod units;

use super::check::against_empty;
use crate::config::Settings;
use answers::{Answers, Flags};
use beamlive_client::{print, Failure};
use clap::Args;
use serde_json::json;
use std::fs::{self, Permissions};
use std::io::{IsTerminal, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Everyone may read the files: there is no secret in them.
const MODE: u32 = 0o644;

/// Write a configuration, a first facility file and the units of systemd. In a terminal it asks a
/// few questions; what a flag says is not asked.
#[derive(Debug, Args)]
pub struct Init {
    /// Where the files are written; the units go into systemd/ in it.
    #[arg(default_value = "/etc/beamlive")]
    directory: PathBuf,
    /// Replace files that exist.
    #[arg(long)]
    force: bool,
    /// Ask nothing.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    flags: Flags,
}

impl Init {
    /// Writes the files, and prints what to do next.
    ///
    /// # Errors
    /// When an answer can't be used, a file exists, or one can't be written. Nothing is overwritten
    /// without `--force`.
    pub fn run(self) -> Result<(), Failure> {
        let asks = !self.yes && std::io::stdin().is_terminal();
        let answers = self.flags.complete(asks)?;
        let directory = std::path::absolute(&self.directory)?;
        let files = files(&answers, &directory)?;
        if !self.force {
            if let Some((path, _)) = files.iter().find(|(path, _)| path.exists()) {
                return Err(format!(
                    "{} exists, and nothing was written: name another directory, or replace it with --force",
                    path.display()
                )
                .into());
            }
        }
        for (path, text) in &files {
            write(path, text, self.force)?;
            print(format_args!("wrote {}", path.display()))?;
        }
        print(next(&answers, &directory))
    }
}

/// The files and their texts, checked as `serve` and `check` read them.
fn files(answers: &Answers, directory: &Path) -> Result<Vec<(PathBuf, String)>, Failure> {
    let facility = configuration::facility(answers);
    against_empty(&facility, false, answers.timezone)?;
    let config = configuration::settings(answers, directory);
    let mut checked = NamedTempFile::new()?;
    checked.write_all(config.as_bytes())?;
    let settings = Settings::load(Some(checked.path()), json!({}))?;
    settings.tls.files(&settings.listen)?;
    let mut files = vec![
        (directory.join("beamlive.toml"), config),
        (directory.join("facility.toml"), facility),
    ];
    for (name, text) in units::all(answers, directory) {
        files.push((directory.join("systemd").join(name), text));
    }
    Ok(files)
}

/// Writes a whole file, or nothing.
fn write(path: &Path, text: &str, replace: bool) -> Result<(), Failure> {
    let failed = |error: std::io::Error| format!("can't write {}: {error}", path.display());
    let directory = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(directory).map_err(failed)?;
    let mut file = NamedTempFile::new_in(directory).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.as_file()
        .set_permissions(Permissions::from_mode(MODE))
        .map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    match replace {
        true => file.persist(path),
        false => file.persist_noclobber(path),
    }
    .map_err(|error| failed(error.error))?;
    Ok(())
}

fn next(answers: &Answers, directory: &Path) -> String {
    let (directory, user, data) = (directory.display(), &answers.user, answers.data.display());
    let backups = answers.backups.display();
    format!(
        "\nNext, as root:\n\
         \x20 useradd --system --home-dir {data} --shell /usr/sbin/nologin {user}\n\
         \x20 install -d -m 700 -o {user} -g {user} {data} {backups}\n\
         \x20 sudo -u {user} beamlive doctor --config {directory}/beamlive.toml\n\
         \x20 cp {directory}/systemd/* /etc/systemd/system/ && systemctl daemon-reload\n\
         \x20 systemctl enable --now beamlive.socket beamlive.service beamlive-backup.timer\n\
         Then write your beamlines and projects into {directory}/facility.toml, and systemctl reload beamlive."
    )
}
