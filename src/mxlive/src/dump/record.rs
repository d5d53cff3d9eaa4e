//! One record of a dump, as it stands there.

use rmpv::Value;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::fmt;

/// A record as far as it was read.
#[derive(Default)]
pub(super) struct Raw {
    /// In lower case.
    pub(super) model: Option<String>,
    pub(super) pk: Option<Value>,
    pub(super) fields: Option<Value>,
}

impl Raw {
    /// Parses an item of the list. The fields of a model that is not wanted are not kept.
    pub(super) fn parse(
        &mut self,
        json: &[u8],
        wants: &impl Fn(&str) -> bool,
    ) -> Result<(), serde_json::Error> {
        let mut text = serde_json::Deserializer::from_slice(json);
        Reader { raw: self, wants }.deserialize(&mut text)?;
        text.end()
    }
}

struct Reader<'a, W> {
    raw: &'a mut Raw,
    wants: &'a W,
}

impl<'de, W: Fn(&str) -> bool> DeserializeSeed<'de> for Reader<'_, W> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, W: Fn(&str) -> bool> Visitor<'de> for Reader<'_, W> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with model, pk and fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let Self { raw, wants } = self;
        while let Some(name) = entries.next_key::<String>()? {
            match name.as_str() {
                "model" => {
                    let model: String = entries.next_value()?;
                    raw.model = Some(model.to_lowercase());
                }
                "pk" => raw.pk = Some(entries.next_value()?),
                "fields" if raw.model.as_deref().is_none_or(wants) => {
                    raw.fields = Some(entries.next_value()?);
                }
                _ => drop(entries.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}
