//! Makes pictures of frames and snapshots on a pool, and stores them in the cache. Concurrent
//! requests for one picture share the work.

pub mod series;

use super::bounded::read_all;
use super::cache::{Cache, CacheKey};
use super::disk::{off_disk, Disk};
use super::frame::hdf5::Mask;
use super::frame::tone::Brightness;
use super::frame::{self, encode, packed, FrameError, Picture, LONGEST_FILE};
use super::shelf::{Identity, OpenFile};
use super::snapshot::animation::{self, SnapshotError};
use actix_web::web::Bytes;
use beamlive_actors::ask::Unavailable;
use futures_util::future::{BoxFuture, Shared};
use futures_util::FutureExt;
use lru::LruCache;
use parking_lot::Mutex;
use rayon::{ThreadPool, ThreadPoolBuilder};
use series::SeriesFrame;
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use thiserror::Error;
use tokio::sync::Semaphore;

/// Frames that were decoded last, for requests at another brightness: 2 MiB each.
const RECENT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(7);

/// Masks of detectors that were used last: up to 2 MiB each.
const MASKS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(3);

/// A frame that was found.
pub enum Frame {
    /// A file with one frame.
    File(OpenFile),
    /// One frame of an HDF5 file.
    Series(Box<SeriesFrame>),
}

impl Frame {
    /// The cache key of a picture of it; `what` is in lowercase letters.
    #[must_use]
    pub fn key(&self, what: &str) -> CacheKey {
        match self {
            Self::File(file) => CacheKey::of_file(what, &file.identity),
            Self::Series(series) => series.key(what),
        }
    }

    fn disk(&self) -> &Arc<Disk> {
        match self {
            Self::File(file) => file.file.disk(),
            Self::Series(series) => &series.disk,
        }
    }
}

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PictureError {
    /// The frame can't be decoded.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The snapshots can't be combined.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// 503: the disk does not answer, or too many pictures are pending.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

type Outcome = Result<Bytes, PictureError>;
/// The pictures that are being made, for all requests that wait for them.
type Pending = HashMap<CacheKey, Shared<BoxFuture<'static, Outcome>>>;

/// Makes pictures and stores them in the cache.
#[derive(Debug)]
pub struct Pictures {
    cache: Cache,
    pending: Mutex<Pending>,
    /// Most pending pictures.
    most: usize,
    /// Limits the pictures of each disk, so that a disk that hangs does not block others.
    per_disk: Mutex<HashMap<String, Arc<Semaphore>>>,
    /// Decodes and encodes, for all disks.
    compute: ThreadPool,
    recent: Mutex<LruCache<CacheKey, Arc<Picture>>>,
    masks: Mutex<LruCache<Identity, Arc<Option<Mask>>>>,
    made: AtomicU64,
}

impl Pictures {
    /// Stores pictures in `cache`. At most `most` are pending. One core is left for other requests.
    ///
    /// # Errors
    /// If the system can't start threads.
    pub fn new(cache: Cache, most: usize) -> io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let compute = ThreadPoolBuilder::new()
            .num_threads(cores.saturating_sub(1).max(1))
            .thread_name(|_| "pictures".to_owned())
            .build()
            .map_err(io::Error::other)?;
        Ok(Self {
            cache,
            pending: Mutex::default(),
            most,
            per_disk: Mutex::default(),
            compute,
            recent: Mutex::new(LruCache::new(RECENT)),
            masks: Mutex::new(LruCache::new(MASKS)),
            made: AtomicU64::new(0),
        })
    }

    /// Pictures made since the start, including those that failed.
    #[must_use]
    pub fn made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }

    /// Bytes of the pictures in the cache.
    #[must_use]
    pub fn kept_bytes(&self) -> u64 {
        self.cache.bytes()
    }

    /// The picture in the cache, read without the disks of users' roots.
    ///
    /// # Errors
    /// [`Unavailable::Lost`] if reading panics.
    pub async fn cached(self: &Arc<Self>, key: CacheKey) -> Result<Option<Bytes>, Unavailable> {
        let pictures = self.clone();
        tokio::task::spawn_blocking(move || pictures.cache.get(&key))
            .await
            .map_err(|_| Unavailable::Lost("file reader"))
    }

    /// The PNG of a frame at a brightness.
    ///
    /// # Errors
    /// [`PictureError`]; [`Unavailable::Busy`] if too many pictures are pending.
    pub async fn frame(
        self: &Arc<Self>,
        key: CacheKey,
        frame: Frame,
        brightness: Brightness,
    ) -> Result<Bytes, PictureError> {
        self.make_once(key, frame.disk().clone(), move |pictures| {
            let picture = pictures.picture(&frame)?;
            let png = pictures.compute(|| encode::png(&picture, brightness));
            png.map_err(|error| FrameError::damaged(error.to_string()).into())
        })
        .await
    }

    /// The animated GIF of the PNGs in `files`, in this order.
    ///
    /// # Errors
    /// As [`Self::frame`].
    pub async fn animation(
        self: &Arc<Self>,
        key: CacheKey,
        files: Vec<OpenFile>,
    ) -> Result<Bytes, PictureError> {
        let Some(disk) = files.first().map(|file| file.file.disk().clone()) else {
            return Err(SnapshotError::TooLarge.into());
        };
        self.make_once(key, disk, move |pictures| {
            let mut animation = animation::Animation::new();
            for file in files {
                let bytes = read(&file, animation::LONGEST_FILE)?.ok_or(SnapshotError::TooLarge)?;
                pictures.compute(|| animation.add(&bytes))?;
            }
            Ok(pictures.compute(|| animation.finish())?)
        })
        .await
    }

    /// Runs `work`, which must not access a disk, on the pool.
    fn compute<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        off_disk(|| self.compute.install(work))
    }

    /// The decoded frame, from memory if it was used recently.
    fn picture(&self, frame: &Frame) -> Result<Arc<Picture>, PictureError> {
        let key = frame.key("frame");
        if let Some(picture) = self.recent.lock().get(&key) {
            return Ok(picture.clone());
        }
        let picture = Arc::new(match frame {
            Frame::File(file) => {
                let bytes = unpacked(file)?;
                self.compute(|| frame::picture(&bytes))?
            }
            Frame::Series(series) => {
                let mask = self.mask(series);
                let stored = series.located.fetch()?;
                self.compute(|| series.located.picture(stored, mask.as_ref().as_ref()))?
            }
        });
        self.recent.lock().put(key, picture.clone());
        Ok(picture)
    }

    /// The mask of a detector, which is read once for all frames of a file.
    fn mask(&self, series: &SeriesFrame) -> Arc<Option<Mask>> {
        if let Some(mask) = self.masks.lock().get(&series.master) {
            return mask.clone();
        }
        let mask = Arc::new(series.located.mask());
        self.masks.lock().put(series.master, mask.clone());
        mask
    }

    /// Makes the picture of `key`, or waits for it if it is being made already. It is completed and
    /// stored even if all callers have gone.
    async fn make_once(
        self: &Arc<Self>,
        key: CacheKey,
        disk: Arc<Disk>,
        make: impl FnOnce(&Self) -> Result<Vec<u8>, PictureError> + Send + 'static,
    ) -> Outcome {
        let outcome = {
            let mut pending = self.pending.lock();
            match pending.get(&key) {
                Some(outcome) => outcome.clone(),
                None if pending.len() >= self.most => return Err(Unavailable::Busy.into()),
                None => {
                    let entry = PendingEntry {
                        pictures: self.clone(),
                        key: key.clone(),
                    };
                    let task = tokio::spawn(async move { entry.make(&disk, make).await });
                    let lost = |_| Err(Unavailable::Lost("renderer").into());
                    let outcome = task.map(move |done| done.unwrap_or_else(lost)).boxed().shared();
                    pending.insert(key, outcome.clone());
                    outcome
                }
            }
        };
        outcome.await
    }
}

