//! Which directory a secure key opens: from the Data Proxy's own dump.

use crate::dump::fields::{DumpDate, FieldError, Fields};
use crate::dump::{self, DumpError};
use crate::exact::FIELD;
use crate::notes::Notes;
use crate::pk::Pk;
use crate::rows::Row;
use beamlive_storage::records::{directory_digest, SecureKey, Subject};
use beamlive_storage::Timestamp;
use chrono_tz::Tz;
use rmpv::Value;
use std::io::Read;

const LABEL: &str = "downloads.securepath";
/// Longest directory, in bytes.
const LONGEST: usize = 4096;

/// The digests of the directories that keys open. Costs 36 bytes a key.
#[derive(Debug, Default)]
pub struct Directories(Vec<([u8; 20], [u8; 16])>);

impl Directories {
    /// Reads the Data Proxy's dump. `progress` is called with the number of bytes read.
    ///
    /// # Errors
    /// [`DumpError`].
    pub fn read(source: impl Read, zone: Tz, progress: &mut dyn FnMut(u64)) -> Result<Self, DumpError> {
        let mut all = Vec::new();
        paths(
            source,
            zone,
            &mut Notes::new(),
            progress,
            |key, directory, _, _| {
                all.push((key.0, directory_digest(directory)));
            },
        )?;
        // Of two rows of one key, the choice must not depend on their order.
        all.sort_unstable();
        all.dedup_by_key(|(key, _)| *key);
        Ok(Self(all))
    }

    /// The digest of the directory that a key opens.
    #[must_use]
    pub fn digest(&self, key: &SecureKey) -> Option<[u8; 16]> {
        let place = self.0.binary_search_by_key(&key.0, |(key, _)| *key).ok()?;
        self.0.get(place).map(|(_, digest)| *digest)
    }

    /// Whether this is the directory that the key opens.
    #[must_use]
    pub fn opens(&self, key: &SecureKey, directory: &str) -> bool {
        self.digest(key) == Some(directory_digest(directory))
    }

    /// How many keys are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Gives each key of the Data Proxy's dump with its directory and its time.
///
/// # Errors
/// [`DumpError`].
pub(crate) fn paths(
    source: impl Read,
    zone: Tz,
    notes: &mut Notes,
    progress: &mut dyn FnMut(u64),
    mut each: impl FnMut(SecureKey, &str, Timestamp, &Option<Value>),
) -> Result<(), DumpError> {
    dump::read(
        source,
        |model| model == LABEL,
        progress,
        |_, record| {
            let Ok(record) = record else {
                return Ok(());
            };
            let pk = Pk::of(&record.pk).unwrap_or(Pk::Number(0));
            let row = SecurePath::read(&record.fields, zone)?;
            let key = row.key.as_deref().and_then(secure_key);
            match (key, row.path) {
                (None, _) => notes.left_out(LABEL, &pk, "its key is not 40 hexadecimal digits"),
                (_, None) => notes.left_out(LABEL, &pk, "it has no path"),
                (_, Some(path)) if path.len() > LONGEST || path.contains('\0') => {
                    notes.left_out(
                        LABEL,
                        &pk,
                        format!("its path is longer than {LONGEST} bytes, or has a NUL"),
                    );
                }
                (Some(key), Some(path)) => {
                    let created = notes.instant(LABEL, &pk, "created", row.created.as_ref());
                    each(key, &path, created.unwrap_or(Timestamp(0)), &row.exact);
                }
            }
            Ok(())
        },
    )
}

/// A row of the Data Proxy's dump.
struct SecurePath {
    path: Option<String>,
    key: Option<String>,
    created: Option<DumpDate>,
    /// What the columns cannot say.
    exact: Option<Value>,
}

impl Row for SecurePath {
    const LABEL: &'static str = LABEL;

    fn read(fields: &Fields, zone: Tz) -> Result<Self, FieldError> {
        Ok(Self {
            path: fields.text("path")?,
            key: fields.text("key")?,
            created: fields.time("created", zone)?,
            exact: fields.json(FIELD),
        })
    }
}

/// A secure key as the servers write it.
pub(crate) fn secure_key(text: &str) -> Option<SecureKey> {
    SecureKey::parse(&text.trim().to_ascii_lowercase())
}

/// The start of a key, which tells it from all others of a dump: they are random.
pub(crate) fn key_start(key: &SecureKey) -> u64 {
    key.0.first_chunk().copied().map_or(0, u64::from_be_bytes)
}

/// The digest of a directory that is not known. No directory has a NUL in its path, so none has
/// this digest, and no two records have the same.
pub(crate) fn unknown_directory(subject: Subject, id: u64) -> [u8; 16] {
    directory_digest(&format!("\0unknown directory of {subject:?} {id}"))
}
