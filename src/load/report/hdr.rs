//! HDR histogram logs: one file per operation, one line per second, in µs, as HdrHistogram's own tools read them.

use crate::cli::Failure;
use crate::load::measure::Tally;
use crate::load::program::Operation;
use beamlive_storage::Timestamp;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, IntervalLogWriterError};
use hdrhistogram::serialization::{V2DeflateSerializeError, V2DeflateSerializer};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The logs of a run. A file is made when its operation is first seen.
pub struct Logs {
    directory: PathBuf,
    began: SystemTime,
    serializer: V2DeflateSerializer,
    files: BTreeMap<Operation, BufWriter<File>>,
}

impl Logs {
    /// Those of a run that began at `began`, in `directory`, which is made if need be.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn new(directory: &Path, began: Timestamp) -> Result<Self, Failure> {
        std::fs::create_dir_all(directory)
            .map_err(|error| format!("can't make {}: {error}", directory.display()))?;
        let micros = u64::try_from(began.0).unwrap_or_default();
        Ok(Self {
            directory: directory.to_owned(),
            began: SystemTime::UNIX_EPOCH + Duration::from_micros(micros),
            serializer: V2DeflateSerializer::new(),
            files: BTreeMap::new(),
        })
    }

    /// Writes what was counted in the `length` before `at`, from the start.
    ///
    /// # Errors
    /// When a file can't be written.
    pub fn write(&mut self, tally: &Tally, at: Duration, length: Duration) -> Result<(), Failure> {
        for (operation, counts) in tally.operations().filter(|(_, counts)| counts.made() > 0) {
            if !self.files.contains_key(&operation) {
                let name = format!("{}.hlog", operation.name().replace(' ', "-"));
                let path = self.directory.join(name);
                let mut file = BufWriter::new(
                    File::create(&path).map_err(|error| format!("can't make {}: {error}", path.display()))?,
                );
                IntervalLogWriterBuilder::new()
                    .add_comment(&format!(
                        "beamlive load: {}, µs from when it was due",
                        operation.name()
                    ))
                    .with_start_time(self.began)
                    .with_base_time(self.began)
                    .begin_log_with(&mut file, &mut self.serializer)?;
                self.files.insert(operation, file);
            }
            if let Some(file) = self.files.get_mut(&operation) {
                IntervalLogWriterBuilder::new()
                    .begin_log_with(file, &mut self.serializer)?
                    .write_histogram(&counts.latency, at.saturating_sub(length), length, None)
                    .map_err(|error: IntervalLogWriterError<V2DeflateSerializeError>| error.to_string())?;
            }
        }
        Ok(())
    }

    /// All of it is in the files.
    ///
    /// # Errors
    /// When it can't be.
    pub fn finish(mut self) -> Result<(), Failure> {
        self.files.values_mut().try_for_each(|file| Ok(file.flush()?))
    }
}
