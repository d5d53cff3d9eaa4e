//! Pictures of frames and snapshots: made once however many ask, on a pool, and kept.

pub mod series;

use super::cache::{Cache, CacheKey};
use super::disk::{elsewhere, Disk};
use super::frame::hdf5::Mask;
use super::frame::tone::Brightness;
use super::frame::{self, encode, packed, FrameError, Picture, LONGEST_FILE};
use super::shelf::{Identity, OpenFile};
use super::snapshot::animation::{self, SnapshotError};
use actix_web::web::Bytes;
use beamlive_actors::ask::Unavailable;
use lru::LruCache;
use series::Numbered;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use thiserror::Error;
use tokio::sync::{watch, Semaphore};

/// Frames that were decoded last, for whoever looks at the same one at another brightness: 2 MiB each.
const RECENT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(7);

/// Masks of detectors that were used last: up to 2 MiB each.
const MASKS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(3);

/// A frame that was found.
pub enum Frame {
    /// A file that is one frame.
    File(OpenFile),
    /// One of many in a file.
    Numbered(Box<Numbered>),
}

impl Frame {
    /// What a picture of it is kept under; `what` is of small letters.
    #[must_use]
    pub fn key(&self, what: &str) -> CacheKey {
        match self {
            Self::File(file) => CacheKey::of_file(what, &file.identity),
            Self::Numbered(numbered) => numbered.key(what),
        }
    }

    fn disk(&self) -> &Arc<Disk> {
        match self {
            Self::File(file) => file.file.disk(),
            Self::Numbered(numbered) => &numbered.disk,
        }
    }
}

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PictureError {
    /// The frame can't be shown.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The snapshots can't be put together.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// 503: not now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

type Outcome = Result<Bytes, PictureError>;
/// Who waits for which picture.
type Flights = Mutex<HashMap<CacheKey, watch::Receiver<Option<Outcome>>>>;

/// Makes pictures and keeps them.
#[derive(Debug)]
pub struct Pictures {
    cache: Cache,
    flights: Flights,
    /// Pictures that are made or wait, at most.
    most: usize,
    /// Those of one disk that run: one that hangs keeps no others.
    turns: Mutex<HashMap<String, Arc<Semaphore>>>,
    /// Those of all disks that compute.
    computing: Mutex<usize>,
    computed: Condvar,
    /// How many do at once.
    cores: usize,
    recent: Mutex<LruCache<CacheKey, Arc<Picture>>>,
    masks: Mutex<LruCache<Identity, Arc<Option<Mask>>>>,
    made: AtomicU64,
}

impl Pictures {
    /// Keeps pictures in `cache`; at most `most` are made or wait at once. A core is left to everybody else.
    #[must_use]
    pub fn new(cache: Cache, most: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            cache,
            flights: Mutex::default(),
            most,
            turns: Mutex::default(),
            computing: Mutex::default(),
            computed: Condvar::new(),
            cores: cores.saturating_sub(1).max(1),
            recent: Mutex::new(LruCache::new(RECENT)),
            masks: Mutex::new(LruCache::new(MASKS)),
            made: AtomicU64::new(0),
        }
    }

    /// Pictures made since the start, those that failed among them.
    #[must_use]
    pub fn made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }

    /// Bytes of the pictures that are kept.
    #[must_use]
    pub fn kept_bytes(&self) -> u64 {
        self.cache.bytes()
    }

    /// A picture that is kept already. Blocks on the disk.
    #[must_use]
    pub fn kept(&self, key: &CacheKey) -> Option<Bytes> {
        self.cache.get(key)
    }

    /// The PNG of a frame, whose file may be packed, at a brightness.
    ///
    /// # Errors
    /// [`PictureError`]; [`Unavailable::Busy`] when too many pictures wait already.
    pub async fn frame(
        self: &Arc<Self>,
        key: CacheKey,
        frame: Frame,
        brightness: Brightness,
    ) -> Result<Bytes, PictureError> {
        self.once(key, frame.disk().clone(), move |pictures| {
            let picture = pictures.picture(&frame)?;
            let png = pictures.compute(|| encode::png(&picture, brightness));
            png.map_err(|error| FrameError::Damaged(error.to_string()).into())
        })
        .await
    }

    /// The animated GIF of the PNGs in `files`, in their order.
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
        self.once(key, disk, move |pictures| {
            let mut animation = animation::Animation::new();
            for file in files {
                let bytes = read(&file.file, file.identity.length, animation::LONGEST_FILE)?;
                let bytes = bytes.as_deref().ok_or(SnapshotError::TooLarge)?;
                pictures.compute(|| animation.add(bytes))?;
            }
            Ok(pictures.compute(|| animation.finish())?)
        })
        .await
    }

    /// The turns of those who read from `disk`.
    fn turns(&self, disk: &Disk) -> Arc<Semaphore> {
        let mut turns = lock(&self.turns);
        let turns = turns.entry(disk.path().to_owned());
        turns
            .or_insert_with(|| Arc::new(Semaphore::new(self.cores)))
            .clone()
    }

    /// Does what takes a core and touches no disk, once there is one.
    fn compute<T>(&self, work: impl FnOnce() -> T) -> T {
        elsewhere(|| {
            let busy = |computing: &mut usize| *computing >= self.cores;
            let waited = self.computed.wait_while(lock(&self.computing), busy);
            *waited.unwrap_or_else(PoisonError::into_inner) += 1;
            let _core = Core(self);
            work()
        })
    }

    /// The decoded frame, from memory if somebody has just looked at it.
    fn picture(&self, frame: &Frame) -> Result<Arc<Picture>, PictureError> {
        let key = frame.key("frame");
        if let Some(picture) = lock(&self.recent).get(&key) {
            return Ok(picture.clone());
        }
        let picture = Arc::new(match frame {
            Frame::File(file) => {
                let bytes = unpacked(&file.file, file.identity.length)?;
                self.compute(|| frame::picture(&bytes))?
            }
            Frame::Numbered(numbered) => {
                let mask = self.mask(numbered);
                let stored = numbered.located.fetch()?;
                self.compute(|| numbered.located.picture(stored, mask.as_ref().as_ref()))?
            }
        });
        lock(&self.recent).put(key, picture.clone());
        Ok(picture)
    }

    /// The mask of a detector, read once for all frames of a file.
    fn mask(&self, numbered: &Numbered) -> Arc<Option<Mask>> {
        if let Some(mask) = lock(&self.masks).get(&numbered.master) {
            return mask.clone();
        }
        let mask = Arc::new(numbered.located.mask());
        lock(&self.masks).put(numbered.master, mask.clone());
        mask
    }

    /// Makes the picture of `key` on the pool, or waits for the one that is being made for somebody else. It is finished, and
    /// kept, even if everybody has gone.
    async fn once(
        self: &Arc<Self>,
        key: CacheKey,
        disk: Arc<Disk>,
        make: impl FnOnce(&Self) -> Result<Vec<u8>, PictureError> + Send + 'static,
    ) -> Outcome {
        let mut outcome = {
            let mut flights = lock(&self.flights);
            match flights.get(&key) {
                Some(waiting) => waiting.clone(),
                None if flights.len() >= self.most => return Err(Unavailable::Busy.into()),
                None => {
                    let (done, waiting) = watch::channel(None);
                    flights.insert(key.clone(), waiting.clone());
                    let flight = Flight {
                        pictures: self.clone(),
                        key,
                    };
                    tokio::spawn(async move {
                        let outcome = flight.fly(&disk, make).await;
                        // The next one to ask finds the picture in the cache, or makes it again.
                        drop(flight);
                        let _ = done.send(Some(outcome));
                    });
                    waiting
                }
            }
        };
        let lost = || PictureError::from(Unavailable::Lost("renderer"));
        let outcome = outcome.wait_for(Option::is_some).await.map_err(|_| lost())?;
        outcome.clone().unwrap_or_else(|| Err(lost()))
    }
}

