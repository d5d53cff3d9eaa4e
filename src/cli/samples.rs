//! `beamlive samples`: the samples of a project as a sheet, to and from a running service.

use super::apply::summary;
use crate::samples::Format;
use beamlive_client::admin::Service;
use beamlive_client::{print, Failure};
use clap::{Args, Subcommand};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Import and export the samples of a project as a sheet, without a facility file.
#[derive(Debug, Args)]
pub struct Samples {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Create and update the samples of a sheet, one row a sample. Removes nothing; importing the
    /// sheet again changes nothing.
    Import {
        /// The sheet: a workbook (*.xlsx), or CSV (*.csv).
        file: PathBuf,
        /// Username of the project.
        #[arg(long)]
        project: String,
        /// Only print what would change.
        #[arg(long)]
        dry_run: bool,
        /// The service.
        #[command(flatten)]
        service: Service,
    },
    /// Write the samples of a project into a sheet, which can be imported again.
    Export {
        /// The sheet: a workbook (*.xlsx), or CSV (*.csv). Without it, CSV is printed.
        file: Option<PathBuf>,
        /// Username of the project.
        #[arg(long)]
        project: String,
        /// The service.
        #[command(flatten)]
        service: Service,
    },
    /// Write a sheet that has only the headings.
    Template {
        /// The sheet: a workbook (*.xlsx), or CSV (*.csv). Without it, CSV is printed.
        file: Option<PathBuf>,
    },
}

impl Samples {
    /// Runs the command.
    ///
    /// # Errors
    /// When a file or the service can't be reached, or the sheet has mistakes; each is named.
    pub async fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::Import {
                file,
                project,
                dry_run,
                service,
            } => {
                let format = format_of(&file)?;
                let sheet = std::fs::read(&file)
                    .map_err(|error| format!("can't read {}: {error}", file.display()))?;
                let admin = service.admin()?;
                let done = admin.import_samples(&project, sheet, format.media_type(), dry_run);
                let done = done.await?;
                let mut lines = done.changes.clone();
                lines.push(summary(&done, false));
                print(lines.join("\n"))
            }
            Action::Export {
                file,
                project,
                service,
            } => {
                let format = file.as_deref().map_or(Ok(Format::Csv), format_of)?;
                let admin = service.admin()?;
                let sheet = admin.export_samples(&project, format.media_type()).await?;
                save(file.as_deref(), &sheet)
            }
            Action::Template { file } => {
                let format = file.as_deref().map_or(Ok(Format::Csv), format_of)?;
                save(file.as_deref(), &format.write(&[])?)
            }
        }
    }
}

/// The format of a file, by the end of its name.
fn format_of(file: &Path) -> Result<Format, Failure> {
    let is = |ending: &str| {
        file.extension()
            .is_some_and(|own| own.eq_ignore_ascii_case(ending))
    };
    if is("csv") {
        Ok(Format::Csv)
    } else if is("xlsx") {
        Ok(Format::Xlsx)
    } else {
        Err(format!("{} must be named *.xlsx or *.csv", file.display()).into())
    }
}

/// Writes a sheet into a file that does not exist yet, or prints it.
fn save(file: Option<&Path>, sheet: &[u8]) -> Result<(), Failure> {
    let Some(file) = file else {
        return Ok(std::io::stdout().write_all(sheet)?);
    };
    let saved = std::fs::File::create_new(file).and_then(|mut to| to.write_all(sheet));
    Ok(saved.map_err(|error| format!("can't write {}: {error}", file.display()))?)
}
