//! A MessagePack body, scanned whole and read in place.
//!
//! Only an index of the top-level map is built. Lengths in the body are checked against the bytes
//! that exist. A [`Value`] is always one well-formed value, so reading it can't fail.
//!
//! This reader is our own because unknown fields must be stored byte for byte, and because each
//! mistake is reported with its position.

#[cfg(test)]
pub(super) mod asked;
pub(super) mod encode;
pub(super) mod scan;
#[cfg(test)]
mod tests;

use super::BodyError;
use scan::{head, scan, Head};
use std::collections::BTreeMap;

/// Most entries of a body's top-level map.
pub const MAX_KEYS: usize = 4096;

/// Deepest nesting of a body, and of what can be written as JSON, in levels of lists and maps.
pub const MAX_DEPTH: usize = 128;

/// The top-level map of a body.
#[derive(Debug, Clone)]
pub struct Body<'a> {
    /// In the order of the body. Of entries with the same key, the last value has the place of the
    /// first.
    entries: Vec<Entry<'a>>,
    /// The index in `entries` by key.
    index: BTreeMap<&'a str, usize>,
}

#[derive(Debug, Clone, Copy)]
struct Entry<'a> {
    key: &'a str,
    raw_key: &'a [u8],
    value: Value<'a>,
}

impl<'a> Body<'a> {
    /// Scans a body that must be one map with string keys, nested at most `max_depth` levels
    /// including the map itself. Binary keys in UTF-8 count as strings, because older clients pack
    /// strings as binary data.
    ///
    /// # Errors
    /// [`BodyError`] when it is something else, or has more than [`MAX_KEYS`] entries.
    pub fn parse(bytes: &'a [u8], max_depth: usize) -> Result<Body<'a>, BodyError> {
        let (length, mut at) = match head(bytes, 0)? {
            (Head::Map(length), at) => (length, at),
            (other, _) => {
                return Err(BodyError::Kind {
                    expected: "a map",
                    found: other.kind(),
                })
            }
        };
        let inner_depth = max_depth.checked_sub(1).ok_or(BodyError::TooDeep {
            at: 0,
            max: max_depth,
        })?;
        if length > MAX_KEYS {
            return Err(BodyError::TooMany {
                found: length,
                max: MAX_KEYS,
            });
        }
        let mut body = Body {
            entries: Vec::with_capacity(length),
            index: BTreeMap::new(),
        };
        for _ in 0..length {
            let (raw_key, after) = part(bytes, at, inner_depth, max_depth)?;
            let key = raw_key.as_str().ok_or(BodyError::Key { at })?;
            let (value, after) = part(bytes, after, inner_depth, max_depth)?;
            at = after;
            body.insert(Entry {
                key,
                raw_key: raw_key.0,
                value,
            });
        }
        if at < bytes.len() {
            return Err(BodyError::Trailing { at });
        }
        Ok(body)
    }

    fn insert(&mut self, entry: Entry<'a>) {
        let place = *self.index.entry(entry.key).or_insert(self.entries.len());
        match self.entries.get_mut(place) {
            Some(earlier) => earlier.value = entry.value,
            None => self.entries.push(entry),
        }
    }

    /// The value under `name`; the last one when there are several.
    pub fn get(&self, name: &str) -> Option<Value<'a>> {
        #[cfg(test)]
        asked::note(name);
        let place = self.index.get(name)?;
        self.entries.get(*place).map(|entry| entry.value)
    }

    /// All entries, in the order of the body.
    pub fn entries(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> + '_ {
        self.entries.iter().map(|entry| (entry.key, entry.value))
    }

    /// A MessagePack map of the entries whose names are not `known`: each once, in the order of the
    /// body, with unchanged bytes.
    pub fn rest(&self, known: &[&str]) -> Vec<u8> {
        let mut length = 0;
        let mut entries = Vec::new();
        for entry in self.entries.iter().filter(|entry| !known.contains(&entry.key)) {
            entries.extend_from_slice(entry.raw_key);
            entries.extend_from_slice(entry.value.0);
            length += 1;
        }
        let mut map = Vec::with_capacity(entries.len() + 5);
        encode::map_header(&mut map, length);
        map.append(&mut entries);
        map
    }
}

/// Scans a body that must be one list of at most `max_items` items, nested at most `max_depth`
/// levels including the list itself.
///
/// # Errors
/// [`BodyError`] when it is something else. A list that is too long is refused before its items are
/// read.
pub fn list(bytes: &[u8], max_depth: usize, max_items: usize) -> Result<Vec<Value<'_>>, BodyError> {
    let (length, mut at) = match head(bytes, 0)? {
        (Head::List(length), at) => (length, at),
        (other, _) => {
            return Err(BodyError::Kind {
                expected: "a list",
                found: other.kind(),
            })
        }
    };
    let inner_depth = max_depth.checked_sub(1).ok_or(BodyError::TooDeep {
        at: 0,
        max: max_depth,
    })?;
    if length > max_items {
        return Err(BodyError::TooMany {
            found: length,
            max: max_items,
        });
    }
    let mut items = Vec::with_capacity(length);
    for _ in 0..length {
        let (item, after) = part(bytes, at, inner_depth, max_depth)?;
        items.push(item);
        at = after;
    }
    if at < bytes.len() {
        return Err(BodyError::Trailing { at });
    }
    Ok(items)
}

