//! The forms of passwords that can be kept.

use beamlive_actors::password::PasswordHash;

/// What a field of Django's passwords holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Password {
    /// None, or one that Django marks as unusable.
    None,
    /// In a form that the service checks.
    Kept(String),
    /// In another form, by its name.
    Refused(String),
}

impl Password {
    pub(super) fn of(text: Option<&str>) -> Self {
        let text = text.unwrap_or_default().trim();
        if text.is_empty() || text.starts_with('!') {
            return Self::None;
        }
        match PasswordHash::parse(text) {
            Ok(hash) => Self::Kept(hash.to_text()),
            // The name of the hasher stands before the first `$`.
            Err(_) => match text.split_once('$') {
                Some((algorithm, _)) if !algorithm.is_empty() => {
                    Self::Refused(crate::text::cut(algorithm, 20))
                }
                _ => Self::Refused("unknown".to_owned()),
            },
        }
    }
}
