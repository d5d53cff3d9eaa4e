//! Ids that the real server gave, and the ids that the copies got. Pure.
//!
//! A later request that names an id is translated before it is copied: `id` and `data_id` of a
//! dataset, `sample_id`, `id` of a report, and the `data_id`s of a report. An id that is not known
//! stays as it is.

use super::content::read_msgpack;
use super::route::Kind;
use bytes::Bytes;
use lru::LruCache;
use serde_json::Value;

/// Most ids of one kind that are kept: those that were used last.
const KEPT: usize = 200_000;

/// What has been learned.
#[derive(Debug)]
pub(super) struct Ids {
    datasets: LruCache<i64, i64>,
    reports: LruCache<i64, i64>,
    samples: LruCache<i64, i64>,
}

/// A kind of id.
#[derive(Debug, Clone, Copy)]
enum Table {
    Datasets,
    Reports,
    Samples,
}

/// Which ids a field of an upload holds.
fn table(kind: Kind, field: &str) -> Option<Table> {
    match (kind, field) {
        (Kind::Data, "id" | "data_id") | (Kind::Report, "data_id") => Some(Table::Datasets),
        (Kind::Data, "sample_id") => Some(Table::Samples),
        (Kind::Report, "id") => Some(Table::Reports),
        _ => None,
    }
}

impl Ids {
    pub(super) fn new() -> Self {
        Self {
            // The bound is kept by `put`: a bounded cache takes all its memory at once.
            datasets: LruCache::unbounded(),
            reports: LruCache::unbounded(),
            samples: LruCache::unbounded(),
        }
    }

    fn of(&mut self, table: Table) -> &mut LruCache<i64, i64> {
        match table {
            Table::Datasets => &mut self.datasets,
            Table::Reports => &mut self.reports,
            Table::Samples => &mut self.samples,
        }
    }

    fn put(&mut self, table: Table, theirs: i64, ours: i64) {
        let cache = self.of(table);
        cache.put(theirs, ours);
        if cache.len() > KEPT {
            cache.pop_lru();
        }
    }

    /// Learns from two answers to one request.
    pub(super) fn learn(&mut self, kind: Kind, theirs: &Value, ours: &Value) {
        let table = match kind {
            Kind::Data => Table::Datasets,
            Kind::Report => Table::Reports,
            Kind::Samples => return self.learn_samples(theirs, ours),
            _ => return,
        };
        let id = |answer: &Value| answer.get("id").and_then(Value::as_i64);
        if let (Some(theirs), Some(ours)) = (id(theirs), id(ours)) {
            self.put(table, theirs, ours);
        }
    }

    /// A sample is known by its container, its location there and its name.
    fn learn_samples(&mut self, theirs: &Value, ours: &Value) {
        let named = |list: &Value| {
            let samples = list.as_array().map(Vec::as_slice).unwrap_or_default();
            samples
                .iter()
                .filter_map(|sample| {
                    let text = |key| sample.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
                    let name = (text("container")?, text("location")?, text("name")?);
                    Some((name, sample.get("id")?.as_i64()?))
                })
                .collect::<std::collections::HashMap<_, _>>()
        };
        let ours = named(ours);
        for (name, theirs) in named(theirs) {
            if let Some(ours) = ours.get(&name) {
                self.put(Table::Samples, theirs, *ours);
            }
        }
    }

    fn ours(&mut self, table: Table, theirs: i64) -> Option<i64> {
        let ours = *self.of(table).get(&theirs)?;
        (ours != theirs).then_some(ours)
    }

    /// The body of an upload with the ids of the copies. It is the same bytes if there is nothing
    /// to translate.
    pub(super) fn translate(&mut self, kind: Kind, is_json: bool, body: Bytes) -> Bytes {
        if !matches!(kind, Kind::Data | Kind::Report) {
            return body;
        }
        let translated = if is_json {
            self.translate_json(kind, &body)
        } else {
            self.translate_msgpack(kind, &body)
        };
        translated.map_or(body, Bytes::from)
    }

