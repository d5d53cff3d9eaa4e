//! What was mended or left out, one line each.

use crate::dump::fields::DumpDate;
use crate::pk::Pk;
use beamlive_storage::Timestamp;
use serde::Serialize;
use std::fmt;

/// What was done with a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Done {
    /// It is imported with a change.
    Mended,
    /// It is not imported.
    LeftOut,
    /// It is imported as it is, and needs attention.
    Kept,
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Note {
    /// The label of the record: `lims.sample`.
    pub label: String,
    /// Its primary key in the dump.
    pub pk: String,
    /// What was done.
    pub done: Done,
    /// What was wrong and what was done, in words.
    pub text: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let done = match self.done {
            Done::Mended => "mended",
            Done::LeftOut => "left out",
            Done::Kept => "kept",
        };
        write!(f, "{} {}: {done}: {}", self.label, self.pk, self.text)
    }
}

/// The lines so far.
#[derive(Debug, Default)]
pub struct Notes(Vec<Note>);

impl Notes {
    /// An empty list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// All lines, in order of labels and keys; the list is empty afterwards. While records are
    /// streamed, take them now and then.
    pub fn take(&mut self) -> Vec<Note> {
        let mut notes = std::mem::take(&mut self.0);
        // Numbers sort as numbers.
        notes.sort_by_cached_key(|note| (note.label.clone(), note.pk.parse::<i64>().ok(), note.clone()));
        notes
    }

    /// How many lines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn add(&mut self, label: &str, pk: &Pk, done: Done, text: String) {
        self.0.push(Note {
            label: label.to_owned(),
            pk: pk.to_string(),
            done,
            text,
        });
    }

    pub(crate) fn mended(&mut self, label: &str, pk: &Pk, text: impl Into<String>) {
        self.add(label, pk, Done::Mended, text.into());
    }

    pub(crate) fn left_out(&mut self, label: &str, pk: &Pk, text: impl Into<String>) {
        self.add(label, pk, Done::LeftOut, text.into());
    }

    pub(crate) fn kept(&mut self, label: &str, pk: &Pk, text: impl Into<String>) {
        self.add(label, pk, Done::Kept, text.into());
    }

    /// The name that beamlive takes instead of `own`. A change is noted.
    pub(crate) fn name(&mut self, label: &str, pk: &Pk, field: &str, own: Option<&str>) -> Option<String> {
        let name = crate::text::name(own?);
        if name.as_deref() != own {
            let text = format!("{field} is too long or has control characters: it is changed");
            self.mended(label, pk, text);
        }
        name
    }

    /// The instant of a date. One without an offset and one that is not a date are noted.
    pub(crate) fn instant(
        &mut self,
        label: &str,
        pk: &Pk,
        field: &str,
        when: Option<&DumpDate>,
    ) -> Option<Timestamp> {
        let when = when?;
        match when {
            DumpDate::Exact(_) => {}
            DumpDate::Local(_, text) => self.mended(
                label,
                pk,
                format!("{field} {text} has no offset, and was read as local time of the facility"),
            ),
            DumpDate::Invalid(text) => self.mended(
                label,
                pk,
                format!(
                    "{field} {} is no date, and was ignored",
                    crate::value::quoted(text)
                ),
            ),
        }
        when.instant()
    }
}
