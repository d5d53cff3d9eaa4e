//! HDR histogram logs: one file per operation, one line per second, in µs, in the format of
//! HdrHistogram's own tools.

use crate::measure::Tally;
use crate::program::Operation;
use beamlive_client::Failure;
use beamlive_storage::Timestamp;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, IntervalLogWriterError};
use hdrhistogram::serialization::{V2DeflateSerializeError, V2DeflateSerializer};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The logs of a run. A file is created when its operation first occurs.
pub(crate) struct Logs {
    directory: PathBuf,
    began: SystemTime,
    serializer: V2DeflateSerializer,
    files: BTreeMap<Operation, BufWriter<File>>,
}

impl Logs {
    /// The logs of a run that began at `began`. The directory is created if it does not exist.
    pub(crate) fn new(directory: &Path, began: Timestamp) -> Result<Self, Failure> {
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

    /// Writes what was counted in the `length` before `at`.
    pub(crate) fn write(&mut self, tally: &Tally, at: Duration, length: Duration) -> Result<(), Failure> {
        for (operation, counts) in tally.operations().filter(|(_, counts)| counts.made() > 0) {
            if !self.files.contains_key(&operation) {
                let file = self.create(operation)?;
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

    fn create(&mut self, operation: Operation) -> Result<BufWriter<File>, Failure> {
        let name = operation.name();
        let path = self.directory.join(format!("{}.hlog", name.replace(' ', "-")));
        let file = File::create(&path).map_err(|error| format!("can't make {}: {error}", path.display()))?;
        let mut file = BufWriter::new(file);
        IntervalLogWriterBuilder::new()
            .add_comment(&format!("beamlive load: {name}, µs from when it was due"))
            .with_start_time(self.began)
            .with_base_time(self.began)
            .begin_log_with(&mut file, &mut self.serializer)?;
        Ok(file)
    }

    /// Flushes all files.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        self.files.values_mut().try_for_each(|file| Ok(file.flush()?))
    }
}
