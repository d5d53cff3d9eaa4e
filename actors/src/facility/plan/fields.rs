//! Reads the fields of an entry, and notes every mistake in them.
//!
//! A field that holds a mistake is read as its default, so that all the others are read too. What
//! is made of it is dropped at the end. An entry without mistakes is read a second time, and then
//! what it refers to is looked up.

use super::draft::Draft;
use crate::facility::declaration::values::{self, shown};
use crate::facility::place::{quoted, short, suggestion, Place, Section};
use beamlive_storage::ids::{Account, PersonId, ProjectId};
use beamlive_storage::Timestamp;
use chrono_tz::Tz;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// The greatest id: programs that read JSON numbers as floats still hold it exactly.
pub(super) const GREATEST_ID: u64 = 1 << 53;

/// What the text of a field has to be.
type Rule<T> = fn(&str) -> Result<T, String>;

/// The fields of an entry, or of a table within it.
pub(super) struct Fields<'a, 'd> {
    pub(super) draft: &'a mut Draft<'d>,
    zone: Tz,
    place: Place,
    /// The path of the table within the entry; `""` for the entry itself.
    path: &'a str,
    table: &'a Map<String, Value>,
    /// The names of the fields that were asked for.
    known: Vec<&'static str>,
    wrong: bool,
    /// Whether references are looked up.
    resolving: bool,
}

impl<'a, 'd> Fields<'a, 'd> {
    /// Reads a table with `read`. `None` when it holds a mistake, or refers to an entry that does.
    pub(super) fn read<T>(
        draft: &'a mut Draft<'d>,
        zone: Tz,
        (place, path): (Place, &'a str),
        value: &'a Value,
        read: impl Fn(&mut Self) -> T,
    ) -> Option<T> {
        let table = typed(value, Value::as_object, "a table of fields");
        let table = table
            .map_err(|message| draft.mistakes.note(place, path, message))
            .ok()?;
        let mut fields = Self {
            draft,
            zone,
            place,
            path,
            table,
            known: Vec::new(),
            wrong: false,
            resolving: false,
        };
        read(&mut fields);
        for name in table.keys() {
            if !fields.known.contains(&name.as_str()) {
                let suggestion = suggestion(name, &fields.known);
                fields.note(&short(name), format!("is not a known field{suggestion}"));
            }
        }
        if fields.wrong {
            return None;
        }
        fields.resolving = true;
        let entry = read(&mut fields);
        (!fields.wrong).then_some(entry)
    }

    /// Notes a mistake in a field.
    pub(super) fn note(&mut self, name: &str, message: impl Into<String>) {
        self.wrong = true;
        let separator = if self.path.is_empty() { "" } else { "." };
        let field = format!("{}{separator}{name}", self.path);
        self.draft.mistakes.note(self.place, &field, message);
    }

    /// What `read` makes of a field that is there, unless that is a mistake.
    fn value<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&'a Value) -> Result<T, String>,
    ) -> Option<T> {
        self.known.push(name);
        let value = self.table.get(name).filter(|value| !value.is_null())?;
        read(value).map_err(|message| self.note(name, message)).ok()
    }

