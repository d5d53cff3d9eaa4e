//! Pure: repairs the first directory of a TIFF where the rest of the file determines the right
//! values.
//!
//! The pixels of one channel are counts, so `PhotometricInterpretation` is replaced. The rows and
//! bytes of uncompressed strips follow from the size of the image. The file is not copied: other
//! first bytes and a new directory are read in front of and behind it.

use std::io::{self, Read, Seek, SeekFrom};

const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;
const BITS: u16 = 258;
const COMPRESSION: u16 = 259;
const PHOTOMETRIC: u16 = 262;
const OFFSETS: u16 = 273;
const CHANNELS: u16 = 277;
const ROWS_PER_STRIP: u16 = 278;
const BYTE_COUNTS: u16 = 279;
const TILE_WIDTH: u16 = 322;

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

/// An entry of the directory: its tag and its bytes.
type Entry = (u16, [u8; ENTRY]);

/// The new first bytes, and the bytes to follow the file; `None` if the directory can't be
/// repaired.
fn repaired(file: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let order = Order::of(file)?;
    let start = usize::try_from(order.long(file, 4)?).ok()?;
    let count = usize::from(order.short(file, start)?);
    if count > MOST_ENTRIES {
        return None;
    }
    let mut entries = Vec::with_capacity(count + 3);
    for n in 0..count {
        let entry: [u8; ENTRY] = chunk(file, start + 2 + n * ENTRY)?;
        entries.push((order.short(&entry, 0)?, entry));
    }
    let number = |tag| single(file, &entries, order, tag);
    let is_odd = |count: &u32| matches!(*count, 0 | u32::MAX);
    let counted = numbers(file, &entries, order, BYTE_COUNTS);
    let uncounted = counted.is_none_or(|counts| counts.is_empty() || counts.iter().any(is_odd));
    if number(CHANNELS).unwrap_or(1) != 1 {
        return None;
    }
    // Behind the file come the lengths of its strips, then the directory.
    let mut tail = Vec::new();
    let mut changed = vec![(PHOTOMETRIC, entry(order, PHOTOMETRIC, SHORT, 1, BLACK_IS_ZERO))];
    if number(COMPRESSION).unwrap_or(UNCOMPRESSED) == UNCOMPRESSED && number(TILE_WIDTH).is_none() {
        let (width, height) = (number(WIDTH)?, number(HEIGHT)?);
        let rows = number(ROWS_PER_STRIP).unwrap_or(height).clamp(1, height.max(1));
        let row_bytes = u64::from(width) * u64::from(number(BITS).unwrap_or(8).div_ceil(8));
        let (_, offsets) = entries.iter().find(|(tag, _)| *tag == OFFSETS)?;
        let strips = order.long(offsets, 4)?;
        if strips == height.div_ceil(rows) && strips <= MOST_STRIPS {
            let counts = (0..strips).map(|strip| {
                let rows = rows.min(height - strip * rows);
                u32::try_from(u64::from(rows) * row_bytes).unwrap_or(u32::MAX)
            });
            changed.push((ROWS_PER_STRIP, entry(order, ROWS_PER_STRIP, LONG, 1, rows)));
            if uncounted {
                let value = match strips {
                    1 => counts.clone().next()?,
                    _ => {
                        tail.extend(counts.flat_map(|count| order.long_bytes(count)));
                        u32::try_from(file.len()).ok()?
                    }
                };
                changed.push((BYTE_COUNTS, entry(order, BYTE_COUNTS, LONG, strips, value)));
            }
        }
    }
    entries.retain(|(tag, _)| !changed.iter().any(|(other, _)| other == tag));
    entries.extend(changed);
    entries.sort_unstable_by_key(|(tag, _)| *tag);

    let directory = u32::try_from(file.len() + tail.len()).ok()?;
    tail.extend(order.short_bytes(u16::try_from(entries.len()).ok()?));
    for (_, entry) in entries {
        tail.extend(entry);
    }
    // The first image is the frame: there is no further directory.
    tail.extend([0; 4]);
    let head = [file.get(..4)?, &order.long_bytes(directory)].concat();
    Some((head, tail))
}

/// The value of a tag that has exactly one.
fn single(file: &[u8], entries: &[Entry], order: Order, tag: u16) -> Option<u32> {
    match numbers(file, entries, order, tag)?.as_slice() {
        [number] => Some(*number),
        _ => None,
    }
}

/// All values of a tag that has short or long ones.
fn numbers(file: &[u8], entries: &[Entry], order: Order, tag: u16) -> Option<Vec<u32>> {
    let (_, entry) = entries.iter().find(|(found, _)| *found == tag)?;
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
            file.get(at..at.checked_add(long)?)?
        }
    };
    let number = |bytes: &[u8]| match width {
        2 => order.short(bytes, 0).map(u32::from),
        _ => order.long(bytes, 0),
    };
    bytes.chunks_exact(width).map(number).collect()
}

fn entry(order: Order, tag: u16, kind: u16, count: u32, value: u32) -> [u8; ENTRY] {
    let mut bytes = [0; ENTRY];
    let value = match (kind, u16::try_from(value)) {
        (SHORT, Ok(short)) => {
            let [first, second] = order.short_bytes(short);
            [first, second, 0, 0]
        }
        _ => order.long_bytes(value),
    };
    let parts = [
        order.short_bytes(tag).as_slice(),
        &order.short_bytes(kind),
        &order.long_bytes(count),
        &value,
    ]
    .concat();
    bytes.copy_from_slice(&parts);
    bytes
}

fn chunk<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}
