//! Places in a facility file, and the mistakes found there.

use serde::Serialize;
use std::fmt;

/// Mistakes that are listed. Of those beyond it only the number is given.
const LISTED: usize = 10_000;

/// Longest piece of the file that a message repeats, in characters.
const QUOTED: usize = 80;

macro_rules! sections {
    ($($(#[$doc:meta])* $section:ident = $name:literal;)*) => {
        /// The sections of a facility file, in the order in which they are read.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Section {
            $($(#[$doc])* $section,)*
        }

        impl Section {
            /// All of them, in order.
            pub const ALL: [Self; 10] = [$(Self::$section),*];

            /// Its name in the file.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$section => $name,)*
                }
            }
        }
    };
}

sections! {
    /// Accounts.
    Project = "project";
    /// Beamlines.
    Beamline = "beamline";
    /// Data types.
    DataType = "data_type";
    /// Kinds of containers.
    ContainerType = "container_type";
    /// Containers.
    Container = "container";
    /// Automounters.
    Automounter = "automounter";
    /// Groups of samples.
    Group = "group";
    /// Samples.
    Sample = "sample";
    /// Access lists.
    AccessList = "access_list";
    /// Beamtimes.
    Beamtime = "beamtime";
}

impl Section {
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
pub struct Mistakes {
    listed: Vec<(usize, Mistake)>,
    more: usize,
}

impl Mistakes {
    /// An empty list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// Adds one about a field of the entry at `place`, or about the entry as a whole when `field`
    /// is `""`.
    pub fn note(&mut self, place: Place, field: &str, message: impl Into<String>) {
        let separator = if field.is_empty() { "" } else { ", " };
        self.other(place.line, &format!("{place}{separator}{field}"), message);
    }

    /// Adds one about something other than an entry, at `line` if that is known.
    pub fn other(&mut self, line: Option<usize>, place: &str, message: impl Into<String>) {
        self.add(line.unwrap_or(0), || Mistake {
            place: place.to_owned(),
            message: message.into(),
        });
    }

    /// The mistakes by line, where lines are known.
    #[must_use]
    pub fn into_list(mut self) -> Vec<Mistake> {
        self.listed.sort_by_key(|(line, _)| *line);
        let mut list: Vec<_> = self.listed.into_iter().map(|(_, mistake)| mistake).collect();
        if self.more > 0 {
            list.push(Mistake {
                place: "the file".to_owned(),
                message: format!("has {} more mistakes", self.more),
            });
        }
        list
    }

    /// Adds those of `other`.
    pub(crate) fn append(&mut self, other: Self) {
        self.more += other.more;
        for (line, mistake) in other.listed {
            self.add(line, || mistake);
        }
    }

    fn add(&mut self, line: usize, mistake: impl FnOnce() -> Mistake) {
        if self.listed.len() == LISTED {
            self.more += 1;
        } else {
            self.listed.push((line, mistake()));
        }
    }
}

/// A piece of the file as a message shows it: in quotes, on one line, not too long.
pub(crate) fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
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
