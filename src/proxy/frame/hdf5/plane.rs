//! Pure: where the pixels of one frame are in a data set, and what they are.

use super::super::floats::Scale;
use super::super::{FrameError, Shape, LONGEST_FILE};
use super::codec;
use super::reading::{refused, Opened};
use super::Source;
use hdf5_reader::btree_v1::{collect_btree_v1_leaves_storage, BTreeV1Key};
use hdf5_reader::chunk_index::{
    collect_implicit_chunk_entries, collect_v2_chunk_entries_storage, single_chunk_entry, ChunkEntry,
};
use hdf5_reader::error::Error;
use hdf5_reader::extensible_array::collect_extensible_array_chunk_entries_storage;
use hdf5_reader::fixed_array::collect_fixed_array_chunk_entries_storage;
use hdf5_reader::messages::datatype::Datatype;
use hdf5_reader::messages::filter_pipeline::FilterDescription;
use hdf5_reader::messages::layout::{ChunkIndexing, DataLayout};
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::object_header::ObjectHeader;
use hdf5_reader::{ByteOrder, Dataset};
use std::sync::Arc;

/// Chunks of one frame, at most.
const MOST_CHUNKS: u64 = 4096;
/// Bytes of the description of a data set, at most.
const LONGEST_HEADER: usize = 1 << 20;
/// An address that says that nothing was written.
const UNDEFINED: u64 = u64::MAX;

/// What a pixel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    bytes: usize,
    signed: bool,
    float: bool,
    big_endian: bool,
}

/// Where the bytes of a plane are.
enum Place {
    Inline(Vec<u8>),
    /// One after another from this address on.
    Plain(u64),
    Chunks {
        entries: Vec<ChunkEntry>,
        filters: Vec<FilterDescription>,
        /// Planes, rows and columns of a chunk.
        sides: [usize; 3],
    },
}

/// One frame of a data set.
pub(super) struct Plane {
    source: Arc<dyn Source>,
    base: u64,
    place: Place,
    number: usize,
    pub(super) shape: Shape,
    pub(super) kind: Kind,
}

/// How many planes a data set has, and their shape.
pub(super) fn planes(dataset: &Dataset) -> Result<(u64, Shape), FrameError> {
    match *dataset.shape() {
        [height, width] => Ok((1, Shape::new(width, height)?)),
        [planes, height, width] => Ok((planes, Shape::new(width, height)?)),
        _ => Err(FrameError::Unsupported(format!(
            "its frames are a data set of {} dimensions",
            dataset.shape().len()
        ))),
    }
}

impl Plane {
    /// Finds plane `number`, from 0, of a data set that has it.
    pub(super) fn find(dataset: &Dataset, opened: &Opened, number: u64) -> Result<Self, FrameError> {
        let (_, shape) = planes(dataset)?;
        let kind = Kind::of(dataset.dtype())?;
        let size = shape.pixels() * kind.bytes;
        if size > LONGEST_FILE {
            return Err(too_large(size));
        }
        let file = &opened.file;
        let (storage, superblock) = (
            file.root_group().map_err(|error| refused(&error))?,
            file.superblock(),
        );
        let header = ObjectHeader::parse_at_storage_with_limit(
            storage.storage(),
            dataset.address(),
            superblock.offset_size,
            superblock.length_size,
            LONGEST_HEADER,
        )
        .map_err(|error| refused(&error))?;
        let layout = header.messages.iter().find_map(|message| match message {
            HdfMessage::DataLayout(message) => Some(&message.layout),
            _ => None,
        });
        let filters = header.messages.iter().find_map(|message| match message {
            HdfMessage::FilterPipeline(message) => Some(message.filters.clone()),
            _ => None,
        });
        let layout = layout.ok_or_else(|| damaged("a data set has no layout"))?;
        let number = usize::try_from(number).map_err(|_| damaged("its frames are too many"))?;
        let place = match layout {
            DataLayout::Compact { data } => Place::Inline(data.clone()),
            DataLayout::Contiguous { address, .. } if *address == UNDEFINED => return Err(unwritten()),
            DataLayout::Contiguous { address, .. } => Place::Plain(*address),
            DataLayout::Chunked {
                address,
                dims,
                chunk_indexing,
                ..
            } => {
                if *address == UNDEFINED {
                    return Err(unwritten());
                }
                let chunks = Chunks::check(dataset, dims, shape, number, kind)?;
                let entries = chunks
                    .entries(
                        storage.storage(),
                        superblock.offset_size,
                        superblock.length_size,
                        *address,
                        chunk_indexing.as_ref(),
                    )
                    .map_err(|error| refused(&error))?;
                if entries.is_empty() {
                    return Err(unwritten());
                }
                Place::Chunks {
                    entries,
                    filters: filters.unwrap_or_default(),
                    sides: chunks.sides,
                }
            }
        };
        Ok(Self {
            source: opened.source.clone(),
            base: superblock.base_address,
            place,
            number,
            shape,
            kind,
        })
    }

