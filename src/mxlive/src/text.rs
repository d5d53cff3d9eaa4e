//! Texts as beamlive takes them.

/// Longest name, in characters.
const NAME: usize = 255;
/// Longest comment, in characters.
const COMMENTS: usize = 10_000;
/// Longest username.
const USERNAME: usize = 150;
/// Longest acronym.
const ACRONYM: usize = 64;

/// A name without control characters and of at most 255 characters. `None` if nothing is left.
pub(crate) fn name(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| !c.is_control()).take(NAME).collect();
    (!text.trim().is_empty()).then_some(text)
}

/// A name with a tail that makes it unique.
pub(crate) fn with_tail(text: &str, tail: &str) -> String {
    let room = NAME.saturating_sub(tail.chars().count());
    text.chars().take(room).chain(tail.chars()).collect()
}

/// Several lines without other control characters, of at most 10,000 characters.
pub(crate) fn comments(text: &str) -> String {
    let is_good = |c: &char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    text.chars().filter(is_good).take(COMMENTS).collect()
}

/// A username of `[A-Za-z0-9_-]`; other characters become `-`.
pub(crate) fn username(text: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '_' {
            c
        } else {
            '-'
        }
    };
    text.trim().chars().map(plain).take(USERNAME).collect()
}

/// An acronym of `[A-Za-z0-9_.-]`; other characters become `-`.
pub(crate) fn acronym(text: &str) -> String {
    let plain = |c: char| match c {
        '_' | '.' => c,
        c if c.is_ascii_alphanumeric() => c,
        _ => '-',
    };
    let acronym: String = text.trim().chars().map(plain).take(ACRONYM).collect();
    // `.` and `..` are special path segments.
    if acronym.chars().all(|c| c == '.') {
        return "-".repeat(acronym.len());
    }
    acronym
}

/// A text cut to a number of characters, for fields that take any character.
pub(crate) fn cut(text: &str, longest: usize) -> String {
    text.chars().take(longest).collect()
}
