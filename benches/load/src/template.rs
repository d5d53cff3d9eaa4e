//! Bodies that are encoded once: what differs between requests is overwritten in place.

/// Bytes with holes.
#[derive(Debug, Clone)]
pub struct Template {
    bytes: Vec<u8>,
    /// For each placeholder, where it occurs.
    holes: Vec<Vec<usize>>,
}

impl Template {
    /// Finds every occurrence of the `placeholders` in `bytes`.
    #[must_use]
    pub fn new(bytes: Vec<u8>, placeholders: &[&[u8]]) -> Self {
        let find = |placeholder: &&[u8]| {
            let windows = bytes.windows(placeholder.len()).enumerate();
            windows
                .filter(|(_, window)| window == placeholder)
                .map(|(place, _)| place)
                .collect()
        };
        Self {
            holes: placeholders.iter().map(find).collect(),
            bytes,
        }
    }

    /// Writes `value`, which is as long as the placeholder, at each place of placeholder number
    /// `hole`.
    pub fn fill(&mut self, hole: usize, value: &[u8]) -> &mut Self {
        for place in self.holes.get(hole).into_iter().flatten() {
            if let Some(hole) = self.bytes.get_mut(*place..place + value.len()) {
                hole.copy_from_slice(value);
            }
        }
        self
    }

    /// The bytes as they are now.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}
