//! What a simulated program has sent, and what was acknowledged: 16 bytes a record, so that a run
//! of millions can be checked.

/// A value for datasets and one for reports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PerKind<T> {
    pub(crate) dataset: T,
    pub(crate) report: T,
}

/// What is uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Dataset,
    Report,
}

/// A session that a program has launched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Session {
    /// Acknowledged launches; each begins a stretch.
    pub(crate) launches: u32,
    /// Launches whose outcome is unknown.
    pub(crate) unknown_launches: u32,
    /// Acknowledged uploads.
    pub(crate) uploads: PerKind<u32>,
}

/// A dataset or a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Upload {
    /// The id in the service's answer; 0 without one.
    pub(crate) id: u64,
    /// The dataset that a report is about.
    pub(crate) about: u64,
}

/// All records of one program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ledger {
    /// The program's number.
    pub(crate) program: u16,
    pub(crate) username: String,
    /// Its sessions, by number.
    pub(crate) sessions: Vec<Session>,
    /// Its datasets and reports, by number.
    pub(crate) uploads: PerKind<Vec<Upload>>,
    /// Uploads during a session belong to it: the program was alone at its beamline, and the
    /// outcome of every launch and close is known.
    pub(crate) is_attributed: bool,
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::Dataset, Self::Report];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Dataset => "dataset",
            Self::Report => "report",
        }
    }
}

impl<T> PerKind<T> {
    pub(crate) fn of(&self, kind: Kind) -> &T {
        match kind {
            Kind::Dataset => &self.dataset,
            Kind::Report => &self.report,
        }
    }

    pub(crate) fn of_mut(&mut self, kind: Kind) -> &mut T {
        match kind {
            Kind::Dataset => &mut self.dataset,
            Kind::Report => &mut self.report,
        }
    }
}

impl Ledger {
    /// Session number `number`; it is added when it is new.
    pub(crate) fn session(&mut self, number: u32) -> Option<&mut Session> {
        let place = usize::try_from(number).ok()?;
        if self.sessions.len() <= place {
            self.sessions.resize(place + 1, Session::default());
        }
        self.sessions.get_mut(place)
    }
}
