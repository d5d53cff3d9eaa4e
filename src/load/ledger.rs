//! What a simulated program has sent, and what was acknowledged: 16 bytes a record, so that a run of millions can be
//! checked.

use super::random::Random;

/// What makes the names of one run its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// In every name.
    pub id: u32,
    /// In every `uuid`.
    pub secret: u64,
}

/// Length of a [`Run::mark`].
pub const MARK: usize = "load-00000000-0000-00000000".len();

impl Run {
    /// The name of a program's record number `number`: as long as every other.
    #[must_use]
    pub fn mark(&self, program: u16, number: u32) -> String {
        format!("load-{:08x}-{program:04x}-{number:08x}", self.id)
    }

    /// The program and the number in a name, if it begins with a mark of this run.
    #[must_use]
    pub fn read(&self, name: &str) -> Option<(u16, u32)> {
        let rest = name
            .strip_prefix("load-")?
            .strip_prefix(&format!("{:08x}-", self.id))?;
        let program = u16::from_str_radix(rest.get(..4)?, 16).ok()?;
        let number = u32::from_str_radix(rest.get(4..13)?.strip_prefix('-')?, 16).ok()?;
        name.starts_with(&self.mark(program, number))
            .then_some((program, number))
    }

    /// The `uuid` of a program's dataset number `number`.
    #[must_use]
    pub fn uuid(&self, program: u16, number: u32) -> String {
        let place = (u64::from(program) << 32) | u64::from(number);
        Random::new(self.secret ^ Random::new(place).draw()).uuid()
    }
}

/// A session that a program has launched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Visit {
    /// Launches that were acknowledged; each begins a stretch.
    pub launches: u32,
    /// Launches of which nobody knows.
    pub maybe: u32,
    /// Acknowledged datasets.
    pub datasets: u32,
    /// Acknowledged reports.
    pub reports: u32,
}

/// A dataset or a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Upload {
    /// What the service said it is; 0 as long as it has said nothing.
    pub id: u64,
    /// The dataset that a report is about.
    pub about: u64,
}

/// The books of one program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Its number.
    pub program: u16,
    /// Its account's username.
    pub username: String,
    /// Its beamline's acronym.
    pub beamline: String,
    /// Its sessions, by number.
    pub visits: Vec<Visit>,
    /// Its datasets, by number.
    pub datasets: Vec<Upload>,
    /// Its reports, by number.
    pub reports: Vec<Upload>,
    /// What was uploaded while a session was open belongs to it: the program was alone at its beamline, and the outcome
    /// of every launch and close is known.
    pub attributed: bool,
}

impl Ledger {
    /// The visit of a number, which is there from now on.
    pub(super) fn visit(&mut self, number: u32) -> Option<&mut Visit> {
        let place = usize::try_from(number).ok()?;
        if self.visits.len() <= place {
            self.visits.resize(place + 1, Visit::default());
        }
        self.visits.get_mut(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: Run = Run {
        id: 0xabcd,
        secret: 5,
    };

    #[test]
    fn a_mark_is_read_where_it_is_one_of_this_run() {
        let mark = RUN.mark(17, 300);
        assert_eq!(mark.len(), MARK);
        assert_eq!(RUN.read(&mark), Some((17, 300)));
        assert_eq!(RUN.read(&format!("{mark} MX Native Analysis")), Some((17, 300)));
        let other = Run { id: 1, ..RUN };
        for name in ["", "load-", "day-1", &other.mark(17, 300), &mark[..MARK - 1]] {
            assert_eq!(RUN.read(name), None, "{name}");
        }
        assert_eq!(RUN.read(&mark.to_uppercase()), None);
        assert_eq!(RUN.read("load-0000abcd-00é1-0000012c"), None);
    }

    #[test]
    fn every_dataset_has_a_uuid_of_its_own() {
        let mut seen = std::collections::HashSet::new();
        for program in 0..20 {
            for number in 0..500 {
                assert!(seen.insert(RUN.uuid(program, number)));
            }
        }
        assert_eq!(RUN.uuid(3, 4), RUN.uuid(3, 4));
        assert_ne!(RUN.uuid(3, 4), Run { secret: 6, ..RUN }.uuid(3, 4));
    }
}