    /// The bytes of its pixels, and where in them it begins.
    pub(super) fn read(&self) -> Result<(Vec<u8>, usize), FrameError> {
        let size = self.shape.pixels() * self.kind.bytes;
        match &self.place {
            Place::Inline(data) => Ok((data.clone(), self.number.saturating_mul(size))),
            Place::Plain(address) => {
                let start = (self.number as u64).saturating_mul(size as u64);
                Ok((self.stored(address.saturating_add(start), size)?, 0))
            }
            Place::Chunks {
                entries,
                filters,
                sides,
            } => self.chunks(entries, filters, *sides),
        }
    }

    fn chunks(
        &self,
        entries: &[ChunkEntry],
        filters: &[FilterDescription],
        sides: [usize; 3],
    ) -> Result<(Vec<u8>, usize), FrameError> {
        let [deep, high, wide] = sides;
        let pixel = self.kind.bytes;
        let length = deep * high * wide * pixel;
        let within = self.number % deep * high * wide * pixel;
        let decoded = |entry: &ChunkEntry| {
            let stored = match (filters, entry.size) {
                ([], _) | (_, 0) => length as u64,
                (_, size) => size,
            };
            let stored = usize::try_from(stored)
                .ok()
                .filter(|stored| *stored <= LONGEST_FILE + 4096);
            let stored = self.stored(entry.address, stored.ok_or_else(|| too_large(LONGEST_FILE + 1))?)?;
            codec::decode(stored, filters, entry.filter_mask, pixel, length)
        };
        if (high, wide) == (self.shape.height, self.shape.width) {
            let entry = entries.first().ok_or_else(unwritten)?;
            return Ok((decoded(entry)?, within));
        }
        let row = self.shape.width * pixel;
        let mut plane = vec![0; self.shape.height * row];
        for entry in entries {
            let offset = |side: usize| {
                let from_end = entry.offsets.len().checked_sub(side)?;
                usize::try_from(*entry.offsets.get(from_end)?).ok()
            };
            let (Some(top), Some(left)) = (offset(2), offset(1)) else {
                return Err(damaged("a chunk is nowhere"));
            };
            let chunk = decoded(entry)?;
            let rows = chunk.get(within..).unwrap_or_default().chunks_exact(wide * pixel);
            for (from, to) in rows.take(high).zip(plane.chunks_exact_mut(row).skip(top)) {
                for (to, from) in to.iter_mut().skip(left.saturating_mul(pixel)).zip(from) {
                    *to = *from;
                }
            }
        }
        Ok((plane, 0))
    }

    fn stored(&self, address: u64, length: usize) -> Result<Vec<u8>, FrameError> {
        let start = address.saturating_add(self.base);
        if start.saturating_add(length as u64) > self.source.length() {
            return Err(damaged("its file ends before its pixels do"));
        }
        let mut bytes = vec![0; length];
        self.source
            .read_at(start, &mut bytes)
            .map_err(|error| FrameError::Disk(error.to_string()))?;
        Ok(bytes)
    }
}

/// The chunks that hold one plane.
struct Chunks<'a> {
    dataset: &'a Dataset,
    dims: &'a [u32],
    pixel: usize,
    first: Vec<u64>,
    last: Vec<u64>,
    sides: [usize; 3],
}

