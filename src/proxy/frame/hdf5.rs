//! Pure: frames in HDF5 of Eiger detectors: a master file that links to data files, in which each
//! frame is a chunk. `hdf5-reader` reads the structures. Chunks are read and decompressed here, so
//! that one frame costs one chunk.
//!
//! | file | what it holds |
//! |---|---|
//! | `hdf5/source.rs` | the files, as the caller opens them |
//! | `hdf5/reading.rs` | structures, within a budget, and links to other files |
//! | `hdf5/plane.rs`, `hdf5/chunks.rs` | where the pixels of one frame are, and the chunks that hold them |
//! | `hdf5/pixel_type.rs` | the type of pixels, and their counts |
//! | `hdf5/codec.rs`, `hdf5/bitshuffle.rs` | decompresses chunks |

pub mod bitshuffle;
mod chunks;
pub mod codec;
mod pixel_type;
mod plane;
mod reading;
mod source;

pub use source::{Siblings, Source};

use super::error::FrameError;
use super::reduce::{Picture, Reducer};
use super::shape::Shape;
use hdf5_reader::Dataset;
use plane::{planes, Plane};
use reading::{Found, Opened, StructureReader};
use std::sync::Arc;

/// The first bytes of an HDF5 file.
const MAGIC: &[u8] = b"\x89HDF\r\n\x1a\n";
/// Most data files of a master.
const MOST_FILES: u64 = 2_000;
/// Frames in the requested file itself.
const OWN: [&str; 2] = ["entry/data/data", "entry/instrument/detector/data"];
const MASKS: [&str; 2] = [
    "entry/instrument/detector/detectorSpecific/pixel_mask",
    "entry/instrument/detector/pixel_mask",
];
const CUTOFFS: [&str; 3] = [
    "entry/instrument/detector/detectorSpecific/countrate_correction_count_cutoff",
    "entry/instrument/detector/detectorSpecific/saturation_value",
    "entry/instrument/detector/saturation_value",
];

/// A frame that was found, with its mask and cutoff.
pub struct Located {
    plane: Plane,
    mask: Option<Plane>,
    cutoff: Option<u64>,
    /// The name of its data file in the link; `None` if it is in the requested file.
    pub file: Option<String>,
}

/// The masked pixels: one bit for each pixel, rows padded to whole bytes.
#[derive(Debug)]
pub struct Mask {
    shape: Shape,
    bits: Vec<u8>,
}

/// Whether `bytes` begin an HDF5 file.
#[must_use]
pub fn is_hdf5(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Finds frame `number`, from 1, of the file `master`.
///
/// # Errors
/// [`FrameError::Missing`] if there are fewer, and others. Time and memory are bounded for any
/// file.
pub fn locate(
    master: Arc<dyn Source>,
    siblings: Arc<dyn Siblings>,
    number: u64,
) -> Result<Located, FrameError> {
    let reader = StructureReader::new(master, siblings)?;
    let (dataset, opened, index) = find(&reader, number)?;
    let plane = Plane::find(&dataset, &opened, index)?;
    let mask = MASKS.iter().find_map(|path| {
        let Ok(Found::DataSet(dataset, opened)) = reader.dataset(path) else {
            return None;
        };
        // A mask of another shape is ignored: a picture without its mask is better than none.
        Plane::find(&dataset, &opened, 0)
            .ok()
            .filter(|mask| mask.shape == plane.shape)
    });
    let cutoffs = CUTOFFS.iter().filter_map(|path| match reader.dataset(path) {
        Ok(Found::DataSet(dataset, _)) => scalar(&dataset),
        _ => None,
    });
    Ok(Located {
        mask,
        cutoff: cutoffs.min(),
        file: opened.name,
        plane,
    })
}

/// The data set that has frame `number`, and the index of the frame in it.
fn find(reader: &StructureReader, number: u64) -> Result<(Box<Dataset>, Opened, u64), FrameError> {
    // The number of the first frame in the next file, if it is known.
    let mut next = Some(1);
    let mut there = 0;
    let mut absent = None;
    for file in 1..=MOST_FILES {
        match reader.dataset(&format!("entry/data/data_{file:06}"))? {
            Found::DataSet(dataset, opened) => {
                let (frames, _) = planes(&dataset)?;
                let Some(first) = first_number(&dataset).or(next) else {
                    break;
                };
                if let Some(index) = number.checked_sub(first).filter(|index| *index < frames) {
                    return Ok((dataset, opened, index));
                }
                there += frames;
                next = Some(first.saturating_add(frames));
            }
            // Not written yet, or not copied.
            Found::Unresolved(name) => {
                next = None;
                absent.get_or_insert(name);
            }
            Found::Nothing if file == 1 => return own(reader, number),
            Found::Nothing => break,
        }
    }
    match absent {
        Some(name) if number > 0 => Err(FrameError::Missing(format!(
            "frame {number} can't be found: the data file {:?}, which the master links to, is not in this directory",
            shortened(&name)
        ))),
        _ => Err(missing(number, there)),
    }
}

/// The file name of a link, without its path on the detector's disk.
fn shortened(name: &str) -> String {
    name.rsplit('/')
        .next()
        .unwrap_or_default()
        .chars()
        .take(100)
        .collect()
}

/// The frame in the requested file itself.
fn own(reader: &StructureReader, number: u64) -> Result<(Box<Dataset>, Opened, u64), FrameError> {
    for path in OWN {
        if let Found::DataSet(dataset, opened) = reader.dataset(path)? {
            let (frames, _) = planes(&dataset)?;
            return match number.checked_sub(1).filter(|index| *index < frames) {
                Some(index) => Ok((dataset, opened, index)),
                None => Err(missing(number, frames)),
            };
        }
    }
    Err(FrameError::unsupported(
        "this HDF5 file has no frames under /entry/data",
    ))
}

fn missing(number: u64, there: u64) -> FrameError {
    FrameError::Missing(format!(
        "there is no frame {number}: there are {there}, numbered from 1"
    ))
}

/// The number of the first frame in a data set, from its attribute.
fn first_number(dataset: &Dataset) -> Option<u64> {
    whole(dataset.attribute("image_nr_low").ok()?.read_as_f64().ok()?)
}

/// A single number.
fn scalar(dataset: &Dataset) -> Option<u64> {
    if dataset.num_elements().ok()? != 1 {
        return None;
    }
    let bytes = dataset.read_native_bytes().ok()?;
    let number = match (dataset.dtype(), bytes.len()) {
        (hdf5_reader::Datatype::FloatingPoint { .. }, 4) => {
            whole(f32::from_ne_bytes(*bytes.first_chunk()?).into())?
        }
        (hdf5_reader::Datatype::FloatingPoint { .. }, 8) => whole(f64::from_ne_bytes(*bytes.first_chunk()?))?,
        (hdf5_reader::Datatype::FixedPoint { .. }, 1) => u64::from(*bytes.first()?),
        (hdf5_reader::Datatype::FixedPoint { .. }, 2) => u64::from(u16::from_ne_bytes(*bytes.first_chunk()?)),
        (hdf5_reader::Datatype::FixedPoint { .. }, 4) => u64::from(u32::from_ne_bytes(*bytes.first_chunk()?)),
        (hdf5_reader::Datatype::FixedPoint { .. }, 8) => u64::from_ne_bytes(*bytes.first_chunk()?),
        _ => return None,
    };
    (number > 0).then_some(number)
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is checked to be in the range of the type"
)]
fn whole(number: f64) -> Option<u64> {
    (1.0..9e15).contains(&number).then_some(number as u64)
}

