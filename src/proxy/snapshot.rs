//! Pure: the files that a request for a snapshot selects.

pub mod animation;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// The suffixes of snapshots, in the order in which they are tried.
const SUFFIXES: [&str; 3] = [".webp", ".png", ".gif"];
/// The suffix of snapshots in a series.
const SERIES_SUFFIX: &[u8] = b".png";
/// The greatest angle, in degrees.
const FULL_TURN: f64 = 360.0;

/// The names to try for a request of `path`: itself if it has a suffix of a picture, then its stem
/// with each suffix.
#[must_use]
pub fn candidates(path: &[u8]) -> Vec<Vec<u8>> {
    let stem = stem(path);
    let itself = (stem.len() < path.len()).then(|| path.to_vec());
    let others = SUFFIXES.iter().map(|suffix| [stem, suffix.as_bytes()].concat());
    let mut candidates: Vec<_> = itself.into_iter().collect();
    candidates.extend(others.filter(|other| other != path));
    candidates
}

/// `path` without the suffix of a picture.
#[must_use]
pub fn stem(path: &[u8]) -> &[u8] {
    SUFFIXES
        .iter()
        .find_map(|suffix| path.strip_suffix(suffix.as_bytes()))
        .unwrap_or(path)
}

/// The names in the series of `stem`, sorted by their angles: `stem_0.png`, `stem_90.0.png`,
/// `stem_-12.5.png`.
///
/// MxDC takes snapshots of a sample at several angles of omega and appends an underscore and the
/// angle in degrees to the name. A number after a hyphen is part of a name: `lys-1.png` is the
/// snapshot of dataset `lys-1`, and does not belong to `lys`.
#[must_use]
pub fn series(stem: &[u8], names: Vec<OsString>) -> Vec<OsString> {
    let mut numbered: Vec<(f64, OsString)> = names
        .into_iter()
        .filter_map(|name| Some((number(stem, &name)?, name)))
        .collect();
    numbered.sort_by(|(left, left_name), (right, right_name)| {
        left.total_cmp(right).then_with(|| left_name.cmp(right_name))
    });
    numbered.into_iter().map(|(_, name)| name).collect()
}

/// Whether `name` is in the series of `stem`.
#[must_use]
pub fn is_of_series(stem: &[u8], name: &OsStr) -> bool {
    number(stem, name).is_some()
}

fn number(stem: &[u8], name: &OsStr) -> Option<f64> {
    let rest = name.as_bytes().strip_prefix(stem)?.strip_suffix(SERIES_SUFFIX)?;
    let number = rest.strip_prefix(b"_")?;
    let digits = number.strip_prefix(b"-").unwrap_or(number);
    let plain = digits.first().is_some_and(u8::is_ascii_digit)
        && digits.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    let number = std::str::from_utf8(number).ok().filter(|_| plain)?;
    let angle: f64 = number.parse().ok()?;
    (angle.abs() <= FULL_TURN).then_some(angle)
}

#[cfg(test)]
mod tests;
