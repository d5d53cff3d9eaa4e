//! Scans MessagePack values. Lengths are checked, and there is no recursion: a level of nesting
//! takes eight bytes of memory.

use crate::wire::BodyError;

/// The kind of a value, from its first bytes. Strings, binary data and extensions are complete.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::wire) enum Head<'a> {
    Nil,
    Bool(bool),
    /// Zero and above, in any encoding.
    Unsigned(u64),
    /// Below zero.
    Negative(i64),
    F32(f32),
    F64(f64),
    Str(&'a [u8]),
    Bin(&'a [u8]),
    Ext(i8, &'a [u8]),
    /// The number of values that follow.
    List(usize),
    /// The number of pairs of values that follow.
    Map(usize),
}

impl Head<'_> {
    /// Its kind, for an error message.
    pub(in crate::wire) fn kind(&self) -> &'static str {
        match self {
            Head::Nil => "null",
            Head::Bool(_) => "a boolean",
            Head::Unsigned(_) | Head::Negative(_) => "an integer",
            Head::F32(_) | Head::F64(_) => "a floating-point number",
            Head::Str(_) => "a string",
            Head::Bin(_) => "binary data",
            Head::Ext(..) => "an extension",
            Head::List(_) => "a list",
            Head::Map(_) => "a map",
        }
    }
}

/// The extent of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    /// Where the next value begins.
    pub(super) end: usize,
    /// Levels of lists and maps, 0 for anything else.
    pub(super) depth: usize,
}

/// Reads the head of the value at byte `at`, and says where the next value, or its first child,
/// begins.
///
/// A list or map that claims more items than bytes are left is refused here, so its length can be
/// trusted.
pub(in crate::wire) fn head(bytes: &[u8], at: usize) -> Result<(Head<'_>, usize), BodyError> {
    let mut reader = Reader { bytes, start: at, at };
    let [marker] = reader.array()?;
    let head = match marker {
        0x00..=0x7f => Head::Unsigned(marker.into()),
        0x80..=0x8f => reader.map(u32::from(marker & 0x0f))?,
        0x90..=0x9f => reader.list(u32::from(marker & 0x0f))?,
        0xa0..=0xbf => Head::Str(reader.take(u32::from(marker & 0x1f))?),
        0xc0 => Head::Nil,
        0xc1 => return Err(BodyError::Reserved { at }),
        0xc2 => Head::Bool(false),
        0xc3 => Head::Bool(true),
        0xc4 => Head::Bin(reader.take8()?),
        0xc5 => Head::Bin(reader.take16()?),
        0xc6 => Head::Bin(reader.take32()?),
        0xc7 => reader.sized_ext::<1>()?,
        0xc8 => reader.sized_ext::<2>()?,
        0xc9 => reader.sized_ext::<4>()?,
        0xca => Head::F32(f32::from_be_bytes(reader.array()?)),
        0xcb => Head::F64(f64::from_be_bytes(reader.array()?)),
        0xcc => Head::Unsigned(u8::from_be_bytes(reader.array()?).into()),
        0xcd => Head::Unsigned(u16::from_be_bytes(reader.array()?).into()),
        0xce => Head::Unsigned(u32::from_be_bytes(reader.array()?).into()),
        0xcf => Head::Unsigned(u64::from_be_bytes(reader.array()?)),
        0xd0 => integer(i8::from_be_bytes(reader.array()?).into()),
        0xd1 => integer(i16::from_be_bytes(reader.array()?).into()),
        0xd2 => integer(i32::from_be_bytes(reader.array()?).into()),
        0xd3 => integer(i64::from_be_bytes(reader.array()?)),
        0xd4..=0xd8 => reader.ext(1 << (marker - 0xd4))?,
        0xd9 => Head::Str(reader.take8()?),
        0xda => Head::Str(reader.take16()?),
        0xdb => Head::Str(reader.take32()?),
        0xdc => {
            let length = u16::from_be_bytes(reader.array()?);
            reader.list(length.into())?
        }
        0xdd => {
            let length = u32::from_be_bytes(reader.array()?);
            reader.list(length)?
        }
        0xde => {
            let length = u16::from_be_bytes(reader.array()?);
            reader.map(length.into())?
        }
        0xdf => {
            let length = u32::from_be_bytes(reader.array()?);
            reader.map(length)?
        }
        0xe0..=0xff => integer(i8::from_be_bytes([marker]).into()),
    };
    Ok((head, reader.at))
}

