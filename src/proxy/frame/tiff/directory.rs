//! Pure: the first directory of a TIFF, with what is missing or wrong in it put right where it follows from the rest.
//!
//! A frame of one channel is counts, whatever a program says of how to show them: so `PhotometricInterpretation` is
//! replaced. The rows and bytes of uncompressed strips follow from the size of the image. The file is not copied: its first
//! bytes and a directory that is made anew are put around it.

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
/// Entries of a directory, and strips, at most: more than any frame has.
const MOST_ENTRIES: usize = 512;
const MOST_STRIPS: u32 = 1 << 16;
const ENTRY: usize = 12;

/// A file with its directory put right; as it is, where that is of a form that is not known here.
pub(super) struct Mended<'a> {
    /// What the file begins with instead.
    head: Vec<u8>,
    file: &'a [u8],
    /// What follows it.
    tail: Vec<u8>,
    place: u64,
}

impl<'a> Mended<'a> {
    pub(super) fn new(file: &'a [u8]) -> Self {
        let (head, tail) = mended(file).unwrap_or_default();
        Self {
            head,
            file,
            tail,
            place: 0,
        }
    }

    fn length(&self) -> u64 {
        (self.file.len() + self.tail.len()) as u64
    }
}

impl Read for Mended<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let place = usize::try_from(self.place).unwrap_or(usize::MAX);
        let rest = if place < self.head.len() {
            self.head.get(place..)
        } else if place < self.file.len() {
            self.file.get(place..)
        } else {
            self.tail.get(place - self.file.len()..)
        };
        let read = rest.unwrap_or_default().read(into)?;
        self.place += read as u64;
        Ok(read)
    }
}

impl Seek for Mended<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::Current(by) => self.place.checked_add_signed(by),
            SeekFrom::End(by) => self.length().checked_add_signed(by),
        };
        self.place = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.place)
    }
}

/// Reads numbers in the file's byte order.
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

    fn short(self, bytes: [u8; 2]) -> u16 {
        match self.little {
            true => u16::from_le_bytes(bytes),
            false => u16::from_be_bytes(bytes),
        }
    }

    fn long(self, bytes: [u8; 4]) -> u32 {
        match self.little {
            true => u32::from_le_bytes(bytes),
            false => u32::from_be_bytes(bytes),
        }
    }

    fn short_bytes(self, number: u16) -> [u8; 2] {
        match self.little {
            true => number.to_le_bytes(),
            false => number.to_be_bytes(),
        }
    }

    fn long_bytes(self, number: u32) -> [u8; 4] {
        match self.little {
            true => number.to_le_bytes(),
            false => number.to_be_bytes(),
        }
    }
}

/// An entry of the directory: its tag, and all its bytes.
type Entry = (u16, [u8; ENTRY]);

/// The first bytes of the file, and what is to follow it: none when the directory is not understood, or is right.
fn mended(file: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let order = Order::of(file)?;
    let start = usize::try_from(order.long(chunk(file, 4)?)).ok()?;
    let count = usize::from(order.short(chunk(file, start)?));
    if count > MOST_ENTRIES {
        return None;
    }
    let mut entries = Vec::with_capacity(count + 3);
    for n in 0..count {
        let entry: [u8; ENTRY] = chunk(file, start + 2 + n * ENTRY)?;
        entries.push((order.short(chunk(&entry, 0)?), entry));
    }
    let number = |tag| one(&entries, order, tag);
    let is_odd = |count: &u32| matches!(*count, 0 | u32::MAX);
    let counted = numbers(file, &entries, order, BYTE_COUNTS);
    let uncounted = counted.is_none_or(|counts| counts.is_empty() || counts.iter().any(is_odd));
    if number(CHANNELS).unwrap_or(1) != 1 {
        return None;
    }
    // What is made of a strip's bytes comes behind the file, and the directory behind that.
    let mut tail = Vec::new();
    let mut changed = vec![(PHOTOMETRIC, entry(order, PHOTOMETRIC, SHORT, 1, BLACK_IS_ZERO))];
    if number(COMPRESSION).unwrap_or(UNCOMPRESSED) == UNCOMPRESSED && number(TILE_WIDTH).is_none() {
        let (width, height) = (number(WIDTH)?, number(HEIGHT)?);
        let rows = number(ROWS_PER_STRIP).unwrap_or(height).clamp(1, height.max(1));
        let row_bytes = u64::from(width) * u64::from(number(BITS).unwrap_or(8).div_ceil(8));
        let strips = entries.iter().find(|(tag, _)| *tag == OFFSETS)?;
        let strips = order.long(chunk(&strips.1, 4)?);
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
    // No further directory: the first image is the frame.
    tail.extend([0; 4]);
    let head = [file.get(..4)?, &order.long_bytes(directory)].concat();
    Some((head, tail))
}

/// The number of a tag that has one.
fn one(entries: &[Entry], order: Order, tag: u16) -> Option<u32> {
    let (_, entry) = entries.iter().find(|(found, _)| *found == tag)?;
    let (kind, count) = (order.short(chunk(entry, 2)?), order.long(chunk(entry, 4)?));
    match (kind, count) {
        (SHORT, 1) => Some(order.short(chunk(entry, 8)?).into()),
        (LONG, 1) => Some(order.long(chunk(entry, 8)?)),
        _ => None,
    }
}

/// All numbers of a tag.
fn numbers(file: &[u8], entries: &[Entry], order: Order, tag: u16) -> Option<Vec<u32>> {
    let (_, entry) = entries.iter().find(|(found, _)| *found == tag)?;
    let (kind, count) = (order.short(chunk(entry, 2)?), order.long(chunk(entry, 4)?));
    if count > MOST_STRIPS {
        return None;
    }
    let (count, width) = (usize::try_from(count).ok()?, if kind == SHORT { 2 } else { 4 });
    let bytes = match count * width {
        short if short <= 4 => entry.get(8..8 + short)?,
        long => {
            let at = usize::try_from(order.long(chunk(entry, 8)?)).ok()?;
            file.get(at..at.checked_add(long)?)?
        }
    };
    let number = |bytes: &[u8]| match kind {
        SHORT => Some(order.short(chunk(bytes, 0)?).into()),
        _ => Some(order.long(chunk(bytes, 0)?)),
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
