//! What an import did: the counts, and a line for each thing that was mended or left out.

use beamlive_mxlive::{Note, Unread, Written};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// The number of records by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// New here.
    pub created: u64,
    /// Different here, or older.
    pub updated: u64,
    /// The same here, or newer.
    pub unchanged: u64,
}

impl Tally {
    /// Counts a record.
    pub(super) fn count(&mut self, written: Written) {
        *match written {
            Written::New => &mut self.created,
            Written::Changed => &mut self.updated,
            Written::Same => &mut self.unchanged,
        } += 1;
    }
}

/// What an import did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Whether nothing was written.
    pub dry_run: bool,
    /// Records by kind and outcome.
    pub records: BTreeMap<&'static str, Tally>,
    /// The number of lines about what was mended or left out.
    pub notes: u64,
    /// What was not read, because beamlive has no such model or field.
    pub unread: Unread,
}

/// Where the lines go: a file, in the form of its name's ending.
#[derive(Debug)]
pub struct Lines {
    file: BufWriter<File>,
    json: bool,
    count: u64,
}

impl Lines {
    /// Writes a file: JSON when its name ends with `.json`, else text.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn to_file(path: &Path) -> io::Result<Self> {
        let json = path
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
        let mut file = BufWriter::new(File::create(path)?);
        if json {
            file.write_all(b"{\"notes\":[")?;
        }
        Ok(Self { file, json, count: 0 })
    }

    /// Adds lines.
    ///
    /// # Errors
    /// When the file can't be written.
    pub(super) fn add(&mut self, notes: Vec<Note>) -> io::Result<()> {
        for note in notes {
            if self.json {
                self.file
                    .write_all(if self.count == 0 { b"\n" } else { b",\n" })?;
                serde_json::to_writer(&mut self.file, &note)?;
            } else {
                writeln!(self.file, "{note}")?;
            }
            self.count += 1;
        }
        Ok(())
    }

    /// Ends the file with the counts.
    ///
    /// # Errors
    /// When it can't be written.
    pub(super) fn finish(mut self, outcome: &mut Outcome) -> io::Result<()> {
        outcome.notes = self.count;
        if self.json {
            self.file.write_all(b"\n],\"outcome\":")?;
            serde_json::to_writer(&mut self.file, outcome)?;
            self.file.write_all(b"}\n")?;
        } else {
            writeln!(self.file)?;
            for line in outcome.lines() {
                writeln!(self.file, "{line}")?;
            }
        }
        self.file.into_inner()?.sync_all()
    }
}

impl Outcome {
    /// The counts in words.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "{:<16} {:>10} {:>10} {:>10}",
            "", "created", "updated", "unchanged"
        )];
        for (kind, tally) in &self.records {
            let Tally {
                created,
                updated,
                unchanged,
            } = tally;
            lines.push(format!("{kind:<16} {created:>10} {updated:>10} {unchanged:>10}"));
        }
        let unread = |what: &str, counts: &BTreeMap<String, u64>| {
            let named = counts.iter().map(|(name, count)| format!("{name} ({count})"));
            let named: Vec<_> = named.collect();
            (!named.is_empty()).then(|| format!("{what}: {}", named.join(", ")))
        };
        lines.extend(unread("models that beamlive does not have", &self.unread.models));
        lines.extend(unread("fields that beamlive does not have", &self.unread.fields));
        lines.extend(unread("secrets, which are never read", &self.unread.secret));
        lines
    }
}
