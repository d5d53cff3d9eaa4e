//! A row of the dump.

use crate::exact::FIELD;
use beamlive_storage::Timestamp;
use rmpv::Value;
use serde_json::Value as Json;

/// A row: its model, its key, its fields in order.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) model: &'static str,
    pub(super) pk: u64,
    pub(super) fields: Vec<(Value, Value)>,
    /// The parts of the field `beamlive`.
    exact: Vec<(Value, Value)>,
}

impl Row {
    pub(super) fn new(model: &'static str, pk: u64) -> Self {
        Self {
            model,
            pk,
            fields: Vec::new(),
            exact: Vec::new(),
        }
    }

    /// Adds a field.
    pub(super) fn set(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.push((Value::from(name), value.into()));
        self
    }

    /// Adds a field that may be null.
    pub(super) fn maybe(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        self.set(name, value.map_or(Value::Nil, Into::into))
    }

    /// Adds a date.
    pub(super) fn time(self, name: &str, time: Timestamp) -> Self {
        self.set(name, time.to_utc().to_rfc3339())
    }

    /// Adds a reference by natural key.
    pub(super) fn natural(self, name: &str, parts: &[&str]) -> Self {
        let parts: Vec<_> = parts.iter().map(|part| Value::from(*part)).collect();
        self.set(name, parts)
    }

    /// Adds to the field `beamlive` what the columns do not say.
    pub(super) fn exactly(&mut self, part: &str, value: &Json) {
        self.exact.push((Value::from(part), of_json(value)));
    }

    /// All fields.
    pub(super) fn all(&self) -> Vec<(Value, Value)> {
        let mut fields = self.fields.clone();
        if !self.exact.is_empty() {
            fields.push((Value::from(FIELD), Value::Map(self.exact.clone())));
        }
        fields
    }
}

fn of_json(value: &Json) -> Value {
    match value {
        Json::Null => Value::Nil,
        Json::Bool(flag) => Value::from(*flag),
        Json::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Value::from(number),
            (None, Some(number)) => Value::from(number),
            (None, None) => Value::from(number.as_f64().unwrap_or_default()),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => Value::Array(items.iter().map(of_json).collect()),
        Json::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| (Value::from(name.as_str()), of_json(value)));
            Value::Map(fields.collect())
        }
    }
}