    fn translate_json(&mut self, kind: Kind, body: &[u8]) -> Option<Vec<u8>> {
        let mut value: Value = serde_json::from_slice(body).ok()?;
        let mut changed = false;
        for (field, value) in value.as_object_mut()? {
            let Some(table) = table(kind, field) else {
                continue;
            };
            let one = std::slice::from_mut(value);
            let values = match one {
                [Value::Array(items)] => items.as_mut_slice(),
                other => other,
            };
            for value in values {
                let ours = value.as_i64().and_then(|theirs| self.ours(table, theirs));
                if let Some(ours) = ours {
                    *value = ours.into();
                    changed = true;
                }
            }
        }
        changed.then(|| value.to_string().into_bytes())
    }

    fn translate_msgpack(&mut self, kind: Kind, body: &[u8]) -> Option<Vec<u8>> {
        let mut value = read_msgpack(body)?;
        let rmpv::Value::Map(fields) = &mut value else {
            return None;
        };
        let mut changed = false;
        for (field, value) in fields {
            let Some(table) = field.as_str().and_then(|field| table(kind, field)) else {
                continue;
            };
            let one = std::slice::from_mut(value);
            let values = match one {
                [rmpv::Value::Array(items)] => items.as_mut_slice(),
                other => other,
            };
            for value in values {
                let ours = value.as_i64().and_then(|theirs| self.ours(table, theirs));
                if let Some(ours) = ours {
                    *value = ours.into();
                    changed = true;
                }
            }
        }
        if !changed {
            return None;
        }
        let mut bytes = Vec::with_capacity(body.len());
        rmpv::encode::write_value(&mut bytes, &value).ok()?;
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use serde_json::json;

    fn learned() -> Ids {
        let mut ids = Ids::new();
        ids.learn(Kind::Data, &json!({"id": 900}), &json!({"id": 1}));
        ids.learn(Kind::Data, &json!({"id": 901}), &json!({"id": 2}));
        ids.learn(Kind::Report, &json!({"id": 50}), &json!({"id": 1}));
        let sample =
            |id: i64, location: &str| json!({"id": id, "container": "C", "location": location, "name": "x"});
        let (theirs, ours) = (
            json!([sample(70, "1"), sample(71, "2")]),
            json!([sample(8, "2"), sample(9, "3")]),
        );
        ids.learn(Kind::Samples, &theirs, &ours);
        ids
    }

    #[test]
    fn ids_of_uploads_are_translated_in_both_formats() {
        let dataset = (
            json!({"name": "a", "id": 900, "sample_id": 71}),
            json!({"name": "a", "id": 1, "sample_id": 8}),
        );
        let report = (
            json!({"id": 50, "data_id": [901, null, 900, 7]}),
            json!({"id": 1, "data_id": [2, null, 1, 7]}),
        );
        for (kind, (sent, copied)) in [(Kind::Data, dataset), (Kind::Report, report)] {
            let json = learned().translate(kind, true, sent.to_string().into());
            assert_eq!(serde_json::from_slice::<Value>(&json).unwrap(), copied);
            let packed = Bytes::from(rmp_serde::to_vec(&sent).unwrap());
            let packed = learned().translate(kind, false, packed);
            assert_eq!(rmp_serde::from_slice::<Value>(&packed).unwrap(), copied);
        }
    }

    #[test]
    fn a_body_without_known_ids_stays_the_same_bytes() {
        for body in [
            &b"{ \"id\": 3,  \"sample_id\": 70, \"x\": NaN }"[..],
            b"{ \"id\":  7 }",
            b"no json",
            b"[900]",
        ] {
            assert_eq!(learned().translate(Kind::Data, true, body.into()), body);
        }
        // {"id": 900} with 900 in eight bytes is left alone by a launch.
        let wide = b"\x81\xa2id\xd3\0\0\0\0\0\0\x03\x84";
        assert_eq!(
            learned().translate(Kind::Launch, false, Bytes::from_static(wide)),
            &wide[..]
        );
        assert_eq!(
            learned().translate(Kind::Data, false, Bytes::from_static(wide)),
            &b"\x81\xa2id\x01"[..]
        );
    }

    #[test]
    fn a_sample_that_only_one_side_has_stays() {
        let body = json!({"sample_id": 70}).to_string();
        assert_eq!(learned().translate(Kind::Data, true, body.clone().into()), body);
    }
}
