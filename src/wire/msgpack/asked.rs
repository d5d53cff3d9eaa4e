//! For tests: which fields a reader asks a body for.

use std::cell::RefCell;
use std::collections::BTreeSet;

thread_local! {
    static NAMES: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

pub(super) fn note(name: &str) {
    NAMES.with_borrow_mut(|names| names.insert(name.to_owned()));
}

/// The names of the fields that `read` asks for.
pub(in crate::wire) fn by<T>(read: impl FnOnce() -> T) -> BTreeSet<String> {
    NAMES.take();
    read();
    NAMES.take()
}
