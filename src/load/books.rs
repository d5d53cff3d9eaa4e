//! Compares what was acknowledged with what the service has. Pure: rows go in, findings come out.
//!
//! What was acknowledged must be there, once, under the id that was given. What nobody knows of (a timeout, a broken
//! connection, a 5xx) may be there, but not twice.

use super::ledger::{Ledger, Run, Upload};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

#[cfg(test)]
mod tests;

/// Findings that are named; all are counted.
const NAMED: usize = 20;

/// A session as the admin API shows it.
#[derive(Debug, Clone, Deserialize)]
pub struct SessionRow {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Its stretches.
    pub stretches: Vec<Stretch>,
    /// Its datasets.
    pub datasets: u64,
    /// The reports about them.
    pub reports: u64,
}

/// A stretch of a session; how long it was does not matter here.
#[derive(Debug, Clone, Deserialize)]
pub struct Stretch {}

/// A dataset as the admin API shows it.
#[derive(Debug, Clone, Deserialize)]
pub struct DatasetRow {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// The client's own id.
    pub uuid: Option<String>,
}

/// A report as the admin API shows it.
#[derive(Debug, Clone, Deserialize)]
pub struct ReportRow {
    /// Its id.
    pub id: u64,
    /// Its title.
    pub name: String,
    /// Datasets it is about.
    pub data_id: Vec<u64>,
}

/// What the books come to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Findings {
    /// Acknowledged launches, datasets and reports that were looked for.
    pub launches: u64,
    /// Of datasets.
    pub datasets: u64,
    /// Of reports.
    pub reports: u64,
    /// Of which nobody knew, and that are there.
    pub unknown_kept: u64,
    /// Of which nobody knew, and that are not there.
    pub unknown_lost: u64,
    /// Acknowledged, and not there.
    pub missing: u64,
    /// There more than once.
    pub twice: u64,
    /// There, but not as they were sent.
    pub wrong: u64,
    /// The first of them, in words.
    pub named: Vec<String>,
}

/// How many rows a record has, and how many launches a session: by program, by number.
#[derive(Debug, Default)]
struct Seen {
    visits: Vec<u8>,
    datasets: Vec<u8>,
    reports: Vec<u8>,
}

/// The books of all programs while rows come in.
pub struct Books<'a> {
    run: Run,
    ledgers: HashMap<u16, (&'a Ledger, Seen)>,
    /// By account: uploads of which nobody knows.
    unknown: HashMap<&'a str, u64>,
    findings: Findings,
}

/// Counts a row; whether it is the second one.
fn count(seen: &mut [u8], number: u32) -> Option<bool> {
    let place = usize::try_from(number).ok()?;
    let rows = seen.get_mut(place)?;
    *rows = rows.saturating_add(1);
    Some(*rows == 2)
}

fn at<T: Copy>(list: &[T], number: u32) -> Option<T> {
    list.get(usize::try_from(number).ok()?).copied()
}