impl<'a> Chunks<'a> {
    fn check(
        dataset: &'a Dataset,
        dims: &'a [u32],
        shape: Shape,
        number: usize,
        kind: Kind,
    ) -> Result<Self, FrameError> {
        // Newer layouts have the bytes of an element as a last side.
        let dims = dims.get(..dataset.shape().len()).unwrap_or(dims);
        let side = |side: u32| usize::try_from(side).unwrap_or(usize::MAX);
        let sides = match (dims, dataset.shape().len()) {
            ([high, wide], 2) => [1, side(*high), side(*wide)],
            ([deep, high, wide], 3) => [side(*deep), side(*high), side(*wide)],
            _ => return Err(damaged("its chunks have other dimensions than its frames")),
        };
        let bytes = sides
            .iter()
            .try_fold(kind.bytes, |bytes, side| bytes.checked_mul(*side));
        match bytes {
            Some(0) => return Err(damaged("its chunks are empty")),
            Some(bytes) if bytes <= LONGEST_FILE => {}
            _ => return Err(too_large(bytes.unwrap_or(usize::MAX))),
        }
        let [deep, high, wide] = sides.map(|side| side as u64);
        let layer = number as u64 / deep;
        let bottom = (shape.height as u64 - 1) / high;
        let right = (shape.width as u64 - 1) / wide;
        if (bottom + 1) * (right + 1) > MOST_CHUNKS {
            return Err(FrameError::TooLarge("it is in too many chunks".to_owned()));
        }
        let (mut first, mut last) = (vec![layer, 0, 0], vec![layer, bottom, right]);
        if dims.len() == 2 {
            (first, last) = (vec![0, 0], vec![bottom, right]);
        }
        Ok(Self {
            dataset,
            dims,
            pixel: kind.bytes,
            first,
            last,
            sides,
        })
    }

    fn entries(
        &self,
        storage: &dyn hdf5_reader::storage::Storage,
        offset_size: u8,
        length_size: u8,
        address: u64,
        index: Option<&ChunkIndexing>,
    ) -> Result<Vec<ChunkEntry>, Error> {
        let (shape, dims) = (self.dataset.shape(), self.dims);
        let bounds = Some((self.first.as_slice(), self.last.as_slice()));
        let rank = u32::try_from(dims.len()).unwrap_or(0);
        let mut entries = match index {
            None => {
                let leaves = collect_btree_v1_leaves_storage(
                    storage,
                    address,
                    offset_size,
                    length_size,
                    Some(rank),
                    dims,
                    bounds,
                )?;
                leaves.into_iter().filter_map(of_leaf).collect()
            }
            Some(ChunkIndexing::SingleChunk {
                filtered_size,
                filters,
            }) => vec![single_chunk_entry(address, *filtered_size, *filters, dims.len())],
            Some(ChunkIndexing::BTreeV2) => collect_v2_chunk_entries_storage(
                storage,
                address,
                offset_size,
                length_size,
                rank,
                dims,
                bounds,
            )?,
            Some(ChunkIndexing::Implicit) => {
                collect_implicit_chunk_entries(address, shape, dims, self.pixel, bounds, storage.len())?
            }
            Some(ChunkIndexing::FixedArray { .. }) => collect_fixed_array_chunk_entries_storage(
                storage,
                address,
                offset_size,
                length_size,
                shape,
                dims,
                bounds,
            )?,
            Some(ChunkIndexing::ExtensibleArray { .. }) => collect_extensible_array_chunk_entries_storage(
                storage,
                address,
                offset_size,
                length_size,
                shape,
                self.dataset.max_dims(),
                dims,
                bounds,
            )?,
        };
        entries.retain(|entry| entry.address != UNDEFINED && self.holds(&entry.offsets));
        Ok(entries)
    }

    /// Whether a chunk at `offsets` is one of them.
    fn holds(&self, offsets: &[u64]) -> bool {
        offsets.len() >= self.dims.len()
            && (offsets.iter().zip(self.dims))
                .zip(self.first.iter().zip(&self.last))
                .all(|((offset, side), (first, last))| {
                    (*first..=*last).contains(&(offset / u64::from(*side).max(1)))
                })
    }
}

fn of_leaf((key, address): (BTreeV1Key, u64)) -> Option<ChunkEntry> {
    let BTreeV1Key::RawData {
        chunk_size,
        filter_mask,
        mut offsets,
    } = key
    else {
        return None;
    };
    // The last one is within an element.
    offsets.pop();
    Some(ChunkEntry {
        address,
        size: chunk_size.into(),
        filter_mask,
        offsets,
    })
}

