//! Pure: repairs the first directory of a TIFF where the rest of the file determines the right
//! values.
//!
//! The pixels of one channel are counts, so `PhotometricInterpretation` is replaced. The rows and
//! bytes of uncompressed strips follow from the size of the image. The file is not copied: other
//! first bytes and a new directory are read in front of and behind it.

use std::io::{self, Read, Seek, SeekFrom};
use tiff::tags::Tag;

/// Types of values.
const SHORT: u16 = 3;
const LONG: u16 = 4;
const BLACK_IS_ZERO: u32 = 1;
const UNCOMPRESSED: u32 = 1;
/// Limits on the entries of a directory and on strips, more than any frame has.
const MOST_ENTRIES: usize = 512;
const MOST_STRIPS: u32 = 1 << 16;
const ENTRY: usize = 12;

/// A file with a repaired directory, or unchanged if the directory is of an unknown form.
pub(super) struct Repaired<'a> {
    /// Read instead of the first bytes of the file.
    head: Vec<u8>,
    file: &'a [u8],
    /// Read behind the file.
    tail: Vec<u8>,
    position: u64,
}

impl<'a> Repaired<'a> {
    pub(super) fn new(file: &'a [u8]) -> Self {
        let (head, tail) = repaired(file).unwrap_or_default();
        Self {
            head,
            file,
            tail,
            position: 0,
        }
    }

    fn length(&self) -> u64 {
        (self.file.len() + self.tail.len()) as u64
    }
}

impl Read for Repaired<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let position = usize::try_from(self.position).unwrap_or(usize::MAX);
        let rest = if position < self.head.len() {
            self.head.get(position..)
        } else if position < self.file.len() {
            self.file.get(position..)
        } else {
            self.tail.get(position - self.file.len()..)
        };
        let read = rest.unwrap_or_default().read(into)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Repaired<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.length().checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

/// Converts numbers between the machine's byte order and the file's.
#[derive(Clone, Copy)]
struct Order {
    little: bool,
}

impl Order {
    fn of(file: &[u8]) -> Option<Self> {
        match file.first_chunk()? {
            b"II*\0" => Some(Self { little: true }),
            b"MM\0*" => Some(Self { little: false }),
            _ => None,
        }
    }

    /// From the file's order to little-endian, and back.
    fn swap<const N: usize>(self, mut bytes: [u8; N]) -> [u8; N] {
        if !self.little {
            bytes.reverse();
        }
        bytes
    }

    fn short(self, bytes: &[u8], at: usize) -> Option<u16> {
        chunk(bytes, at).map(|bytes| u16::from_le_bytes(self.swap(bytes)))
    }

    fn long(self, bytes: &[u8], at: usize) -> Option<u32> {
        chunk(bytes, at).map(|bytes| u32::from_le_bytes(self.swap(bytes)))
    }

    fn short_bytes(self, number: u16) -> [u8; 2] {
        self.swap(number.to_le_bytes())
    }

    fn long_bytes(self, number: u32) -> [u8; 4] {
        self.swap(number.to_le_bytes())
    }
}

/// The first directory of a file: the tags and bytes of its entries.
struct Directory<'a> {
    file: &'a [u8],
    order: Order,
    entries: Vec<(u16, [u8; ENTRY])>,
}

impl<'a> Directory<'a> {
    fn read(file: &'a [u8]) -> Option<Self> {
        let order = Order::of(file)?;
        let start = usize::try_from(order.long(file, 4)?).ok()?;
        let count = usize::from(order.short(file, start)?);
        if count > MOST_ENTRIES {
            return None;
        }
        let entry = |number| {
            let entry: [u8; ENTRY] = chunk(file, start + 2 + number * ENTRY)?;
            Some((order.short(&entry, 0)?, entry))
        };
        Some(Self {
            file,
            order,
            entries: (0..count).map(entry).collect::<Option<_>>()?,
        })
    }

    fn entry(&self, tag: Tag) -> Option<&[u8; ENTRY]> {
        let (_, entry) = self.entries.iter().find(|(found, _)| *found == tag.to_u16())?;
        Some(entry)
    }