impl<'a> Books<'a> {
    /// Opens them.
    #[must_use]
    pub fn new(run: Run, ledgers: &'a [Ledger]) -> Self {
        let mut unknown = HashMap::new();
        for ledger in ledgers {
            let uploads = ledger.datasets.iter().chain(&ledger.reports);
            let count = uploads.filter(|upload| upload.id == 0).count();
            *unknown.entry(ledger.username.as_str()).or_default() += u64::try_from(count).unwrap_or(u64::MAX);
        }
        let with_seen = ledgers.iter().map(|ledger| {
            let seen = Seen {
                visits: vec![0; ledger.visits.len()],
                datasets: vec![0; ledger.datasets.len()],
                reports: vec![0; ledger.reports.len()],
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

    fn name(findings: &mut Findings, what: impl FnOnce() -> String) {
        if findings.named.len() < NAMED {
            findings.named.push(what());
        }
    }

    /// Enters a session that the service has. One of somebody else is passed over, as are all rows.
    pub fn session(&mut self, row: &SessionRow) {
        let SessionRow { id, name, .. } = row;
        let Some((program, number)) = self.run.read(name) else {
            return;
        };
        let Some((ledger, seen)) = self.ledgers.get_mut(&program) else {
            return;
        };
        let (Some(second), Some(visit)) = (count(&mut seen.visits, number), at(&ledger.visits, number))
        else {
            return;
        };
        let findings = &mut self.findings;
        if second {
            findings.twice += 1;
            Self::name(findings, || {
                format!("session {name} is there twice, also as {id}")
            });
            return;
        }
        let (least, most) = (u64::from(visit.launches), u64::from(visit.launches + visit.maybe));
        let stretches = u64::try_from(row.stretches.len()).unwrap_or(u64::MAX);
        findings.unknown_kept += stretches.min(most).saturating_sub(least);
        findings.unknown_lost += most.saturating_sub(stretches.max(least));
        if stretches < least {
            findings.missing += least - stretches;
            Self::name(findings, || {
                format!("session {name} ({id}) was launched {least} times and has {stretches} stretches")
            });
        }
        if stretches > most {
            findings.twice += stretches - most;
            Self::name(findings, || {
                format!(
                    "session {name} ({id}) was launched {most} times at most and has {stretches} stretches"
                )
            });
        }
        if !ledger.attributed {
            return;
        }
        let spare = self
            .unknown
            .get(ledger.username.as_str())
            .copied()
            .unwrap_or_default();
        for (what, has, sent) in [
            ("datasets", row.datasets, u64::from(visit.datasets)),
            ("reports", row.reports, u64::from(visit.reports)),
        ] {
            if has < sent || has > sent + spare {
                findings.wrong += 1;
                Self::name(findings, || {
                    format!("session {name} ({id}) has {has} {what}, not {sent}")
                });
            }
        }
    }

    /// Enters a dataset that the service has.
    pub fn dataset(&mut self, row: &DatasetRow) {
        let Some((program, number)) = self.run.read(&row.name) else {
            return;
        };
        let Some((ledger, seen)) = self.ledgers.get_mut(&program) else {
            return;
        };
        let Some(upload) = at(&ledger.datasets, number) else {
            return;
        };
        let second = count(&mut seen.datasets, number).unwrap_or_default();
        let uuid = self.run.uuid(program, number);
        let as_sent = row.uuid.as_deref() == Some(uuid.as_str());
        Self::upload(
            &mut self.findings,
            ("dataset", &row.name, row.id),
            upload,
            second,
            as_sent,
        );
    }

    /// Enters a report that the service has.
    pub fn report(&mut self, row: &ReportRow) {
        let Some((program, number)) = self.run.read(&row.name) else {
            return;
        };
        let Some((ledger, seen)) = self.ledgers.get_mut(&program) else {
            return;
        };
        let Some(upload) = at(&ledger.reports, number) else {
            return;
        };
        let second = count(&mut seen.reports, number).unwrap_or_default();
        let as_sent = row.data_id == [upload.about];
        Self::upload(
            &mut self.findings,
            ("report", &row.name, row.id),
            upload,
            second,
            as_sent,
        );
    }

    fn upload(findings: &mut Findings, row: (&str, &str, u64), upload: Upload, second: bool, as_sent: bool) {
        let (what, name, id) = row;
        if second {
            findings.twice += 1;
            Self::name(findings, || format!("{what} {name} is there twice, also as {id}"));
        } else if upload.id != 0 && upload.id != id {
            findings.wrong += 1;
            Self::name(findings, || {
                format!(
                    "{what} {name} was acknowledged as {} and is there as {id}",
                    upload.id
                )
            });
        } else if !as_sent {
            findings.wrong += 1;
            Self::name(findings, || format!("{what} {name} ({id}) is not as it was sent"));
        }
    }

    /// Closes the books, once all rows were entered: what has no row is missing.
    #[must_use]
    pub fn close(mut self) -> Findings {
        let mut ledgers: Vec<_> = self.ledgers.drain().collect();
        ledgers.sort_unstable_by_key(|(program, _)| *program);
        for (program, (ledger, seen)) in ledgers {
            let findings = &mut self.findings;
            let numbered = |place: usize| self.run.mark(program, u32::try_from(place).unwrap_or(u32::MAX));
            for (place, (visit, rows)) in ledger.visits.iter().zip(&seen.visits).enumerate() {
                findings.launches += u64::from(visit.launches);
                if *rows == 0 {
                    findings.unknown_lost += u64::from(visit.maybe);
                    if visit.launches > 0 {
                        findings.missing += u64::from(visit.launches);
                        Self::name(findings, || format!("session {} is missing", numbered(place)));
                    }
                }
            }
            for (what, uploads, rows) in [
                ("dataset", &ledger.datasets, &seen.datasets),
                ("report", &ledger.reports, &seen.reports),
            ] {
                for (place, (upload, rows)) in uploads.iter().zip(rows).enumerate() {
                    match (upload.id, *rows) {
                        (0, 0) => findings.unknown_lost += 1,
                        (0, _) => findings.unknown_kept += 1,
                        (id, 0) => {
                            findings.missing += 1;
                            Self::name(findings, || {
                                format!("{what} {} ({id}) is missing", numbered(place))
                            });
                        }
                        _ => {}
                    }
                    if upload.id != 0 {
                        *(if what == "dataset" {
                            &mut findings.datasets
                        } else {
                            &mut findings.reports
                        }) += 1;
                    }
                }
            }
        }
        self.findings
    }
}

impl Findings {
    /// Everything that was acknowledged is there, once, as it was sent.
    #[must_use]
    pub fn are_right(&self) -> bool {
        self.missing == 0 && self.twice == 0 && self.wrong == 0
    }
}
