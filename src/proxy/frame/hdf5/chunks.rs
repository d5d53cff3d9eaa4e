//! Pure: finds the chunks of a data set that hold one plane, for all chunk indexes of HDF5.

use super::super::error::FrameError;
use super::super::shape::{Shape, LONGEST_FILE};
use super::pixel_type::PixelType;
use hdf5_reader::btree_v1::{collect_btree_v1_leaves_storage, BTreeV1Key};
use hdf5_reader::chunk_index::{
    collect_implicit_chunk_entries, collect_v2_chunk_entries_storage, single_chunk_entry, ChunkEntry,
};
use hdf5_reader::error::Error;
use hdf5_reader::extensible_array::collect_extensible_array_chunk_entries_storage;
use hdf5_reader::fixed_array::collect_fixed_array_chunk_entries_storage;
use hdf5_reader::messages::layout::ChunkIndexing;
use hdf5_reader::superblock::Superblock;
use hdf5_reader::Dataset;

/// Most chunks of one frame.
const MOST_CHUNKS: u64 = 4096;
/// The address of data that was never written.
pub(super) const UNDEFINED: u64 = u64::MAX;

/// The chunks that hold one plane.
pub(super) struct Chunks<'a> {
    dataset: &'a Dataset,
    dims: &'a [u32],
    pixel: usize,
    first: Vec<u64>,
    last: Vec<u64>,
    /// Planes, rows and columns of a chunk.
    pub(super) sides: [usize; 3],
}

impl<'a> Chunks<'a> {
    /// Checks the dimensions `dims` of the chunks, and determines which of them hold plane
    /// `number`.
    pub(super) fn new(
        dataset: &'a Dataset,
        dims: &'a [u32],
        shape: Shape,
        number: usize,
        pixel_type: PixelType,
    ) -> Result<Self, FrameError> {
        // Newer layouts have the size of an element as an additional last dimension.
        let dims = dims.get(..dataset.shape().len()).unwrap_or(dims);
        let side = |side: u32| usize::try_from(side).unwrap_or(usize::MAX);
        let sides = match (dims, dataset.shape().len()) {
            ([high, wide], 2) => [1, side(*high), side(*wide)],
            ([deep, high, wide], 3) => [side(*deep), side(*high), side(*wide)],
            _ => {
                return Err(FrameError::damaged(
                    "its chunks have other dimensions than its frames",
                ))
            }
        };
        let bytes = sides
            .iter()
            .try_fold(pixel_type.bytes(), |bytes, side| bytes.checked_mul(*side));
        match bytes {
            Some(0) => return Err(FrameError::damaged("its chunks are empty")),
            Some(bytes) if bytes <= LONGEST_FILE => {}
            _ => return Err(too_large(bytes.unwrap_or(usize::MAX))),
        }
        let [deep, high, wide] = sides.map(|side| side as u64);
        let layer = number as u64 / deep;
        let bottom = (shape.height as u64 - 1) / high;
        let right = (shape.width as u64 - 1) / wide;
        if (bottom + 1) * (right + 1) > MOST_CHUNKS {
            return Err(FrameError::too_large("it is in too many chunks"));
        }
        let (mut first, mut last) = (vec![layer, 0, 0], vec![layer, bottom, right]);
        if dims.len() == 2 {
            (first, last) = (vec![0, 0], vec![bottom, right]);
        }
        Ok(Self {
            dataset,
            dims,
            pixel: pixel_type.bytes(),
            first,
            last,
            sides,
        })
    }

    /// Reads the index at `address`.
    pub(super) fn entries(
        &self,
        storage: &dyn hdf5_reader::storage::Storage,
        superblock: &Superblock,
        address: u64,
        index: Option<&ChunkIndexing>,
    ) -> Result<Vec<ChunkEntry>, Error> {
        let (offset_size, length_size) = (superblock.offset_size, superblock.length_size);
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
                leaves.into_iter().filter_map(leaf_entry).collect()
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

    /// Whether the chunk at `offsets` holds a part of the plane.
    fn holds(&self, offsets: &[u64]) -> bool {
        offsets.len() >= self.dims.len()
            && (offsets.iter().zip(self.dims))
                .zip(self.first.iter().zip(&self.last))
                .all(|((offset, side), (first, last))| {
                    (*first..=*last).contains(&(offset / u64::from(*side).max(1)))
                })
    }
}

fn leaf_entry((key, address): (BTreeV1Key, u64)) -> Option<ChunkEntry> {
    let BTreeV1Key::RawData {
        chunk_size,
        filter_mask,
        mut offsets,
    } = key
    else {
        return None;
    };
    // The last offset is within an element.
    offsets.pop();
    Some(ChunkEntry {
        address,
        size: chunk_size.into(),
        filter_mask,
        offsets,
    })
}

pub(super) fn too_large(bytes: usize) -> FrameError {
    FrameError::too_large(format!(
        "a chunk of its pixels has {bytes} bytes, at most {LONGEST_FILE} are read"
    ))
}