/// A picture that is being made. When this is dropped, the next request finds the picture in the
/// cache or makes it again.
struct PendingEntry {
    pictures: Arc<Pictures>,
    key: CacheKey,
}

impl PendingEntry {
    async fn make(
        self,
        disk: &Arc<Disk>,
        make: impl FnOnce(&Pictures) -> Result<Vec<u8>, PictureError> + Send + 'static,
    ) -> Outcome {
        let permits = self
            .pictures
            .per_disk
            .lock()
            .entry(disk.path().to_owned())
            .or_insert_with(|| Arc::new(Semaphore::new(self.pictures.compute.current_num_threads())))
            .clone();
        // Released when the disk does not answer, although its thread may hang longer.
        let _permit = permits.acquire().await;
        let (pictures, key) = (self.pictures.clone(), self.key.clone());
        let done = disk.run(move || {
            // It may have been made between the request and now.
            if let Some(picture) = pictures.cache.get(&key) {
                return Ok(picture);
            }
            pictures.made.fetch_add(1, Ordering::Relaxed);
            let picture = make(&pictures)?;
            pictures.cache.put(&key, &picture);
            Ok(Bytes::from(picture))
        });
        match done.await {
            Ok(outcome) => outcome,
            Err(Unavailable::Lost(_)) => {
                tracing::error!(key = %self.key, "a decoder panicked");
                Err(FrameError::damaged("it can't be decoded").into())
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl Drop for PendingEntry {
    fn drop(&mut self) {
        self.pictures.pending.lock().remove(&self.key);
    }
}

/// The decompressed bytes of a frame file.
fn unpacked(file: &OpenFile) -> Result<Vec<u8>, PictureError> {
    let bytes = read(file, LONGEST_FILE)?.ok_or_else(|| {
        FrameError::too_large(format!(
            "its file has more than the {LONGEST_FILE} bytes that are read"
        ))
    })?;
    Ok(packed::unpacked(bytes)?)
}

/// All bytes of a file; `None` if there are more than `limit`.
fn read(file: &OpenFile, limit: usize) -> Result<Option<Vec<u8>>, Unavailable> {
    let Some(length) = usize::try_from(file.identity.length)
        .ok()
        .filter(|length| *length <= limit)
    else {
        return Ok(None);
    };
    let file: &File = &file.file;
    read_all(file, length, limit).map_err(|error| Unavailable::Disk(error.to_string().into()))
}

#[cfg(test)]
mod tests;
