//! The counts, and their sums.

use beamlive_storage::ids::{BeamlineId, ProjectId};
use beamlive_storage::Timestamp;
use chrono::Datelike;
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// What is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) year: i32,
    /// From 1 to 12.
    pub(super) month: u32,
    pub(super) beamline: BeamlineId,
    pub(super) project: ProjectId,
}

impl Span {
    /// The month of `time` in `zone`.
    pub(super) fn of(project: ProjectId, beamline: BeamlineId, time: Timestamp, zone: Tz) -> Self {
        let local = time.to_utc().with_timezone(&zone);
        Self {
            year: local.year(),
            month: local.month(),
            beamline,
            project,
        }
    }
}

/// A sum.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sum {
    /// Datasets.
    pub datasets: u64,
    /// Frames of these.
    pub frames: u64,
    /// Exposure of these frames, in seconds.
    pub exposure: f64,
    /// Reports.
    pub reports: u64,
    /// Sessions.
    pub sessions: u64,
    /// Length of their stretches that have ended, in µs.
    pub micros: i64,
    /// Sessions that are open.
    pub open: u64,
}

impl Sum {
    /// Hours on the beamline.
    #[must_use]
    pub fn hours(&self) -> f64 {
        #[allow(clippy::cast_precision_loss)] // 2^52 µs are 140 years.
        let hours = self.micros as f64 / 3_600_000_000.0;
        (hours * 10.0).round() / 10.0
    }

    fn add(&mut self, other: &Self) {
        self.datasets += other.datasets;
        self.frames += other.frames;
        self.exposure += other.exposure;
        self.reports += other.reports;
        self.sessions += other.sessions;
        self.micros += other.micros;
        self.open += other.open;
    }
}

/// What a page asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Only of this year.
    pub year: Option<i32>,
    /// Only of this project.
    pub project: Option<ProjectId>,
    /// Only at this beamline.
    pub beamline: Option<BeamlineId>,
}

impl Asked {
    fn takes(&self, span: &Span) -> bool {
        self.year.is_none_or(|year| year == span.year)
            && self.project.is_none_or(|project| project == span.project)
            && self.beamline.is_none_or(|beamline| beamline == span.beamline)
    }
}

/// All counts.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// The id of the last dataset that was counted.
    pub(super) dataset: u64,
    /// The same of reports.
    pub(super) report: u64,
    /// Whether all rows that there were at some time are counted.
    pub complete: bool,
    sums: BTreeMap<Span, Sum>,
    /// Datasets by type.
    kinds: BTreeMap<(Span, String), u64>,
}

impl Counts {
    pub(super) fn add_dataset(&mut self, span: Span, kind: &str, frames: u64, exposure: Option<f64>) {
        let sum = self.sums.entry(span).or_default();
        sum.datasets += 1;
        sum.frames += frames;
        #[allow(clippy::cast_precision_loss)] // Of 2^52 frames nobody has heard.
        let seconds = exposure.unwrap_or(0.0).max(0.0) * frames as f64;
        if seconds.is_finite() {
            sum.exposure += seconds;
        }
        *self.kinds.entry((span, kind.to_owned())).or_default() += 1;
    }

    pub(super) fn add_report(&mut self, span: Span) {
        self.sums.entry(span).or_default().reports += 1;
    }

    pub(super) fn add_session(&mut self, span: Span, micros: i64, open: bool) {
        let sum = self.sums.entry(span).or_default();
        sum.sessions += 1;
        sum.micros += micros;
        sum.open += u64::from(open);
    }

    pub(super) fn clear_sessions(&mut self) {
        for sum in self.sums.values_mut() {
            (sum.sessions, sum.micros, sum.open) = (0, 0, 0);
        }
    }

    /// The sums of what is asked for, by what `name` says.
    pub(super) fn by<N: Ord>(&self, asked: &Asked, name: impl Fn(&Span) -> N) -> BTreeMap<N, Sum> {
        let mut sums = BTreeMap::<N, Sum>::new();
        for (span, sum) in self.sums.iter().filter(|(span, _)| asked.takes(span)) {
            sums.entry(name(span)).or_default().add(sum);
        }
        sums
    }

    /// The datasets of what is asked for, by type.
    pub(super) fn by_kind(&self, asked: &Asked) -> BTreeMap<&str, u64> {
        let mut kinds = BTreeMap::<&str, u64>::new();
        for ((_, kind), count) in self.kinds.iter().filter(|((span, _), _)| asked.takes(span)) {
            *kinds.entry(kind.as_str()).or_default() += count;
        }
        kinds
    }

    /// The sum of what is asked for.
    #[must_use]
    pub fn sum(&self, asked: &Asked) -> Sum {
        self.by(asked, |_| ()).into_values().next().unwrap_or_default()
    }

    /// The years in which something was counted, the last one first.
    #[must_use]
    pub fn years(&self) -> Vec<i32> {
        let mut years: Vec<_> = self.sums.keys().map(|span| span.year).collect();
        years.dedup();
        years.reverse();
        years
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(month: u32, beamline: u64, project: u64) -> Span {
        Span {
            year: 2026,
            month,
            beamline: BeamlineId(beamline),
            project: ProjectId(project),
        }
    }

    #[test]
    fn what_is_asked_for_is_summed() {
        let mut counts = Counts::default();
        counts.add_dataset(span(1, 1, 1), "DATA", 100, Some(0.2));
        counts.add_dataset(span(1, 1, 2), "DATA", 10, None);
        counts.add_dataset(span(2, 2, 1), "XRF", 1, Some(f64::INFINITY));
        counts.add_report(span(2, 2, 1));
        for _ in 0..2 {
            counts.clear_sessions();
            counts.add_session(span(1, 1, 1), 5_400_000_000, true);
        }
        let all = counts.sum(&Asked::default());
        assert_eq!((all.datasets, all.frames, all.reports), (3, 111, 1));
        assert_eq!(
            (all.exposure, all.sessions, all.open, all.hours()),
            (20.0, 1, 1, 1.5)
        );
        let alice = Asked {
            project: Some(ProjectId(1)),
            ..Asked::default()
        };
        assert_eq!(counts.sum(&alice).datasets, 2);
        assert_eq!(counts.by_kind(&alice), BTreeMap::from([("DATA", 1), ("XRF", 1)]));
        let months = counts.by(&alice, |span| span.month);
        assert_eq!(months.keys().copied().collect::<Vec<_>>(), [1, 2]);
        let other = Asked {
            year: Some(2025),
            ..Asked::default()
        };
        assert_eq!(counts.sum(&other), Sum::default());
        assert_eq!(counts.years(), [2026]);
    }

    #[test]
    fn a_month_is_that_of_the_facility() {
        // Midnight in UTC is still the day before in Saskatchewan.
        let time = Timestamp(1_767_225_600_000_000);
        let zone = chrono_tz::America::Regina;
        let span = Span::of(ProjectId(1), BeamlineId(1), time, zone);
        assert_eq!((span.year, span.month), (2025, 12));
    }
}
