//! Compares what was acknowledged with what the service has. Pure.
//!
//! An acknowledged record must be there once, under its id. One whose outcome is unknown (a
//! timeout, a broken connection, a 5xx) may be there, but not twice.

use crate::ledger::{Kind, Ledger, PerKind};
use crate::names::Run;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// Most findings that are named; all are counted.
const MAX_NAMED: usize = 20;

/// A session as the admin API shows it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SessionRow {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) stretches: Vec<Stretch>,
    /// How many datasets it has.
    pub(crate) datasets: u64,
    /// How many reports it has.
    pub(crate) reports: u64,
}

/// A stretch of a session, which is only counted.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Stretch {}

/// A dataset or a report as the admin API shows it.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct UploadRow {
    pub(crate) id: u64,
    pub(crate) name: String,
    /// The client's own id of a dataset.
    #[serde(default)]
    pub(crate) uuid: Option<String>,
    /// The datasets that a report is about.
    #[serde(default)]
    pub(crate) data_id: Vec<u64>,
}

/// The result of an audit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Findings {
    /// Acknowledged launches, datasets and reports.
    pub(crate) launches: u64,
    pub(crate) datasets: u64,
    pub(crate) reports: u64,
    /// Present, but of unknown outcome.
    pub(crate) unknown_kept: u64,
    /// Absent, and of unknown outcome.
    pub(crate) unknown_lost: u64,
    /// Acknowledged, but absent.
    pub(crate) missing: u64,
    /// Present more than once.
    pub(crate) twice: u64,
    /// Present, but not as they were sent.
    pub(crate) wrong: u64,
    /// The first of the last three, in words.
    pub(crate) named: Vec<String>,
}

/// What a finding counts as.
#[derive(Debug, Clone, Copy)]
enum Defect {
    Missing,
    Twice,
    Wrong,
}

impl Findings {
    fn add(&mut self, defect: Defect, count: u64, name: impl FnOnce() -> String) {
        *match defect {
            Defect::Missing => &mut self.missing,
            Defect::Twice => &mut self.twice,
            Defect::Wrong => &mut self.wrong,
        } += count;
        if self.named.len() < MAX_NAMED {
            self.named.push(name());
        }
    }

    /// Every acknowledged record is there, once, as it was sent.
    pub(crate) fn are_right(&self) -> bool {
        self.missing == 0 && self.twice == 0 && self.wrong == 0
    }
}

/// How often each record was seen, by number; beyond 255 it does not matter.
#[derive(Debug, Default)]
struct Seen {
    sessions: Vec<u8>,
    uploads: PerKind<Vec<u8>>,
}

/// Counts a row. Returns how often its record was seen now.
fn count(seen: &mut [u8], number: u32) -> Option<u8> {
    let rows = seen.get_mut(usize::try_from(number).ok()?)?;
    *rows = rows.saturating_add(1);
    Some(*rows)
}

fn at<T: Copy>(list: &[T], number: u32) -> Option<T> {
    list.get(usize::try_from(number).ok()?).copied()
}

/// An audit to which rows are added.
pub(crate) struct Audit<'a> {
    run: Run,
    ledgers: BTreeMap<u16, (&'a Ledger, Seen)>,
    /// Uploads of unknown outcome, by account.
    unknown: BTreeMap<&'a str, u64>,
    findings: Findings,
}

impl<'a> Audit<'a> {
    pub(crate) fn new(run: Run, ledgers: &'a [Ledger]) -> Self {
        let mut unknown = BTreeMap::new();
        for ledger in ledgers {
            let uploads = ledger.uploads.dataset.iter().chain(&ledger.uploads.report);
            let count = uploads.filter(|upload| upload.id == 0).count();
            *unknown.entry(ledger.username.as_str()).or_default() += count as u64;
        }
        let with_seen = ledgers.iter().map(|ledger| {
            let seen = Seen {
                sessions: vec![0; ledger.sessions.len()],
                uploads: PerKind {
                    dataset: vec![0; ledger.uploads.dataset.len()],
                    report: vec![0; ledger.uploads.report.len()],
                },
            };
            (ledger.program, (ledger, seen))
        });
        Self {
            run,
            ledgers: with_seen.collect(),
            unknown,
            findings: Findings::default(),
        }
    }

