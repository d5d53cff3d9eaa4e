//! Reads the fields of one entry, and notes every one that is missing, wrong or unknown.

use crate::facility::place::{quoted, suggestion, Mistakes, Place};
use serde_json::{Map, Value};

/// The fields of one entry that have not been read yet.
pub(super) struct Fields<'a> {
    place: Place,
    /// Where in the entry these fields stand: `""`, or `parent.` within a field of its own.
    within: &'static str,
    rest: Map<String, Value>,
    known: Vec<&'static str>,
    mistakes: &'a mut Mistakes,
    sound: bool,
}

impl<'a> Fields<'a> {
    pub(super) fn new(place: Place, fields: Map<String, Value>, mistakes: &'a mut Mistakes) -> Self {
        Self {
            place,
            within: "",
            rest: fields,
            known: Vec::new(),
            mistakes,
            sound: true,
        }
    }

    /// The raw text of a field that is still to be read, whatever else may be wrong with it.
    pub(super) fn peek(&self, name: &str) -> Option<&str> {
        self.rest.get(name).and_then(Value::as_str)
    }

    /// A text that must be there.
    pub(super) fn text<T>(&mut self, name: &'static str, rule: fn(&str) -> Result<T, String>) -> Option<T> {
        self.text_with(name, rule)
    }

    /// As [`Self::text`], for rules that know something besides.
    pub(super) fn text_with<T>(
        &mut self,
        name: &'static str,
        rule: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.required(name)?;
        self.read_text(name, &value, &rule)
    }

    /// A text that may be absent: then `Some(None)`. `None` when it is wrong.
    pub(super) fn optional<T>(
        &mut self,
        name: &'static str,
        rule: fn(&str) -> Result<T, String>,
    ) -> Option<Option<T>> {
        match self.take(name) {
            None => Some(None),
            Some(value) => self.read_text(name, &value, &rule).map(Some),
        }
    }

    /// A flag with its default.
    pub(super) fn flag(&mut self, name: &'static str, default: bool) -> Option<bool> {
        match self.take(name) {
            None => Some(default),
            Some(Value::Bool(flag)) => Some(flag),
            Some(other) => self.wrong(name, format!("must be true or false, not {}", shown(&other))),
        }
    }

    /// A whole number that may be absent.
    pub(super) fn number(&mut self, name: &'static str) -> Option<Option<i64>> {
        match self.take(name) {
            None => Some(None),
            Some(value) => match value.as_i64() {
                Some(number) => Some(Some(number)),
                None => self.wrong(name, format!("must be a whole number, not {}", shown(&value))),
            },
        }
    }

    /// A list of different texts that must be there.
    pub(super) fn list(
        &mut self,
        name: &'static str,
        rule: fn(&str) -> Result<String, String>,
    ) -> Option<Vec<String>> {
        let value = self.required(name)?;
        self.read_list(name, value, rule)
    }

    /// A list of different texts that may be absent.
    pub(super) fn optional_list(
        &mut self,
        name: &'static str,
        rule: fn(&str) -> Result<String, String>,
    ) -> Option<Option<Vec<String>>> {
        match self.take(name) {
            None => Some(None),
            Some(value) => self.read_list(name, value, rule).map(Some),
        }
    }

    /// A table of fields that must be there.
    pub(super) fn table<T>(
        &mut self,
        name: &'static str,
        within: &'static str,
        read: fn(&mut Fields<'_>) -> Option<T>,
    ) -> Option<T> {
        let value = self.required(name)?;
        self.read_table(name, within, value, read)
    }

    /// A table of fields that may be absent.
    pub(super) fn optional_table<T>(
        &mut self,
        name: &'static str,
        within: &'static str,
        read: fn(&mut Fields<'_>) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.take(name) {
            None => Some(None),
            Some(value) => self.read_table(name, within, value, read).map(Some),
        }
    }

    /// Notes a mistake in a field.
    pub(super) fn wrong<T>(&mut self, name: &str, message: impl Into<String>) -> Option<T> {
        self.sound = false;
        self.mistakes
            .field(self.place, &format!("{}{name}", self.within), message);
        None
    }

    /// Whatever has not been read is unknown. Says whether all is well.
    pub(super) fn finish(mut self) -> bool {
        for (name, _) in std::mem::take(&mut self.rest) {
            let suggestion = suggestion(&name, &self.known);
            let short: String = name
                .chars()
                .take(80)
                .map(|c| if c.is_control() { '?' } else { c })
                .collect();
            let _: Option<()> = self.wrong(&short, format!("is not a known field{suggestion}"));
        }
        self.sound
    }

    /// A field's value. JSON's null is an absent field.
    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.rest.remove(name).filter(|value| !value.is_null())
    }

    fn required(&mut self, name: &'static str) -> Option<Value> {
        match self.take(name) {
            Some(value) => Some(value),
            None => self.wrong(name, "is missing"),
        }
    }

    fn read_text<T>(
        &mut self,
        name: &str,
        value: &Value,
        rule: &impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let Value::String(text) = value else {
            return self.wrong(name, format!("must be a text in quotes, not {}", shown(value)));
        };
        match rule(text) {
            Ok(value) => Some(value),
            Err(message) => self.wrong(name, message),
        }
    }

    fn read_list(
        &mut self,
        name: &str,
        value: Value,
        rule: fn(&str) -> Result<String, String>,
    ) -> Option<Vec<String>> {
        let Value::Array(items) = value else {
            return self.wrong(name, format!("must be a list of texts, not {}", shown(&value)));
        };
        let count = items.len();
        let mut list = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for (index, item) in items.iter().enumerate() {
            let item_name = format!("{name}[{}]", index + 1);
            let Some(text) = self.read_text(&item_name, item, &rule) else {
                continue;
            };
            if seen.insert(text.clone()) {
                list.push(text);
            } else {
                let _: Option<()> =
                    self.wrong(&item_name, format!("stands in the list twice: {}", quoted(&text)));
            }
        }
        (list.len() == count).then_some(list)
    }

    fn read_table<T>(
        &mut self,
        name: &str,
        within: &'static str,
        value: Value,
        read: fn(&mut Fields<'_>) -> Option<T>,
    ) -> Option<T> {
        let Value::Object(table) = value else {
            return self.wrong(name, format!("must be a table of fields, not {}", shown(&value)));
        };
        let mut fields = Fields {
            within,
            ..Fields::new(self.place, table, self.mistakes)
        };
        let read = read(&mut fields);
        let sound = fields.finish();
        self.sound &= sound;
        read.filter(|_| sound)
    }
}

/// A value as a message shows it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a table".to_owned(),
    }
}
