//! The forms of passwords that can be kept.

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
        // Django writes the name of its hasher before a PHC string.
        if let Some(phc) = text.strip_prefix("argon2$argon2") {
            return Self::Kept(format!("$argon2{phc}"));
        }
        let parts: Vec<_> = text.split('$').collect();
        match parts.as_slice() {
            ["pbkdf2_sha256", iterations, salt, hash]
                if iterations.parse::<u32>().is_ok_and(|count| count > 0)
                    && !salt.is_empty()
                    && !hash.is_empty() =>
            {
                Self::Kept(text.to_owned())
            }
            [algorithm, _, ..] => Self::Refused(crate::text::cut(algorithm, 20)),
            _ => Self::Refused("unknown".to_owned()),
        }
    }
}