/// Checks the value at byte `start` and everything in it.
pub(super) fn scan(bytes: &[u8], start: usize, max_depth: usize) -> Result<Extent, BodyError> {
    let mut at = start;
    let mut depth = 0;
    // How many values are still to come in each open list or map.
    let mut open: Vec<usize> = Vec::new();
    loop {
        let (head, next) = head(bytes, at)?;
        let children = match head {
            Head::List(length) => Some(length),
            // Cannot overflow: the head was found to have this many bytes.
            Head::Map(length) => Some(length.saturating_mul(2)),
            _ => None,
        };
        if let Some(children) = children {
            if open.len() >= max_depth {
                return Err(BodyError::TooDeep { at, max: max_depth });
            }
            open.push(children);
            depth = depth.max(open.len());
        }
        at = next;
        while open.last() == Some(&0) {
            open.pop();
        }
        match open.last_mut() {
            Some(left) => *left -= 1,
            None => return Ok(Extent { end: at, depth }),
        }
    }
}

fn integer(number: i64) -> Head<'static> {
    u64::try_from(number).map_or(Head::Negative(number), Head::Unsigned)
}

struct Reader<'a> {
    bytes: &'a [u8],
    start: usize,
    at: usize,
}

impl<'a> Reader<'a> {
    fn truncated(&self) -> BodyError {
        BodyError::Truncated {
            at: self.start,
            size: self.bytes.len(),
        }
    }

    fn left(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], BodyError> {
        let array = self.left().first_chunk().ok_or_else(|| self.truncated())?;
        self.at += N;
        Ok(*array)
    }

    fn take(&mut self, length: u32) -> Result<&'a [u8], BodyError> {
        let taken = usize::try_from(length)
            .ok()
            .and_then(|length| self.left().get(..length));
        let taken = taken.ok_or_else(|| self.truncated())?;
        self.at += taken.len();
        Ok(taken)
    }

    fn take8(&mut self) -> Result<&'a [u8], BodyError> {
        let length = u8::from_be_bytes(self.array()?);
        self.take(length.into())
    }

    fn take16(&mut self) -> Result<&'a [u8], BodyError> {
        let length = u16::from_be_bytes(self.array()?);
        self.take(length.into())
    }

    fn take32(&mut self) -> Result<&'a [u8], BodyError> {
        let length = u32::from_be_bytes(self.array()?);
        self.take(length)
    }

    fn sized_ext<const N: usize>(&mut self) -> Result<Head<'a>, BodyError> {
        let length: [u8; N] = self.array()?;
        self.ext(
            length
                .iter()
                .fold(0, |length, byte| length << 8 | u32::from(*byte)),
        )
    }

    fn ext(&mut self, length: u32) -> Result<Head<'a>, BodyError> {
        let kind = i8::from_be_bytes(self.array()?);
        Ok(Head::Ext(kind, self.take(length)?))
    }

    fn list(&self, length: u32) -> Result<Head<'a>, BodyError> {
        Ok(Head::List(self.fitting(length, 1)?))
    }

    fn map(&self, length: u32) -> Result<Head<'a>, BodyError> {
        Ok(Head::Map(self.fitting(length, 2)?))
    }

    /// The length of a list or map whose entries take at least this number of bytes each.
    fn fitting(&self, length: u32, entry: usize) -> Result<usize, BodyError> {
        let length = usize::try_from(length)
            .ok()
            .filter(|length| *length <= self.left().len() / entry);
        length.ok_or_else(|| self.truncated())
    }
}
