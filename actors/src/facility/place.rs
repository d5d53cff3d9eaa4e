//! Places in a facility file, and the mistakes found there.

use super::capped::Capped;
use std::fmt;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// Mistakes that are listed. Of those beyond it only the number is given.
const LISTED: usize = 10_000;

/// Longest piece of the file that a message repeats, in characters.
const QUOTED: usize = 80;

/// The sections of a facility file, in the order in which they are read.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, EnumString, IntoStaticStr, VariantArray,
)]
#[strum(serialize_all = "snake_case")]
#[allow(
    missing_docs,
    reason = "each is named after the record that its entries declare"
)]
pub enum Section {
    Project,
    Person,
    Beamline,
    DataType,
    ContainerType,
    Container,
    Automounter,
    Group,
    Sample,
    AccessList,
    Beamtime,
}

impl Section {
    /// All of them, in order.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// Its name in the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// What one of its entries is called: `access list`.
    #[must_use]
    pub fn noun(self) -> String {
        self.name().replace('_', " ")
    }
}

/// One entry of a facility file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Its section.
    pub section: Section,
    /// Its number within the section, from 1.
    pub number: usize,
    /// The line of its header; known for TOML only.
    pub line: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[[{}]] #{}", self.section.name(), self.number)?;
        match self.line {
            Some(line) => write!(f, " (line {line})"),
            None => Ok(()),
        }
    }
}

/// Something in a facility file that has to be corrected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where: `[[sample]] #3 (line 87), location`.
    pub place: String,
    /// What is wrong, and where it helps, what to write instead.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// The mistakes found so far.
#[derive(Debug, Default)]
pub struct Mistakes(Capped<(usize, Mistake), LISTED>);

impl Mistakes {
    /// An empty list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.listed.is_empty()
    }

    /// Adds one about a field of the entry at `place`, or about the entry as a whole when `field`
    /// is `""`.
    pub fn note(&mut self, place: Place, field: &str, message: impl Into<String>) {
        let separator = if field.is_empty() { "" } else { ", " };
        self.other(place.line, &format!("{place}{separator}{field}"), message);
    }

    /// Adds one about something other than an entry, at `line` if that is known.
    pub fn other(&mut self, line: Option<usize>, place: &str, message: impl Into<String>) {
        self.0.add(|| {
            let (place, message) = (place.to_owned(), message.into());
            (line.unwrap_or(0), Mistake { place, message })
        });
    }

    /// The mistakes by line, where lines are known.
    #[must_use]
    pub fn into_list(self) -> Vec<Mistake> {
        let Capped { mut listed, more } = self.0;
        listed.sort_by_key(|(line, _)| *line);
        let mut list: Vec<_> = listed.into_iter().map(|(_, mistake)| mistake).collect();
        if more > 0 {
            list.push(Mistake {
                place: "the file".to_owned(),
                message: format!("has {more} more mistakes"),
            });
        }
        list
    }
}

/// A piece of the file as a message shows it: in quotes, on one line, not too long.
pub(crate) fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

/// A name in the file as the place of a mistake shows it.
pub(crate) fn short(name: &str) -> String {
    let printable = |c: char| if c.is_control() { '?' } else { c };
    name.chars().take(QUOTED).map(printable).collect()
}

/// `; did you mean …?` when one of `known` is close to `given`, else nothing.
pub(crate) fn suggestion(given: &str, known: &[&str]) -> String {
    if given.len() > 40 {
        return String::new();
    }
    let plain = |text: &str| text.to_lowercase().replace(['-', ' '], "_");
    let given = plain(given);
    let nearest = known
        .iter()
        .map(|name| (strsim::levenshtein(&given, &plain(name)), name))
        .min();
    match nearest {
        Some((changes, name)) if changes <= 2 && changes < name.len() => format!("; did you mean `{name}`?"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests;