    /// Adds a session that the service has. Rows of other runs are ignored, here and below.
    pub(crate) fn session(&mut self, row: &SessionRow) {
        let SessionRow { id, name, .. } = row;
        let Some((program, number)) = self.run.parse(name) else {
            return;
        };
        let Some((ledger, seen)) = self.ledgers.get_mut(&program) else {
            return;
        };
        let (Some(rows), Some(sent)) = (count(&mut seen.sessions, number), at(&ledger.sessions, number))
        else {
            return;
        };
        let findings = &mut self.findings;
        if rows > 1 {
            if rows == 2 {
                findings.add(Defect::Twice, 1, || {
                    format!("session {name} is there twice, also as {id}")
                });
            }
            return;
        }
        let least = u64::from(sent.launches);
        let most = least + u64::from(sent.unknown_launches);
        let stretches = row.stretches.len() as u64;
        findings.unknown_kept += stretches.min(most).saturating_sub(least);
        findings.unknown_lost += most.saturating_sub(stretches.max(least));
        if stretches < least {
            findings.add(Defect::Missing, least - stretches, || {
                format!("session {name} ({id}) was launched {least} times and has {stretches} stretches")
            });
        }
        if stretches > most {
            findings.add(Defect::Twice, stretches - most, || {
                format!(
                    "session {name} ({id}) was launched {most} times at most and has {stretches} stretches"
                )
            });
        }
        if !ledger.is_attributed {
            return;
        }
        let unknown = self.unknown.get(ledger.username.as_str());
        let unknown = unknown.copied().unwrap_or_default();
        for (kind, has) in [(Kind::Dataset, row.datasets), (Kind::Report, row.reports)] {
            let sent = u64::from(*sent.uploads.of(kind));
            if has < sent || has > sent + unknown {
                findings.add(Defect::Wrong, 1, || {
                    format!("session {name} ({id}) has {has} {}s, not {sent}", kind.name())
                });
            }
        }
    }

    /// Adds a dataset or a report that the service has.
    pub(crate) fn upload(&mut self, kind: Kind, row: &UploadRow) {
        let (id, name, what) = (row.id, &row.name, kind.name());
        let Some((program, number)) = self.run.parse(name) else {
            return;
        };
        let Some((ledger, seen)) = self.ledgers.get_mut(&program) else {
            return;
        };
        let rows = count(seen.uploads.of_mut(kind), number);
        let (Some(rows), Some(sent)) = (rows, at(ledger.uploads.of(kind), number)) else {
            return;
        };
        let is_as_sent = match kind {
            Kind::Dataset => row.uuid.as_ref() == Some(&self.run.uuid(program, number)),
            Kind::Report => row.data_id == [sent.about],
        };
        let findings = &mut self.findings;
        if rows == 2 {
            findings.add(Defect::Twice, 1, || {
                format!("{what} {name} is there twice, also as {id}")
            });
        } else if sent.id != 0 && sent.id != id {
            findings.add(Defect::Wrong, 1, || {
                format!(
                    "{what} {name} was acknowledged as {} and is there as {id}",
                    sent.id
                )
            });
        } else if !is_as_sent {
            findings.add(Defect::Wrong, 1, || {
                format!("{what} {name} ({id}) is not as it was sent")
            });
        }
    }

    /// Finds what is missing, once all rows were added.
    pub(crate) fn finish(mut self) -> Findings {
        let findings = &mut self.findings;
        for (program, (ledger, seen)) in &self.ledgers {
            let name = |number| self.run.name(*program, number);
            for ((number, sent), rows) in (0..).zip(&ledger.sessions).zip(&seen.sessions) {
                findings.launches += u64::from(sent.launches);
                if *rows > 0 {
                    continue;
                }
                findings.unknown_lost += u64::from(sent.unknown_launches);
                if sent.launches > 0 {
                    findings.add(Defect::Missing, sent.launches.into(), || {
                        format!("session {} is missing", name(number))
                    });
                }
            }
            for kind in Kind::ALL {
                let (sent, seen) = (ledger.uploads.of(kind), seen.uploads.of(kind));
                for ((number, sent), rows) in (0..).zip(sent).zip(seen) {
                    match (sent.id, *rows) {
                        (0, 0) => findings.unknown_lost += 1,
                        (0, _) => findings.unknown_kept += 1,
                        (id, 0) => findings.add(Defect::Missing, 1, || {
                            format!("{} {} ({id}) is missing", kind.name(), name(number))
                        }),
                        _ => {}
                    }
                    *match kind {
                        Kind::Dataset => &mut findings.datasets,
                        Kind::Report => &mut findings.reports,
                    } += u64::from(sent.id != 0);
                }
            }
        }
        self.findings
    }
}