    /// Whether a field is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.table.get(name).is_some_and(|value| !value.is_null())
    }

    /// Notes that a field is missing, if it is.
    pub(super) fn require(&mut self, name: &str) {
        if !self.has(name) {
            self.note(name, "is missing");
        }
    }

    /// A text that may be missing.
    pub(super) fn optional<T>(&mut self, name: &'static str, rule: Rule<T>) -> Option<T> {
        self.value(name, |value| text(value).and_then(rule))
    }

    /// A text that must be there.
    pub(super) fn text(&mut self, name: &'static str, rule: Rule<String>) -> String {
        self.require(name);
        self.optional(name, rule).unwrap_or_default()
    }

    /// A date and time that must be there.
    pub(super) fn time(&mut self, name: &'static str) -> Option<Timestamp> {
        self.require(name);
        let zone = self.zone;
        self.value(name, |value| {
            text(value).and_then(|text| values::instant(text, zone))
        })
    }

    /// True or false.
    pub(super) fn flag(&mut self, name: &'static str, default: bool) -> bool {
        self.value(name, |value| typed(value, Value::as_bool, "true or false"))
            .unwrap_or(default)
    }

    /// A whole number that may be missing.
    pub(super) fn number(&mut self, name: &'static str) -> Option<i64> {
        self.value(name, |value| typed(value, Value::as_i64, "a whole number"))
    }

    /// The id that the record had on an earlier server, and is to keep.
    pub(super) fn wanted_id(&mut self) {
        let id = self.value("id", |value| {
            let read = |value: &Value| value.as_u64().filter(|id| (1..=GREATEST_ID).contains(id));
            typed(value, read, &format!("a whole number from 1 to {GREATEST_ID}"))
        });
        self.draft.want(id);
    }

    /// Different texts, in the order of the file; may be missing.
    pub(super) fn list(&mut self, name: &'static str, rule: Rule<String>) -> Option<Vec<String>> {
        let items = self.value(name, |value| typed(value, Value::as_array, "a list of texts"))?;
        let mut list = Vec::with_capacity(items.len());
        let mut seen = HashSet::new();
        for (number, item) in (1..).zip(items) {
            let item = text(item).and_then(rule).and_then(|item| {
                if seen.insert(item.clone()) {
                    return Ok(item);
                }
                Err(format!("stands in the list twice: {}", quoted(&item)))
            });
            match item {
                Ok(item) => list.push(item),
                Err(message) => self.note(&format!("{name}[{number}]"), message),
            }
        }
        (list.len() == items.len()).then_some(list)
    }

    /// A number that may be missing. Not a number and infinity are refused.
    pub(super) fn float(&mut self, name: &'static str) -> Option<f64> {
        self.value(name, |value| typed(value, finite, "a number"))
    }

    /// `N` numbers that may be missing.
    pub(super) fn numbers<const N: usize>(&mut self, name: &'static str) -> Option<[f64; N]> {
        self.value(name, |value| {
            let read = |value: &Value| {
                let numbers: Option<Vec<_>> = value.as_array()?.iter().map(finite).collect();
                numbers?.try_into().ok()
            };
            typed(value, read, &format!("a list of {N} numbers"))
        })
    }

    /// Whether a field is a list of tables, rather than of texts.
    pub(super) fn has_tables(&self, name: &str) -> bool {
        let list = self.table.get(name).and_then(Value::as_array);
        list.is_some_and(|list| list.iter().any(Value::is_object))
    }

    /// Whether a field is a list of nothing.
    pub(super) fn is_empty_list(&self, name: &str) -> bool {
        let list = self.table.get(name).and_then(Value::as_array);
        list.is_some_and(Vec::is_empty)
    }

    /// What `read` makes of each table of a list; may be missing.
    pub(super) fn tables<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&mut Fields<'_, 'd>) -> T,
    ) -> Vec<T> {
        let items = self.value(name, |value| typed(value, Value::as_array, "a list of tables"));
        let mut all = Vec::new();
        for (number, item) in (1..).zip(items.into_iter().flatten()) {
            let path = format!("{name}[{number}]");
            let item = Fields::read(self.draft, self.zone, (self.place, &path), item, &read);
            self.wrong |= item.is_none();
            all.extend(item);
        }
        all
    }

    /// The projects and persons that a list names, in order.
    pub(super) fn accounts(&mut self, name: &'static str) -> Vec<Account> {
        let names = self.list(name, values::username).unwrap_or_default();
        let mut accounts: Vec<_> = names
            .iter()
            .filter_map(|username| {
                let is_person = self.draft.catalog.persons.id(username.as_str()).is_some();
                let section = if is_person || self.draft.is_unread(Section::Person, username) {
                    Section::Person
                } else {
                    Section::Project
                };
                let id = self.resolve(name, section, username);
                (id != 0).then(|| match section {
                    Section::Person => PersonId(id).into(),
                    _ => ProjectId(id).into(),
                })
            })
            .collect();
        accounts.sort_unstable();
        accounts
    }

    /// `alice/CLS-0042`, from a table that names a container; may be missing.
    pub(super) fn container_path(&mut self, name: &'static str) -> Option<String> {
        let value = self.value(name, Ok)?;
        let path = Fields::read(self.draft, self.zone, (self.place, name), value, |fields| {
            let project = fields.text("project", values::username);
            format!("{project}/{}", fields.text("name", values::name))
        });
        self.wrong |= path.is_none();
        path
    }

    /// The id of the entry of `section` that a field names as `target`; 0 when there is none.
    pub(super) fn resolve(&mut self, name: &str, section: Section, target: &str) -> u64 {
        if !self.resolving {
            return 0;
        }
        let found = self.draft.refer(section, target);
        found.unwrap_or_else(|message| {
            self.wrong = true;
            if let Some(message) = message {
                self.note(name, message);
            }
            0
        })
    }

    /// The id of the entry that a field names, which must be there.
    pub(super) fn refer(&mut self, name: &'static str, section: Section, rule: Rule<String>) -> u64 {
        self.require(name);
        self.optional(name, rule)
            .map_or(0, |target| self.resolve(name, section, &target))
    }

    /// The ids of the entries that a list names, in order.
    pub(super) fn refer_all(&mut self, name: &'static str, section: Section, rule: Rule<String>) -> Vec<u64> {
        let targets = self.list(name, rule).unwrap_or_default();
        let ids = targets.iter().map(|target| self.resolve(name, section, target));
        let mut ids: Vec<_> = ids.collect();
        ids.sort_unstable();
        ids
    }

    /// The project that an entry belongs to. Without it nothing else is looked up.
    pub(super) fn project(&mut self) -> ProjectId {
        let id = self.refer("project", Section::Project, values::username);
        self.resolving &= id != 0;
        ProjectId(id)
    }

    /// The id of the entry that a field names, of the same project; may be missing.
    pub(super) fn sibling(
        &mut self,
        name: &'static str,
        section: Section,
        project: ProjectId,
    ) -> Option<u64> {
        let target = self.optional(name, values::name)?;
        let owner = self.draft.catalog.projects.get(project.0)?;
        let target = format!("{}/{target}", owner.record.username);
        Some(self.resolve(name, section, &target))
    }
}

/// What `read` extracts from a value of the expected type.
fn typed<'v, T>(
    value: &'v Value,
    read: impl FnOnce(&'v Value) -> Option<T>,
    expected: &str,
) -> Result<T, String> {
    read(value).ok_or_else(|| format!("must be {expected}, not {}", shown(value)))
}

fn finite(value: &Value) -> Option<f64> {
    value.as_f64().filter(|number| number.is_finite())
}

fn text(value: &Value) -> Result<&str, String> {
    typed(value, Value::as_str, "a text in quotes")
}
