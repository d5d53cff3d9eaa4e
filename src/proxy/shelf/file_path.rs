//! Pure: the path in a URL of a file beneath the directory of a key.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use thiserror::Error;

/// The limits of the operating system on a path and a name in it, in bytes.
const LONGEST_PATH: usize = 4095;
const LONGEST_NAME: usize = 255;

/// A relative path of plain names: no `.`, no `..`, no empty name, no null byte. Its text can't
/// lead out of a directory. Symbolic links are checked when it is opened.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FilePath(Vec<u8>);

/// The text is not the path of a file beneath a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("this is no path of a file in a directory")]
pub struct NoFilePath;

impl FilePath {
    /// Decodes the path in a URL, once: further escapes are part of a name. A slash at the end is
    /// ignored.
    ///
    /// # Errors
    /// [`NoFilePath`] if it could lead out of a directory, or is not a possible name.
    pub fn decode(encoded: &str) -> Result<Self, NoFilePath> {
        let encoded = encoded.strip_suffix('/').unwrap_or(encoded);
        Self::new(percent_encoding::percent_decode_str(encoded).collect())
    }

    /// A path that is not encoded.
    ///
    /// # Errors
    /// [`NoFilePath`] if it could lead out of a directory, or is not a possible name.
    pub fn new(path: Vec<u8>) -> Result<Self, NoFilePath> {
        let plain = |name: &[u8]| !matches!(name, b"" | b"." | b"..") && name.len() <= LONGEST_NAME;
        let good =
            path.len() <= LONGEST_PATH && !path.contains(&0) && path.split(|byte| *byte == b'/').all(plain);
        good.then_some(Self(path)).ok_or(NoFilePath)
    }

    /// The file `name` in the directory at `parent`, or in that of the key.
    ///
    /// # Errors
    /// [`NoFilePath`] as [`Self::new`].
    pub fn in_directory(parent: Option<&Self>, name: &[u8]) -> Result<Self, NoFilePath> {
        Self::new(match parent {
            Some(parent) => [parent.as_bytes(), b"/", name].concat(),
            None => name.to_vec(),
        })
    }

    /// For the operating system.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.0))
    }

    /// Its bytes, which need not be UTF-8.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Its last name.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        self.0.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
    }

    /// The path of its directory; `None` if that is the directory of the key.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let slash = self.0.iter().rposition(|byte| *byte == b'/')?;
        self.0.get(..slash).map(|parent| Self(parent.to_vec()))
    }

    /// The path with `suffix` added to its last name.
    ///
    /// # Errors
    /// [`NoFilePath`] if the name becomes too long, or `suffix` has characters that are not
    /// allowed.
    pub fn with_suffix(&self, suffix: &str) -> Result<Self, NoFilePath> {
        if suffix.contains('/') {
            return Err(NoFilePath);
        }
        Self::new([self.as_bytes(), suffix.as_bytes()].concat())
    }
}

/// For logs and names: invalid UTF-8 is replaced, and control characters are escaped.
impl std::fmt::Display for FilePath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use std::fmt::Write;
        let text = String::from_utf8_lossy(&self.0);
        text.chars()
            .try_for_each(|character| match character.is_control() {
                true => write!(f, "{}", character.escape_default()),
                false => f.write_char(character),
            })
    }
}

impl std::fmt::Debug for FilePath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(&self.0))
    }
}

#[cfg(test)]
mod tests;