/// The value at byte `at`, and where the next one begins. Errors name the depth limit of the whole
/// body.
fn part(bytes: &[u8], at: usize, inner: usize, whole: usize) -> Result<(Value<'_>, usize), BodyError> {
    let end = match scan(bytes, at, inner) {
        Err(BodyError::TooDeep { at, .. }) => return Err(BodyError::TooDeep { at, max: whole }),
        extent => extent?.end,
    };
    let value = bytes.get(at..end).map(Value);
    let value = value.ok_or(BodyError::Truncated {
        at,
        size: bytes.len(),
    })?;
    Ok((value, end))
}

/// One well-formed value inside a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value<'a>(&'a [u8]);

impl<'a> Value<'a> {
    /// Scans bytes that must be one value, nested at most `max_depth` levels.
    ///
    /// # Errors
    /// [`BodyError`] when they are something else.
    pub fn parse(bytes: &'a [u8], max_depth: usize) -> Result<Value<'a>, BodyError> {
        let (value, end) = part(bytes, 0, max_depth, max_depth)?;
        if end < bytes.len() {
            return Err(BodyError::Trailing { at: end });
        }
        Ok(value)
    }

    /// The value at byte `at` of bytes that were scanned before, and where the next one begins.
    pub(super) fn starting_at(bytes: &'a [u8], at: usize) -> Result<(Value<'a>, usize), BodyError> {
        part(bytes, at, usize::MAX, usize::MAX)
    }

    pub(super) fn head(&self) -> Head<'a> {
        // The value was scanned, so it has a head.
        head(self.0, 0).map_or(Head::Nil, |(head, _)| head)
    }

    /// The bytes of the value as they were sent.
    pub fn raw(&self) -> &'a [u8] {
        self.0
    }

    /// Its kind for error messages: "a string", "an integer", "a list".
    pub fn kind(&self) -> &'static str {
        match self.head() {
            Head::Str(bytes) | Head::Bin(bytes) if std::str::from_utf8(bytes).is_err() => {
                "bytes that are not UTF-8"
            }
            head => head.kind(),
        }
    }

    /// Whether it is null.
    pub fn is_nil(&self) -> bool {
        self.head() == Head::Nil
    }

    /// The text of a string, or of binary data, as which older clients pack strings. None for
    /// other values and for bytes that are not UTF-8.
    pub fn as_str(&self) -> Option<&'a str> {
        match self.head() {
            Head::Str(bytes) | Head::Bin(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// The type and data of an extension. None for other values.
    pub fn extension(&self) -> Option<(i8, &'a [u8])> {
        match self.head() {
            Head::Ext(kind, data) => Some((kind, data)),
            _ => None,
        }
    }

    /// A number of any kind, also NaN and infinity. Integers beyond 2⁵³ are rounded.
    pub fn as_f64(&self) -> Option<f64> {
        match self.head() {
            Head::Unsigned(value) => Some(value as f64),
            Head::Negative(value) => Some(value as f64),
            Head::F32(value) => Some(value.into()),
            Head::F64(value) => Some(value),
            _ => None,
        }
    }

    /// An integer from 0. None for floats and booleans.
    pub fn as_u64(&self) -> Option<u64> {
        match self.head() {
            Head::Unsigned(value) => Some(value),
            _ => None,
        }
    }

    /// An integer of 63 bits and a sign. None for floats and booleans.
    pub fn as_i64(&self) -> Option<i64> {
        match self.head() {
            Head::Unsigned(value) => i64::try_from(value).ok(),
            Head::Negative(value) => Some(value),
            _ => None,
        }
    }

    /// Levels of lists and maps: 0 for other values, 1 for a list without lists or maps in it.
    pub fn depth(&self) -> usize {
        scan(self.0, 0, usize::MAX).map_or(0, |extent| extent.depth)
    }

    /// The items of a list. None for other values.
    pub fn items(&self) -> Option<Items<'a>> {
        match head(self.0, 0) {
            Ok((Head::List(left), at)) => Some(Items {
                bytes: self.0,
                at,
                left,
            }),
            _ => None,
        }
    }

    /// The keys and values of a map in their order, with duplicates. None for other values.
    pub fn entries(&self) -> Option<Entries<'a>> {
        match head(self.0, 0) {
            Ok((Head::Map(length), at)) => Some(Entries(Items {
                bytes: self.0,
                at,
                left: length.saturating_mul(2),
            })),
            _ => None,
        }
    }

    /// The value under `name` in a map; the last one when there are several. Reads the whole map.
    pub fn get(&self, name: &str) -> Option<Value<'a>> {
        self.entries()?
            .filter(|(key, _)| key.as_str() == Some(name))
            .last()
            .map(|(_, value)| value)
    }
}

/// Iterates over the items of a list.
#[derive(Debug, Clone)]
pub struct Items<'a> {
    bytes: &'a [u8],
    at: usize,
    left: usize,
}

impl<'a> Iterator for Items<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        self.left = self.left.checked_sub(1)?;
        let (value, next) = Value::starting_at(self.bytes, self.at).ok()?;
        self.at = next;
        Some(value)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

/// Iterates over the keys and values of a map.
#[derive(Debug, Clone)]
pub struct Entries<'a>(Items<'a>);

impl<'a> Iterator for Entries<'a> {
    type Item = (Value<'a>, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().zip(self.0.next())
    }
}
