//! Reads typed fields of a body and collects all mistakes, so that one answer names all of them.

use super::fields::FieldErrors;
use super::msgpack::{Body, Value, MAX_DEPTH};
use super::time;
use beamlive_actors::zone::Reading;
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// Deepest nesting of a free-form field.
pub(super) const MAX_FIELD_DEPTH: usize = 64;
/// Longest directory, in bytes.
const MAX_DIRECTORY: usize = 4096;

/// Reads a MessagePack body with `read`, which adds mistakes to [`Reader::errors`].
///
/// # Errors
/// What is wrong with each field.
pub(super) fn read<T>(
    bytes: &[u8],
    read: impl FnOnce(&mut Reader<'_>) -> T,
) -> Result<T, BTreeMap<String, String>> {
    let body = Body::parse(bytes, MAX_DEPTH)
        .map_err(|error| BTreeMap::from([("body".to_owned(), error.to_string())]))?;
    let mut reader = Reader::of(&body);
    let value = read(&mut reader);
    if reader.errors.is_empty() {
        Ok(value)
    } else {
        Err(reader.errors.into_map())
    }
}

/// Reads the fields of one body.
pub(super) struct Reader<'b> {
    pub(super) body: &'b Body<'b>,
    /// The names of the fields that were asked for, whether or not they are there.
    pub(super) asked: Vec<&'static str>,
    pub(super) errors: FieldErrors,
    /// What was left out although it is not a mistake.
    pub(super) notes: Vec<String>,
}

impl<'b> Reader<'b> {
    /// Nothing has been read yet.
    pub(super) fn of(body: &'b Body<'b>) -> Self {
        Self {
            body,
            asked: Vec::new(),
            errors: FieldErrors::default(),
            notes: Vec::new(),
        }
    }

    /// The first of `names` that is present and not null, with its name.
    pub(super) fn value(&mut self, names: &[&'static str]) -> Option<(&'static str, Value<'b>)> {
        self.asked.extend(names);
        names.iter().find_map(|name| {
            let value = self.body.get(name)?;
            (!value.is_nil()).then_some((*name, value))
        })
    }

    /// Text of at most `longest` characters without control characters; `None` when absent or null.
    pub(super) fn text(&mut self, names: &[&'static str], longest: usize) -> Option<&'b str> {
        let (name, value) = self.value(names)?;
        let Some(text) = value.as_str() else {
            self.errors
                .add(name, format!("must be text, not {}", value.kind()));
            return None;
        };
        if text.chars().count() > longest {
            self.errors
                .add(name, format!("is longer than {longest} characters"));
            return None;
        }
        if text.chars().any(|c| c.is_control() && c != '\t' && c != '\n') {
            self.errors.add(name, "holds control characters");
            return None;
        }
        Some(text)
    }

    /// Like [`Self::text`], but required.
    pub(super) fn required_text(&mut self, names: &[&'static str], longest: usize) -> String {
        let text = self.text(names, longest).unwrap_or_default();
        if text.trim().is_empty() {
            // An error that was added before takes precedence.
            if let Some(name) = names.first() {
                self.errors.add(name, "is required");
            }
        }
        text.to_owned()
    }

    /// The directory that goes to the Data Proxy.
    pub(super) fn directory(&mut self) -> String {
        let directory = self.required_text(&["directory"], MAX_DIRECTORY);
        if directory.len() > MAX_DIRECTORY {
            self.errors
                .add("directory", format!("is longer than {MAX_DIRECTORY} bytes"));
        }
        directory
    }

    /// A finite number that satisfies `is_good`, which `what` describes.
    pub(super) fn number(
        &mut self,
        names: &[&'static str],
        what: &str,
        is_good: impl Fn(f64) -> bool,
    ) -> Option<f64> {
        let (name, value) = self.value(names)?;
        match value.as_f64() {
            None => self
                .errors
                .add(name, format!("must be {what}, not {}", value.kind())),
            Some(number) if !number.is_finite() || !is_good(number) => {
                self.errors.add(name, format!("must be {what}, not {number}"));
            }
            Some(number) => return Some(number),
        }
        None
    }

    /// Like [`Self::number`], but NaN and infinity count as null, with a note: programs compute
    /// them from incomplete inputs, and refusing the upload would lose it.
    pub(super) fn measured(
        &mut self,
        names: &[&'static str],
        what: &str,
        is_good: impl Fn(f64) -> bool,
    ) -> Option<f64> {
        self.asked.extend(names);
        for name in names {
            let number = self.value(&[*name]).and_then(|(_, value)| value.as_f64());
            match number.filter(|number| !number.is_finite()) {
                Some(number) => self.notes.push(format!("{name} was {number}: kept as null")),
                None if self.value(&[*name]).is_some() => return self.number(&[*name], what, is_good),
                None => {}
            }
        }
        None
    }

    /// A whole number.
    pub(super) fn id(&mut self, names: &[&'static str]) -> Option<i64> {
        let (name, value) = self.value(names)?;
        let id = integer(&value);
        if id.is_none() {
            self.errors
                .add(name, format!("must be an integer or null, not {}", value.kind()));
        }
        id
    }

    /// A time; one without an offset is local time in `zone`.
    pub(super) fn time(&mut self, name: &'static str, zone: Tz) -> Option<Reading> {
        let (_, value) = self.value(&[name])?;
        if value.extension().is_none() {
            self.text(&[name], 64)?;
        }
        let time = time::read(&value, zone);
        if time.is_none() {
            self.errors
                .add(name, "is no ISO-8601 time such as 2026-11-23T15:00:00+00:00");
        }
        time
    }
}

/// An integer. One above the range of ids counts as 0, which is not a record's id.
pub(super) fn integer(value: &Value<'_>) -> Option<i64> {
    value.as_i64().or_else(|| value.as_u64().map(|_| 0))
}
