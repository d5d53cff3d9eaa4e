//! The facility file: TOML or JSON of the same shape, split into the entries of its sections.
//!
//! [`super::plan`] reads the entries.
//!
//! | file | what it holds |
//! |---|---|
//! | `text.rs` | from the text to tables, with the lines of their headers |
//! | `values.rs` | the rules that a single value has to keep |

mod text;
pub(super) mod values;

pub use text::Format;

use super::place::{short, suggestion, Mistakes, Place, Section};
use chrono_tz::Tz;
use serde_json::Value;
use std::collections::HashMap;

/// The entries of a facility file.
#[derive(Debug)]
pub struct Declaration {
    /// The zone of times without an offset.
    pub(super) zone: Tz,
    /// The table `[ids]`, and the line of its header.
    pub(super) ids: Option<(Value, Option<usize>)>,
    sections: HashMap<Section, Vec<(Place, Value)>>,
}

impl Declaration {
    /// Reads a facility file. Times without an offset are in `zone`. `None` when the text is
    /// neither TOML nor JSON.
    pub fn read(text: &str, format: Format, zone: Tz, mistakes: &mut Mistakes) -> Option<Self> {
        let mut declaration = Self {
            zone,
            ids: None,
            sections: HashMap::new(),
        };
        for table in text::read(text, format, mistakes)? {
            let (name, lines) = (table.name.as_str(), table.lines);
            let line = |index: usize| lines.get(index).copied().flatten();
            let header = format!("[[{}]]", short(name));
            match (name.parse::<Section>(), table.value) {
                (Ok(section), Value::Array(values)) => {
                    let place = |index| Place {
                        section,
                        number: index + 1,
                        line: line(index),
                    };
                    let values = values.into_iter().enumerate();
                    let entries = values.map(|(index, value)| (place(index), value)).collect();
                    declaration.sections.insert(section, entries);
                }
                (Ok(_), _) => {
                    let message = format!("must be a list of tables, each under a header {header}");
                    mistakes.other(None, &header, message);
                }
                (Err(_), value) if name == "ids" => declaration.ids = Some((value, line(0))),
                (Err(_), _) => {
                    let known = Section::ALL.iter().map(|section| section.name());
                    let known: Vec<_> = known.chain(["ids"]).collect();
                    let message = format!("is not a known section{}", suggestion(name, &known));
                    mistakes.other(None, &header, message);
                }
            }
        }
        Some(declaration)
    }

    /// The ids that entries ask for, with their sections.
    pub(super) fn ids(&self) -> impl Iterator<Item = (Section, u64)> + '_ {
        self.sections.iter().flat_map(|(section, entries)| {
            let ids = entries.iter().filter_map(|(_, entry)| entry.get("id")?.as_u64());
            ids.map(|id| (*section, id))
        })
    }

    /// The entries of a section, in order.
    pub(super) fn entries(&self, section: Section) -> &[(Place, Value)] {
        self.sections.get(&section).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests;
