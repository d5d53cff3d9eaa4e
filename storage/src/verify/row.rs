//! A row, whose key is parsed from the left.

use crate::keys::Table;
use crate::records::Subject;
use crate::store::ReadError;
use data_encoding::HEXLOWER;

/// Why the check of a row ends early.
#[derive(Debug)]
pub(super) enum Stop {
    /// The key is not one of its table.
    Malformed,
    /// The row cannot be checked further; the problem was reported.
    Reported,
    /// The database cannot be read.
    Read(ReadError),
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

/// The result of checking a row.
pub(super) type Checked<T = ()> = Result<T, Stop>;

/// A row. Each method for a part of the key takes it and leaves the rest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) table: Table,
    pub(super) key: &'a [u8],
    pub(super) value: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Row<'a> {
    pub(super) fn new(table: Table, key: &'a [u8], value: &'a [u8]) -> Self {
        Self {
            table,
            key,
            value,
            rest: key.get(1..).unwrap_or_default(),
        }
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> Checked<[u8; N]> {
        let (part, rest) = self.rest.split_first_chunk().ok_or(Stop::Malformed)?;
        self.rest = rest;
        Ok(*part)
    }

    pub(super) fn table(&mut self) -> Checked<Table> {
        let [byte] = self.bytes()?;
        Table::from_repr(byte).ok_or(Stop::Malformed)
    }

    pub(super) fn subject(&mut self) -> Checked<Subject> {
        let [byte] = self.bytes()?;
        Subject::from_repr(byte).ok_or(Stop::Malformed)
    }

    pub(super) fn number(&mut self) -> Checked<u32> {
        self.bytes().map(u32::from_be_bytes)
    }

    pub(super) fn id(&mut self) -> Checked<u64> {
        self.bytes().map(u64::from_be_bytes)
    }

    /// `N` ids and nothing else.
    pub(super) fn ids<const N: usize>(mut self) -> Checked<[u64; N]> {
        let mut ids = [0; N];
        for id in &mut ids {
            *id = self.id()?;
        }
        self.end().map(|()| ids)
    }

    /// The rest, as a name of at least one character.
    pub(super) fn name(self) -> Checked<&'a str> {
        let name = std::str::from_utf8(self.rest).map_err(|_| Stop::Malformed)?;
        Some(name).filter(|name| !name.is_empty()).ok_or(Stop::Malformed)
    }

    /// Checks that nothing is left.
    pub(super) fn end(self) -> Checked {
        self.rest.is_empty().then_some(()).ok_or(Stop::Malformed)
    }

    /// The value, if it is an id.
    pub(super) fn value_id(self) -> Option<u64> {
        self.value.try_into().map(u64::from_be_bytes).ok()
    }

    /// The row in a message.
    pub(super) fn shown(self) -> String {
        shown(&format!("{:?}", self.table), self.key)
    }
}

/// A key in a message: enough to find it, but never all of a key that is a secret.
pub(super) fn shown(what: &str, key: &[u8]) -> String {
    /// Length of a table and an id.
    const SHOWN: usize = 9;
    match key.get(..SHOWN).filter(|_| key.len() > SHOWN) {
        Some(start) => format!("{what} {}…", HEXLOWER.encode(start)),
        None => format!("{what} {}", HEXLOWER.encode(key)),
    }
}
