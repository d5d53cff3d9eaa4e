//! Keys, taken apart from the left. Every part may be missing.

use crate::keys::Table;
use crate::records::Subject;

/// What is left of a key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts<'a> {
    table: Table,
    rest: &'a [u8],
}

impl<'a> Parts<'a> {
    /// The parts after the table's byte.
    pub(super) fn of(table: Table, key: &'a [u8]) -> Self {
        Self {
            table,
            rest: key.get(1..).unwrap_or_default(),
        }
    }

    pub(super) fn table(&self) -> Table {
        self.table
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (part, rest) = self.rest.split_at_checked(N)?;
        self.rest = rest;
        part.try_into().ok()
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.bytes::<1>().map(|[byte]| byte)
    }

    pub(super) fn id(&mut self) -> Option<u64> {
        self.bytes().map(u64::from_be_bytes)
    }

    pub(super) fn number(&mut self) -> Option<u32> {
        self.bytes().map(u32::from_be_bytes)
    }

    pub(super) fn subject(&mut self) -> Option<Subject> {
        self.byte().and_then(Subject::from_byte)
    }

    /// All that is left, as a name of at least one character.
    pub(super) fn name(self) -> Option<&'a str> {
        std::str::from_utf8(self.rest)
            .ok()
            .filter(|name| !name.is_empty())
    }

    /// That nothing is left.
    pub(super) fn end(self) -> Option<()> {
        self.rest.is_empty().then_some(())
    }

    /// `[id]` and nothing else.
    pub(super) fn only_id(mut self) -> Option<u64> {
        let id = self.id()?;
        self.end().map(|()| id)
    }

    /// `[owner][id]` and nothing else.
    pub(super) fn pair(mut self) -> Option<(u64, u64)> {
        let pair = (self.id()?, self.id()?);
        self.end().map(|()| pair)
    }

    /// `[subject][id]` and nothing else.
    pub(super) fn place(mut self) -> Option<(Subject, u64)> {
        let place = (self.subject()?, self.id()?);
        self.end().map(|()| place)
    }
}

/// A key for a person: enough to find it, never the whole of one that is a secret.
pub(super) fn shown(what: &str, key: &[u8]) -> String {
    /// Bytes that are shown: a table and an id.
    const SHOWN: usize = 9;
    let mut text = format!("{what} ");
    for byte in key.iter().take(SHOWN) {
        text.push_str(&format!("{byte:02x}"));
    }
    if key.len() > SHOWN {
        text.push('…');
    }
    text
}
