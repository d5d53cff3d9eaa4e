//! A list of limited length.

/// The first `MAX` of many items, and how many more there are.
#[derive(Debug)]
pub(crate) struct Capped<T, const MAX: usize> {
    pub(crate) listed: Vec<T>,
    pub(crate) more: usize,
}

impl<T, const MAX: usize> Default for Capped<T, MAX> {
    fn default() -> Self {
        Self {
            listed: Vec::new(),
            more: 0,
        }
    }
}

impl<T, const MAX: usize> Capped<T, MAX> {
    /// Adds an item, which is only made if it is listed.
    pub(crate) fn add(&mut self, item: impl FnOnce() -> T) {
        if self.listed.len() < MAX {
            self.listed.push(item());
        } else {
            self.more += 1;
        }
    }
}