impl Kind {
    fn of(datatype: &Datatype) -> Result<Self, FrameError> {
        let (size, signed, float, order) = match datatype {
            Datatype::FixedPoint {
                size: size @ (1 | 2 | 4),
                signed,
                byte_order,
            } => (*size, *signed, false, byte_order),
            Datatype::FloatingPoint {
                size: size @ (4 | 8),
                byte_order,
            } => (*size, true, true, byte_order),
            _ => {
                return Err(FrameError::Unsupported(
                    "its pixels are neither integers of 8, 16 or 32 bits nor floats".to_owned(),
                ))
            }
        };
        Ok(Self {
            bytes: size.into(),
            signed,
            float,
            big_endian: *order != ByteOrder::LittleEndian,
        })
    }

    /// Bytes of a pixel.
    pub(super) fn bytes(self) -> usize {
        self.bytes
    }

    /// What floats are multiplied by.
    pub(super) fn scale(self, bytes: &[u8]) -> Option<Scale> {
        self.float
            .then(|| Scale::of(bytes.chunks_exact(self.bytes).map(|pixel| self.float(pixel))))
    }

    /// Counts of a row. The highest numbers of an unsigned type mark what is masked.
    pub(super) fn counts(self, bytes: &[u8], scale: Option<Scale>, row: &mut [i32]) {
        let pixels = bytes.chunks_exact(self.bytes).zip(row);
        match (scale, self.bytes, self.signed, self.big_endian) {
            (Some(scale), ..) => pixels.for_each(|(pixel, to)| *to = scale.count(self.float(pixel))),
            (None, 4, false, false) => pixels.for_each(|(pixel, to)| {
                let count = pixel.first_chunk().map_or(0, |pixel| u32::from_le_bytes(*pixel));
                *to = masked_above(count, u32::MAX - 1);
            }),
            (None, 2, false, false) => pixels.for_each(|(pixel, to)| {
                let count = pixel.first_chunk().map_or(0, |pixel| u16::from_le_bytes(*pixel));
                *to = masked_above(count.into(), u16::MAX.into());
            }),
            (None, 1, false, _) => pixels.for_each(|(pixel, to)| {
                let count = pixel.first().copied().unwrap_or(0);
                *to = masked_above(count.into(), u8::MAX.into());
            }),
            _ => pixels.for_each(|(pixel, to)| *to = self.count(pixel)),
        }
    }

    /// One pixel, of any kind.
    fn count(self, pixel: &[u8]) -> i32 {
        let mut bytes = [0; 4];
        for (to, from) in bytes.iter_mut().zip(pixel) {
            *to = *from;
        }
        if self.big_endian {
            bytes.get_mut(..self.bytes).unwrap_or_default().reverse();
        }
        let bits = u32::from_le_bytes(bytes);
        let unused = 32 - u32::try_from(self.bytes * 8).unwrap_or(32).min(32);
        if self.signed {
            (bits << unused).cast_signed() >> unused
        } else {
            let most = u32::MAX >> unused;
            masked_above(bits, if self.bytes == 4 { most - 1 } else { most })
        }
    }

    #[allow(
        clippy::cast_possible_truncation,
        reason = "a picture needs no double precision"
    )]
    fn float(self, pixel: &[u8]) -> f32 {
        match (self.bytes, self.big_endian) {
            (4, false) => pixel
                .first_chunk()
                .map_or(f32::NAN, |pixel| f32::from_le_bytes(*pixel)),
            (4, true) => pixel
                .first_chunk()
                .map_or(f32::NAN, |pixel| f32::from_be_bytes(*pixel)),
            (_, false) => pixel
                .first_chunk()
                .map_or(f32::NAN, |pixel| f64::from_le_bytes(*pixel) as f32),
            (_, true) => pixel
                .first_chunk()
                .map_or(f32::NAN, |pixel| f64::from_be_bytes(*pixel) as f32),
        }
    }
}

fn masked_above(count: u32, least: u32) -> i32 {
    if count >= least {
        -1
    } else {
        i32::try_from(count).unwrap_or(i32::MAX)
    }
}

fn damaged(what: &str) -> FrameError {
    FrameError::Damaged(what.to_owned())
}

fn unwritten() -> FrameError {
    FrameError::Missing("this frame has not been written".to_owned())
}

fn too_large(bytes: usize) -> FrameError {
    FrameError::TooLarge(format!(
        "a chunk of its pixels has {bytes} bytes, at most {LONGEST_FILE} are read"
    ))
}
