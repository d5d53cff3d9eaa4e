//! A MessagePack body, checked as a whole and then read in place.
//!
//! By hand, because a body is kept as the bytes that were sent, and is never built as a tree. Only
//! the index of its top-level map is built, and a length in it is trusted only once the bytes are
//! there. A [`Value`] is always one well-formed value, so reading it cannot fail halfway.

pub(super) mod scan;
#[cfg(test)]
mod tests;

use super::BodyError;
use scan::{head, scan, Head};
use std::collections::BTreeMap;

/// Maximum number of entries of a body's top-level map.
pub const MAX_KEYS: usize = 4096;

/// Maximum nesting that is stored and can be written as JSON, in levels of lists and maps.
pub const MAX_DEPTH: usize = 128;

/// The top-level map of a body.
#[derive(Debug, Clone)]
pub struct Body<'a> {
    /// In the order of the body. A repeated key has its last value, at its first place.
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
    /// Checks a body, which must be one map with string keys, nested at most `max_depth` levels;
    /// the map itself is the first level. Binary keys count as strings if they are UTF-8, because
    /// older clients send strings as binary.
    ///
    /// # Errors
    /// [`BodyError`] says what is wrong at which byte, also for more than [`MAX_KEYS`] entries.
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

    /// The value under `name`; the last one if there are several.
    pub fn get(&self, name: &str) -> Option<Value<'a>> {
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
        // Writing to memory does not fail.
        let _ = rmp::encode::write_map_len(&mut map, length);
        map.append(&mut entries);
        map
    }
}

/// Checks a body, which must be one list of at most `max_items` items, nested at most `max_depth`
/// levels; the list itself is the first level.
///
/// # Errors
/// [`BodyError`] says what is wrong at which byte. A list that is too long is refused before its
/// items are read.
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

/// The value at byte `at`, and where the next one begins. An error names the limit of the whole
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
    /// Checks that the bytes are exactly one well-formed value, nested at most `max_depth` levels.
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

    /// The value at byte `at` of bytes that were checked, and where the next one begins.
    pub(super) fn starting_at(bytes: &'a [u8], at: usize) -> Result<(Value<'a>, usize), BodyError> {
        part(bytes, at, usize::MAX, usize::MAX)
    }

    pub(super) fn head(&self) -> Head<'a> {
        // It was checked when it was made, so it has a head.
        head(self.0, 0).map_or(Head::Nil, |(head, _)| head)
    }

    /// The bytes of the value as they were sent.
    pub fn raw(&self) -> &'a [u8] {
        self.0
    }

    /// Its kind, for an error message: "a string", "an integer", "a list".
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

    /// The text of a string, or of binary data, as which older clients send strings. `None` for
    /// anything else, and for bytes that are not UTF-8.
    pub fn as_str(&self) -> Option<&'a str> {
        match self.head() {
            Head::Str(bytes) | Head::Bin(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// The type and data of an extension. `None` for other values.
    pub fn extension(&self) -> Option<(i8, &'a [u8])> {
        match self.head() {
            Head::Ext(kind, data) => Some((kind, data)),
            _ => None,
        }
    }

    /// Any number, possibly infinite or NaN. An integer beyond 2⁵³ is rounded.
    pub fn as_f64(&self) -> Option<f64> {
        match self.head() {
            Head::Unsigned(value) => Some(value as f64),
            Head::Negative(value) => Some(value as f64),
            Head::F32(value) => Some(value.into()),
            Head::F64(value) => Some(value),
            _ => None,
        }
    }

    /// A non-negative integer. `None` for floats and booleans.
    pub fn as_u64(&self) -> Option<u64> {
        match self.head() {
            Head::Unsigned(value) => Some(value),
            _ => None,
        }
    }

    /// An integer that fits an `i64`. `None` for floats and booleans.
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

    /// The items of a list, each read when it is taken. `None` for anything else.
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

    /// The keys and values of a map in the order sent, with duplicates. `None` for anything else.
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

    /// The value under `name` in a map; the last one if there are several. Reads the whole map.
    pub fn get(&self, name: &str) -> Option<Value<'a>> {
        self.entries()?
            .filter(|(key, _)| key.as_str() == Some(name))
            .last()
            .map(|(_, value)| value)
    }
}

/// The values of a list, in order.
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

/// The keys and values of a map, in order.
#[derive(Debug, Clone)]
pub struct Entries<'a>(Items<'a>);

impl<'a> Iterator for Entries<'a> {
    type Item = (Value<'a>, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().zip(self.0.next())
    }
}
