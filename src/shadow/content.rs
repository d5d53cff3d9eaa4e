//! What is in the body of an answer. Pure.

use super::head::Headers;
use flate2::read::{GzDecoder, ZlibDecoder};
use serde_json::{Map, Value};
use std::io::Read;

/// Longest body after it was unpacked, in bytes.
const MAX_UNPACKED: u64 = 64 << 20;
/// Deepest nesting of MessagePack.
const MAX_DEPTH: usize = 128;

/// What is in a body.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    Empty,
    /// JSON or MessagePack.
    Data(Value),
    Text(String),
    /// Something else, or packed in a way that is not known.
    Bytes,
}

impl Content {
    pub(super) fn of(headers: &Headers, body: &[u8]) -> Self {
        let encoding = headers.get("content-encoding").unwrap_or("identity");
        let unpacked = match encoding.to_ascii_lowercase().as_str() {
            "identity" => return Self::plain(headers, body),
            "gzip" => unpack(GzDecoder::new(body)),
            "deflate" => unpack(ZlibDecoder::new(body)),
            _ => None,
        };
        unpacked.map_or(Self::Bytes, |body| Self::plain(headers, &body))
    }

    fn plain(headers: &Headers, body: &[u8]) -> Self {
        if body.is_empty() {
            return Self::Empty;
        }
        let kind = media_type(headers).unwrap_or_default();
        if kind.contains("msgpack") {
            return match read_msgpack(body) {
                Some(value) => Self::Data(to_json(&value)),
                None => Self::Bytes,
            };
        }
        if let Ok(value) = serde_json::from_slice(body) {
            return Self::Data(value);
        }
        std::str::from_utf8(body).map_or(Self::Bytes, |text| Self::Text(text.to_owned()))
    }

    /// Its name in a report.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Empty => "no body",
            Self::Data(_) => "data",
            Self::Text(_) => "text",
            Self::Bytes => "bytes",
        }
    }
}

/// The media type, without parameters, in small letters.
pub(super) fn media_type(headers: &Headers) -> Option<String> {
    let value = headers.get("content-type")?;
    let essence = value.split(';').next().unwrap_or_default();
    Some(essence.trim().to_ascii_lowercase())
}

fn unpack(decoder: impl Read) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    let read = decoder.take(MAX_UNPACKED).read_to_end(&mut body).ok()?;
    (u64::try_from(read).ok()? < MAX_UNPACKED).then_some(body)
}

/// A body that is one value of MessagePack.
pub(super) fn read_msgpack(body: &[u8]) -> Option<rmpv::Value> {
    let mut rest = body;
    let value = rmpv::decode::read_value_with_max_depth(&mut rest, MAX_DEPTH).ok()?;
    rest.is_empty().then_some(value)
}

/// The same value for its shape: texts that are not UTF-8 and binary count as text.
fn to_json(value: &rmpv::Value) -> Value {
    match value {
        rmpv::Value::Nil => Value::Null,
        rmpv::Value::Boolean(truth) => Value::Bool(*truth),
        rmpv::Value::Integer(_) | rmpv::Value::F32(_) | rmpv::Value::F64(_) => number(value),
        rmpv::Value::String(text) => Value::String(text.as_str().unwrap_or_default().to_owned()),
        rmpv::Value::Binary(_) | rmpv::Value::Ext(..) => Value::String(String::new()),
        rmpv::Value::Array(items) => items.iter().map(to_json).collect(),
        rmpv::Value::Map(entries) => {
            let entry = |(key, value): &(rmpv::Value, rmpv::Value)| {
                let key = key
                    .as_str()
                    .map_or_else(|| "(no text)".to_owned(), ToOwned::to_owned);
                (key, to_json(value))
            };
            Value::Object(entries.iter().map(entry).collect::<Map<_, _>>())
        }
    }
}

fn number(value: &rmpv::Value) -> Value {
    value
        .as_i64()
        .map(Value::from)
        .or_else(|| value.as_u64().map(Value::from))
        // NaN has no JSON form; its type is that of any number.
        .unwrap_or_else(|| Value::from(value.as_f64().filter(|number| number.is_finite()).unwrap_or(0.0)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use serde_json::json;
    use std::io::Write;

    fn headers(pairs: &[(&str, &str)]) -> Headers {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
        Headers(pairs.collect())
    }

    #[test]
    fn json_is_found_whatever_its_type_says_and_however_it_is_packed() {
        let plain = Content::of(&headers(&[]), b"{\"id\": 1}");
        assert_eq!(plain, Content::Data(json!({"id": 1})));
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(b"{\"id\": 1}").unwrap();
        let packed = packer.finish().unwrap();
        let gzip = headers(&[("Content-Encoding", "gzip"), ("Content-Type", "application/json")]);
        assert_eq!(Content::of(&gzip, &packed), plain);
        assert_eq!(Content::of(&gzip, b"not gzip"), Content::Bytes);
    }

    #[test]
    fn messagepack_is_read_by_its_type() {
        let body = rmp_serde::to_vec(&json!({"id": 1, "list": [null, 1.5, "x"]})).unwrap();
        let msgpack = headers(&[("content-type", "application/x-msgpack; v=1")]);
        assert_eq!(
            Content::of(&msgpack, &body),
            Content::Data(json!({"id": 1, "list": [null, 1.5, "x"]}))
        );
        assert_eq!(Content::of(&msgpack, &[0x81]), Content::Bytes);
    }

    #[test]
    fn the_rest_is_text_or_bytes() {
        assert_eq!(
            Content::of(&headers(&[]), b"ssh-ed25519 A"),
            Content::Text("ssh-ed25519 A".to_owned())
        );
        assert_eq!(Content::of(&headers(&[]), &[0xff, 0xfe]), Content::Bytes);
        assert_eq!(Content::of(&headers(&[]), b""), Content::Empty);
        assert_eq!(
            media_type(&headers(&[("Content-Type", "Text/HTML; charset=utf-8")])).unwrap(),
            "text/html"
        );
    }
}
