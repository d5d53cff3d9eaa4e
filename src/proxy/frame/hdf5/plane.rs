//! Finds and reads the pixels of one frame in a data set.

use super::super::error::FrameError;
use super::super::shape::{Shape, LONGEST_FILE};
use super::chunks::{too_large, Chunks, UNDEFINED};
use super::codec;
use super::pixel_type::PixelType;
use super::reading::Opened;
use super::source::Source;
use hdf5_reader::chunk_index::{single_chunk_entry, ChunkEntry};
use hdf5_reader::messages::filter_pipeline::FilterDescription;
use hdf5_reader::messages::layout::DataLayout;
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::object_header::ObjectHeader;
use hdf5_reader::Dataset;
use std::sync::Arc;

/// Longest header of a data set, in bytes.
const LONGEST_HEADER: usize = 1 << 20;

/// One frame of a data set.
pub(super) struct Plane {
    source: Arc<dyn Source>,
    base: u64,
    /// The bytes, if they are in the header of the data set.
    compact: Option<Vec<u8>>,
    /// The chunks that hold the plane. Without chunks, the plane is treated as one.
    entries: Vec<ChunkEntry>,
    filters: Vec<FilterDescription>,
    /// Planes, rows and columns of a chunk.
    sides: [usize; 3],
    number: usize,
    pub(super) shape: Shape,
    pub(super) pixel_type: PixelType,
}

/// The number of planes of a data set, and their shape.
pub(super) fn planes(dataset: &Dataset) -> Result<(u64, Shape), FrameError> {
    match *dataset.shape() {
        [height, width] => Ok((1, Shape::new(width, height)?)),
        [planes, height, width] => Ok((planes, Shape::new(width, height)?)),
        _ => Err(FrameError::unsupported(format!(
            "its frames are a data set of {} dimensions",
            dataset.shape().len()
        ))),
    }
}

impl Plane {
    /// Finds plane `number` of a data set, counted from 0.
    pub(super) fn find(dataset: &Dataset, opened: &Opened, number: u64) -> Result<Self, FrameError> {
        let (_, shape) = planes(dataset)?;
        let pixel_type = PixelType::of(dataset.dtype())?;
        let size = shape.pixels() * pixel_type.bytes();
        if size > LONGEST_FILE {
            return Err(too_large(size));
        }
        let file = &opened.file;
        let (root, superblock) = (file.root_group()?, file.superblock());
        let header = ObjectHeader::parse_at_storage_with_limit(
            root.storage(),
            dataset.address(),
            superblock.offset_size,
            superblock.length_size,
            LONGEST_HEADER,
        )?;
        let layout = header.messages.iter().find_map(|message| match message {
            HdfMessage::DataLayout(message) => Some(&message.layout),
            _ => None,
        });
        let filters = header.messages.iter().find_map(|message| match message {
            HdfMessage::FilterPipeline(message) => Some(message.filters.clone()),
            _ => None,
        });
        let number = usize::try_from(number).map_err(|_| FrameError::damaged("its frames are too many"))?;
        let start = number.saturating_mul(size);
        let mut plane = Self {
            source: opened.source.clone(),
            base: superblock.base_address,
            compact: None,
            entries: Vec::new(),
            filters: Vec::new(),
            sides: [1, shape.height, shape.width],
            number,
            shape,
            pixel_type,
        };
        match layout.ok_or_else(|| FrameError::damaged("a data set has no layout"))? {
            DataLayout::Contiguous { address, .. } | DataLayout::Chunked { address, .. }
                if *address == UNDEFINED => {}
            DataLayout::Compact { data } => {
                let bytes = data.get(start..).and_then(|rest| rest.get(..size));
                let bytes = bytes.ok_or_else(|| FrameError::damaged("its pixels are too few"))?;
                plane.compact = Some(bytes.to_vec());
                plane.entries = vec![single_chunk_entry(0, 0, 0, 2)];
            }
            DataLayout::Contiguous { address, .. } => {
                let address = address.saturating_add(start as u64);
                plane.entries = vec![single_chunk_entry(address, 0, 0, 2)];
            }
            DataLayout::Chunked {
                address,
                dims,
                chunk_indexing,
                ..
            } => {
                let chunks = Chunks::new(dataset, dims, shape, number, pixel_type)?;
                plane.entries =
                    chunks.entries(root.storage(), superblock, *address, chunk_indexing.as_ref())?;
                plane.filters = filters.unwrap_or_default();
                plane.sides = chunks.sides;
            }
        }
        if plane.entries.is_empty() {
            return Err(unwritten());
        }
        if plane.has_whole_planes() {
            plane.entries.truncate(1);
        }
        Ok(plane)
    }

    /// Reads the stored bytes of each chunk. Only this touches the disk.
    pub(super) fn fetch(&self) -> Result<Vec<Vec<u8>>, FrameError> {
        if let Some(bytes) = &self.compact {
            return Ok(vec![bytes.clone()]);
        }
        let stored = |entry: &ChunkEntry| {
            let length = match (self.filters.as_slice(), entry.size) {
                ([], _) | (_, 0) => Ok(self.chunk_bytes()),
                (_, size) => usize::try_from(size),
            };
            let length = length.ok().filter(|length| *length <= LONGEST_FILE + 4096);
            self.stored(entry.address, length.ok_or_else(|| too_large(LONGEST_FILE + 1))?)
        };
        self.entries.iter().map(stored).collect()
    }

    /// Whether chunks hold whole planes, so that one chunk is enough.
    fn has_whole_planes(&self) -> bool {
        let [_, high, wide] = self.sides;
        (high, wide) == (self.shape.height, self.shape.width)
    }

    fn chunk_bytes(&self) -> usize {
        self.sides.iter().product::<usize>() * self.pixel_type.bytes()
    }

    /// Decompresses the stored bytes. Returns the bytes of the pixels and the offset of the plane
    /// in them.
    pub(super) fn unpack(&self, stored: Vec<Vec<u8>>) -> Result<(Vec<u8>, usize), FrameError> {
        let [deep, high, wide] = self.sides;
        let pixel = self.pixel_type.bytes();
        let within = self.number % deep * high * wide * pixel;
        let mut chunks = self.entries.iter().zip(stored).map(|(entry, stored)| {
            let length = self.chunk_bytes();
            let chunk = codec::decode(stored, &self.filters, entry.filter_mask, pixel, length);
            Ok::<_, FrameError>((entry, chunk?))
        });
        if self.has_whole_planes() {
            let (_, chunk) = chunks.next().ok_or_else(unwritten)??;
            return Ok((chunk, within));
        }
        let row = self.shape.width * pixel;
        let mut plane = vec![0; self.shape.height * row];
        for chunk in chunks {
            let (entry, chunk) = chunk?;
            let [.., top, left] = entry.offsets.as_slice() else {
                return Err(FrameError::damaged("a chunk has no offset"));
            };
            let (Ok(top), Ok(left)) = (usize::try_from(*top), usize::try_from(*left)) else {
                return Err(FrameError::damaged("a chunk has no offset"));
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
            return Err(FrameError::damaged("its file ends before its pixels do"));
        }
        let mut bytes = vec![0; length];
        self.source
            .read_at(start, &mut bytes)
            .map_err(|error| FrameError::Disk(error.to_string()))?;
        Ok(bytes)
    }
}

fn unwritten() -> FrameError {
    FrameError::Missing("this frame has not been written".to_owned())
}
