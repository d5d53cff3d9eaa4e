//! Pure: where the pixels of one frame are in a data set, and their bytes.

use super::super::{FrameError, Shape, LONGEST_FILE};
use super::chunks::Chunks;
use super::codec;
use super::kind::Kind;
use super::reading::{refused, Opened};
use super::Source;
use hdf5_reader::chunk_index::ChunkEntry;
use hdf5_reader::messages::filter_pipeline::FilterDescription;
use hdf5_reader::messages::layout::DataLayout;
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::object_header::ObjectHeader;
use hdf5_reader::Dataset;
use std::sync::Arc;

/// Bytes of the description of a data set, at most.
const LONGEST_HEADER: usize = 1 << 20;
/// An address that says that nothing was written.
pub(super) const UNDEFINED: u64 = u64::MAX;

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
        let size = shape.pixels() * kind.bytes();
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

    /// Reads its bytes as they are stored: all that touches the disk.
    pub(super) fn fetch(&self) -> Result<Vec<Vec<u8>>, FrameError> {
        let size = self.shape.pixels() * self.kind.bytes();
        match &self.place {
            Place::Inline(data) => Ok(vec![data.clone()]),
            Place::Plain(address) => {
                let start = (self.number as u64).saturating_mul(size as u64);
                Ok(vec![self.stored(address.saturating_add(start), size)?])
            }
            Place::Chunks {
                entries,
                filters,
                sides,
            } => {
                let length = self.chunk_bytes(*sides);
                let stored = |entry: &ChunkEntry| {
                    let stored = match (filters.as_slice(), entry.size) {
                        ([], _) | (_, 0) => length as u64,
                        (_, size) => size,
                    };
                    let stored = usize::try_from(stored)
                        .ok()
                        .filter(|stored| *stored <= LONGEST_FILE + 4096);
                    self.stored(entry.address, stored.ok_or_else(|| too_large(LONGEST_FILE + 1))?)
                };
                let needed = if self.is_one(*sides) { 1 } else { entries.len() };
                entries.iter().take(needed).map(stored).collect()
            }
        }
    }

    /// The bytes of its pixels, and where in them it begins, out of what is stored. Touches no disk.
    pub(super) fn unpack(&self, stored: Vec<Vec<u8>>) -> Result<(Vec<u8>, usize), FrameError> {
        let mut stored = stored.into_iter();
        match &self.place {
            Place::Inline(_) => {
                let size = self.shape.pixels() * self.kind.bytes();
                Ok((
                    stored.next().unwrap_or_default(),
                    self.number.saturating_mul(size),
                ))
            }
            Place::Plain(_) => Ok((stored.next().unwrap_or_default(), 0)),
            Place::Chunks {
                entries,
                filters,
                sides,
            } => self.chunks(entries, filters, *sides, stored),
        }
    }

    /// Whether a chunk has whole planes, so that one is enough.
    fn is_one(&self, [_, high, wide]: [usize; 3]) -> bool {
        (high, wide) == (self.shape.height, self.shape.width)
    }

    fn chunk_bytes(&self, [deep, high, wide]: [usize; 3]) -> usize {
        deep * high * wide * self.kind.bytes()
    }

    fn chunks(
        &self,
        entries: &[ChunkEntry],
        filters: &[FilterDescription],
        sides: [usize; 3],
        stored: impl Iterator<Item = Vec<u8>>,
    ) -> Result<(Vec<u8>, usize), FrameError> {
        let [deep, high, wide] = sides;
        let pixel = self.kind.bytes();
        let within = self.number % deep * high * wide * pixel;
        let mut decoded = entries.iter().zip(stored).map(|(entry, stored)| {
            let chunk = codec::decode(stored, filters, entry.filter_mask, pixel, self.chunk_bytes(sides));
            Ok((entry, chunk?))
        });
        if self.is_one(sides) {
            let (_, chunk) = decoded.next().ok_or_else(unwritten)??;
            return Ok((chunk, within));
        }
        let row = self.shape.width * pixel;
        let mut plane = vec![0; self.shape.height * row];
        for one in decoded {
            let (entry, chunk): (&ChunkEntry, Vec<u8>) = one?;
            let offset = |side: usize| {
                let from_end = entry.offsets.len().checked_sub(side)?;
                usize::try_from(*entry.offsets.get(from_end)?).ok()
            };
            let (Some(top), Some(left)) = (offset(2), offset(1)) else {
                return Err(damaged("a chunk is nowhere"));
            };
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
pub(super) fn damaged(what: &str) -> FrameError {
    FrameError::Damaged(what.to_owned())
}

fn unwritten() -> FrameError {
    FrameError::Missing("this frame has not been written".to_owned())
}

pub(super) fn too_large(bytes: usize) -> FrameError {
    FrameError::TooLarge(format!(
        "a chunk of its pixels has {bytes} bytes, at most {LONGEST_FILE} are read"
    ))
}