/// A core that computes a picture.
struct Core<'a>(&'a Pictures);

impl Drop for Core<'_> {
    fn drop(&mut self) {
        *lock(&self.0.computing) -= 1;
        self.0.computed.notify_one();
    }
}

/// A picture on its way; nobody can join any more when this is dropped.
struct Flight {
    pictures: Arc<Pictures>,
    key: CacheKey,
}

impl Flight {
    async fn fly(
        &self,
        disk: &Arc<Disk>,
        make: impl FnOnce(&Pictures) -> Result<Vec<u8>, PictureError> + Send + 'static,
    ) -> Outcome {
        // Given back when the disk does not answer, though its thread may wait on.
        let _turn = self.pictures.turns(disk).acquire_owned().await;
        let (pictures, key) = (self.pictures.clone(), self.key.clone());
        let done = disk.run(move || {
            // Whoever made it may have been faster than the one who asked for this.
            if let Some(kept) = pictures.cache.get(&key) {
                return Ok(kept);
            }
            pictures.made.fetch_add(1, Ordering::Relaxed);
            let picture = make(&pictures)?;
            pictures.cache.put(&key, &picture);
            Ok(Bytes::from(picture))
        });
        match done.await {
            Ok(outcome) => outcome,
            Err(Unavailable::Lost(_)) => {
                tracing::error!(key = %self.key, "a decoder gave up");
                Err(FrameError::Damaged("it can't be decoded".to_owned()).into())
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        lock(&self.pictures.flights).remove(&self.key);
    }
}

/// What is locked here is in order even if somebody panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The bytes of a frame file.
fn unpacked(file: &File, length: u64) -> Result<Vec<u8>, PictureError> {
    let too_large = || {
        FrameError::TooLarge(format!(
            "its file has more than the {LONGEST_FILE} bytes that are read"
        ))
    };
    let bytes = read(file, length, LONGEST_FILE)?.ok_or_else(too_large)?;
    Ok(packed::unpacked(bytes)?)
}

/// All bytes of a file that had `length` when it was opened; none if there are more than `longest`.
fn read(file: &File, length: u64, longest: usize) -> Result<Option<Vec<u8>>, PictureError> {
    let fits = |length: &usize| *length <= longest;
    let Some(length) = usize::try_from(length).ok().filter(fits) else {
        return Ok(None);
    };
    let mut bytes = Vec::with_capacity(length);
    let disk = |error: io::Error| Unavailable::Disk(error.to_string().into());
    file.take(longest as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(disk)?;
    Ok(Some(bytes).filter(|bytes| bytes.len() <= longest))
}

#[cfg(test)]
mod tests;