    /// All values of a tag that has short or long ones.
    fn numbers(&self, tag: Tag) -> Option<Vec<u32>> {
        let (order, entry) = (self.order, self.entry(tag)?);
        let width = match order.short(entry, 2)? {
            SHORT => 2,
            LONG => 4,
            _ => return None,
        };
        let count = order.long(entry, 4).filter(|count| *count <= MOST_STRIPS)?;
        let bytes = match usize::try_from(count).ok()? * width {
            short if short <= 4 => entry.get(8..8 + short)?,
            long => {
                let at = usize::try_from(order.long(entry, 8)?).ok()?;
                self.file.get(at..at.checked_add(long)?)?
            }
        };
        let number = |bytes: &[u8]| match width {
            2 => order.short(bytes, 0).map(u32::from),
            _ => order.long(bytes, 0),
        };
        bytes.chunks_exact(width).map(number).collect()
    }

    /// The value of a tag that has exactly one.
    fn number(&self, tag: Tag) -> Option<u32> {
        match self.numbers(tag)?.as_slice() {
            [number] => Some(*number),
            _ => None,
        }
    }

    /// Sets the long values of a tag: `value` is the value of one, or the offset of several.
    fn set(&mut self, tag: Tag, count: u32, value: u32) {
        let order = self.order;
        let parts = [
            order.short_bytes(tag.to_u16()).as_slice(),
            &order.short_bytes(LONG),
            &order.long_bytes(count),
            &order.long_bytes(value),
        ]
        .concat();
        let mut entry = [0; ENTRY];
        entry.copy_from_slice(&parts);
        self.entries.retain(|(other, _)| *other != tag.to_u16());
        self.entries.push((tag.to_u16(), entry));
    }

    /// Sets the rows and the lengths of uncompressed strips. Returns the lengths, to follow the
    /// file.
    fn set_strips(&mut self) -> Option<Vec<u8>> {
        let (width, height) = (self.number(Tag::ImageWidth)?, self.number(Tag::ImageLength)?);
        let rows = self.number(Tag::RowsPerStrip).unwrap_or(height);
        let rows = rows.clamp(1, height.max(1));
        let row_bytes =
            u64::from(width) * u64::from(self.number(Tag::BitsPerSample).unwrap_or(8).div_ceil(8));
        let strips = self.order.long(self.entry(Tag::StripOffsets)?, 4)?;
        if strips != height.div_ceil(rows) || strips > MOST_STRIPS {
            return Some(Vec::new());
        }
        self.set(Tag::RowsPerStrip, 1, rows);
        let is_invalid = |length: &u32| matches!(*length, 0 | u32::MAX);
        let lengths = self.numbers(Tag::StripByteCounts);
        if lengths.is_some_and(|lengths| !lengths.is_empty() && !lengths.iter().any(is_invalid)) {
            return Some(Vec::new());
        }
        let length = |strip| {
            let rows = rows.min(height - strip * rows);
            u32::try_from(u64::from(rows) * row_bytes).unwrap_or(u32::MAX)
        };
        let value = match strips {
            1 => length(0),
            _ => u32::try_from(self.file.len()).ok()?,
        };
        self.set(Tag::StripByteCounts, strips, value);
        let order = self.order;
        Some(
            (0..strips)
                .flat_map(|strip| order.long_bytes(length(strip)))
                .collect(),
        )
    }
}

/// The new first bytes, and the bytes to follow the file; `None` if the directory can't be
/// repaired.
fn repaired(file: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut directory = Directory::read(file)?;
    if directory.number(Tag::SamplesPerPixel).unwrap_or(1) != 1 {
        return None;
    }
    directory.set(Tag::PhotometricInterpretation, 1, BLACK_IS_ZERO);
    let compression = directory.number(Tag::Compression).unwrap_or(UNCOMPRESSED);
    let mut tail = Vec::new();
    if compression == UNCOMPRESSED && directory.number(Tag::TileWidth).is_none() {
        tail = directory.set_strips()?;
    }
    let Directory {
        order, mut entries, ..
    } = directory;
    let start = u32::try_from(file.len() + tail.len()).ok()?;
    entries.sort_unstable_by_key(|(tag, _)| *tag);
    tail.extend(order.short_bytes(u16::try_from(entries.len()).ok()?));
    tail.extend(entries.iter().flat_map(|(_, entry)| entry));
    // The first image is the frame: there is no further directory.
    tail.extend([0; 4]);
    let head = [file.get(..4)?, &order.long_bytes(start)].concat();
    Some((head, tail))
}

fn chunk<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}
