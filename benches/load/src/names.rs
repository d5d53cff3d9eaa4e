//! Names and uuids of the records of a run.

use fastrand::Rng;

#[cfg(test)]
mod tests;

/// What distinguishes the records of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    /// Part of every name.
    pub(crate) id: u32,
    /// Seed of every `uuid`.
    pub(crate) secret: u64,
}

/// The form of a [`Run::name`].
pub(crate) const NAME: &str = "load-00000000-0000-00000000";

impl Run {
    /// The name of a program's record number `number`; all names are of the same length.
    pub(crate) fn name(&self, program: u16, number: u32) -> String {
        format!("load-{:08x}-{program:04x}-{number:08x}", self.id)
    }

    /// The program and the number in a text that begins with a name of this run.
    pub(crate) fn parse(&self, text: &str) -> Option<(u16, u32)> {
        let mut parts = text.get(..NAME.len())?.split('-').skip(2);
        let program = u16::from_str_radix(parts.next()?, 16).ok()?;
        let number = u32::from_str_radix(parts.next()?, 16).ok()?;
        text.starts_with(&self.name(program, number))
            .then_some((program, number))
    }

    /// The `uuid` of a program's dataset number `number`.
    pub(crate) fn uuid(&self, program: u16, number: u32) -> String {
        let place = (u64::from(program) << 32) | u64::from(number);
        uuid(&mut Rng::with_seed(self.secret ^ Rng::with_seed(place).u64(..)))
    }
}

/// A version 4 UUID, as clients make them.
#[must_use]
pub fn uuid(random: &mut Rng) -> String {
    uuid::Builder::from_random_bytes(random.u128(..).to_ne_bytes())
        .into_uuid()
        .to_string()
}
