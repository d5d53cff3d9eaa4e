#![allow(clippy::unwrap_used)]
use super::*;

/// The numbers of names that are read and selected, if every `nth` is wanted.
fn filter(names: usize, nth: usize, most: usize, longest: usize) -> (usize, Result<usize, FileError>) {
    let mut filter = DirectoryFilter::new(most, longest);
    let read = (1..=names)
        .find(|number| !filter.add(OsStr::new("a.png"), number.is_multiple_of(nth)))
        .unwrap_or(names);
    (read, filter.finish().map(|selected| selected.len()))
}

#[test]
fn the_number_of_names_in_a_directory_is_limited() {
    assert!(matches!(filter(10, 5, 3, 10), (10, Ok(2))));
    assert!(matches!(filter(11, 5, 3, 10), (11, Err(FileError::TooLarge(10)))));
    assert!(matches!(
        filter(1_000_000, 1_000_001, 3, 10),
        (11, Err(FileError::TooLarge(10)))
    ));
}

#[test]
fn reading_stops_after_one_name_too_many() {
    assert!(matches!(filter(100, 2, 3, 1000), (8, Ok(4))));
}
