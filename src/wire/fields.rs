//! The mistakes in a body, by field.

use std::collections::BTreeMap;

/// Most fields that are named in one answer.
pub const MAX_FIELDS: usize = 64;

/// Longest part of a field's name in an answer, in characters.
pub const MAX_NAME: usize = 100;

/// The entry that says how many fields are not named.
const MORE: &str = "…";

/// What is wrong with each field: one message per field, for at most [`MAX_FIELDS`] fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldErrors {
    fields: BTreeMap<String, String>,
    unnamed: usize,
}

impl FieldErrors {
    /// Adds what is wrong with `field`, unless it has a message already.
    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        let name: String = field.chars().take(MAX_NAME).collect();
        if self.fields.contains_key(&name) {
            return;
        }
        if self.fields.len() < MAX_FIELDS {
            self.fields.insert(name, message.into());
        } else {
            self.unnamed += 1;
        }
    }

    /// Whether there are no mistakes.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Field names and messages for the answer. If there are too many, `…` says how many more.
    pub fn into_map(self) -> BTreeMap<String, String> {
        let mut fields = self.fields;
        if self.unnamed > 0 {
            fields.insert(MORE.to_owned(), format!("and {} more", self.unnamed));
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_named_with_its_first_message() {
        let mut errors = FieldErrors::default();
        assert!(errors.is_empty());
        errors.add("type", "is missing");
        errors.add("energy", "must be greater than 0");
        errors.add("energy", "must be finite");
        assert!(!errors.is_empty());
        let map = errors.into_map();
        let expected = [("energy", "must be greater than 0"), ("type", "is missing")];
        assert!(map.iter().map(|(k, v)| (k.as_str(), v.as_str())).eq(expected));
    }

    #[test]
    fn many_and_long_names_are_bounded() {
        let mut errors = FieldErrors::default();
        let long = "é".repeat(MAX_NAME + 1);
        errors.add(&long, "too long");
        for n in 0..MAX_FIELDS + 9 {
            errors.add(&format!("field {n}"), "unknown");
        }
        errors.add("field 0", "again");
        let map = errors.into_map();
        assert_eq!(map.len(), MAX_FIELDS + 1);
        assert!(map.contains_key(&"é".repeat(MAX_NAME)));
        assert_eq!(map.get(MORE).map(String::as_str), Some("and 10 more"));
    }
}