impl Located {
    /// The mask of the detector, which is the same for all frames of a master.
    #[must_use]
    pub fn mask(&self) -> Option<Mask> {
        let plane = self.mask.as_ref()?;
        let (bytes, start) = plane.unpack(plane.fetch().ok()?).ok()?;
        let pixel = plane.pixel_type.bytes();
        let mut bits = Vec::with_capacity(plane.shape.height * plane.shape.width.div_ceil(8));
        let rows = bytes.get(start..)?.chunks_exact(plane.shape.width * pixel);
        for row in rows.take(plane.shape.height) {
            bits.extend(row.chunks(8 * pixel).map(|eight| {
                let masked = eight
                    .chunks_exact(pixel)
                    .map(|pixel| pixel.iter().any(|byte| *byte != 0));
                masked
                    .enumerate()
                    .fold(0, |bits, (at, masked)| bits | (u8::from(masked) << at))
            }));
        }
        Some(Mask {
            shape: plane.shape,
            bits,
        })
    }

    /// Reads the stored bytes. Only this touches the disk.
    ///
    /// # Errors
    /// [`FrameError`].
    pub fn fetch(&self) -> Result<Vec<Vec<u8>>, FrameError> {
        self.plane.fetch()
    }

    /// The picture, from the bytes that [`Self::fetch`] has read.
    ///
    /// # Errors
    /// [`FrameError`].
    pub fn picture(&self, stored: Vec<Vec<u8>>, mask: Option<&Mask>) -> Result<Picture, FrameError> {
        let (bytes, start) = self.plane.unpack(stored)?;
        let (shape, pixel_type) = (self.plane.shape, self.plane.pixel_type);
        let row_bytes = shape.width * pixel_type.bytes();
        let bytes = start
            .checked_add(shape.height * row_bytes)
            .and_then(|end| bytes.get(start..end))
            .ok_or_else(|| FrameError::damaged("its pixels are too few"))?;
        let saturation = self.cutoff.and_then(|cutoff| i32::try_from(cutoff).ok());
        let mut reducer = Reducer::new(shape, saturation.unwrap_or(i32::MAX));
        let scale = pixel_type.scale(bytes);
        let mut row = vec![0; shape.width];
        let mask = mask.filter(|mask| mask.shape == shape);
        let mut masks = mask.map(|mask| mask.bits.chunks(shape.width.div_ceil(8)));
        for bytes in bytes.chunks_exact(row_bytes) {
            pixel_type.counts(bytes, scale, &mut row);
            for (bits, pixels) in masks
                .iter_mut()
                .flat_map(Iterator::next)
                .flatten()
                .zip(row.chunks_mut(8))
            {
                if *bits != 0 {
                    for (at, pixel) in pixels.iter_mut().enumerate() {
                        if bits >> at & 1 == 1 {
                            *pixel = -1;
                        }
                    }
                }
            }
            reducer.push(&row);
        }
        Ok(reducer.finish())
    }
}

#[cfg(test)]
mod tests;
