//! Which datasets and reports are kept, and whose they are.

use super::accounts::Accounts;
use super::beamlines::{Beamlines, UNKNOWN_TYPE};
use super::sessions::Sessions;
use crate::directories::key_start;
use crate::facility::{DataType, Facility};
use crate::notes::Notes;
use crate::pk::Pk;
use crate::rows::{Activity, Dataset, Report, Row};
use crate::tables::{DatasetHead, Tables};
use std::collections::HashMap;

/// A dataset that is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept {
    pub(crate) id: u64,
    /// Distinguishes it from another record of the same id.
    pub(crate) digest: u64,
    /// Numbers of names in [`Uploads`].
    pub(crate) project: u32,
    pub(crate) beamline: u32,
    /// Its session; 0 is none.
    pub(crate) session: u64,
    /// Whether a newer dataset has its uuid, name and directory.
    pub(crate) loses_uuid: bool,
    /// Whether an older record of another project has its secure key.
    pub(crate) loses_key: bool,
}

/// A report that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KeptReport {
    pub(crate) id: u64,
    pub(crate) digest: u64,
    /// As for datasets.
    pub(crate) loses_key: bool,
}

/// The datasets and reports that are kept.
#[derive(Debug, Default)]
pub(crate) struct Uploads {
    /// By id.
    pub(crate) datasets: Vec<Kept>,
    /// By id.
    pub(crate) reports: Vec<KeptReport>,
    /// Ids and digests of activities, by id.
    pub(crate) activities: Vec<(u64, u64)>,
    names: Vec<String>,
}

impl Uploads {
    /// No uploads, for records that are read back one by one.
    pub(crate) fn named(names: Vec<String>) -> Self {
        Self {
            names,
            ..Self::default()
        }
    }

    /// The place of a dataset in the list.
    pub(crate) fn dataset(&self, id: u64) -> Option<(usize, &Kept)> {
        let place = self.datasets.binary_search_by_key(&id, |kept| kept.id).ok()?;
        Some((place, self.datasets.get(place)?))
    }

    /// The place of a report in the list.
    pub(crate) fn report(&self, id: u64) -> Option<(usize, &KeptReport)> {
        let place = self.reports.binary_search_by_key(&id, |kept| kept.id).ok()?;
        Some((place, self.reports.get(place)?))
    }

    /// The name of a number.
    pub(crate) fn name(&self, number: u32) -> &str {
        let name = usize::try_from(number)
            .ok()
            .and_then(|number| self.names.get(number));
        name.map_or("", String::as_str)
    }
}

/// Names, each kept once.
#[derive(Default)]
struct Numbers(HashMap<String, u32>);

impl Numbers {
    fn of(&mut self, name: &str) -> u32 {
        if let Some(number) = self.0.get(name) {
            return *number;
        }
        let number = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0.insert(name.to_owned(), number);
        number
    }
}

pub(super) fn mend(
    tables: &Tables,
    accounts: &Accounts,
    beamlines: &Beamlines,
    sessions: &Sessions,
    facility: &mut Facility,
    notes: &mut Notes,
) -> Uploads {
    let heads = &tables.heads;
    for (label, pk) in &heads.without_id {
        notes.left_out(label, pk, "its key is no id of beamlive");
    }
    let mut uploads = Uploads::default();
    let mut numbers = Numbers::default();
    let mut identities = HashMap::new();
    let mut unknown_kind = false;
    let mut owners = HashMap::new();
    for session in sessions.all.values() {
        if let Some(key) = &session.key {
            owners.insert(key_start(key), numbers.of(&session.project));
        }
    }
    // A key belongs to the first record that has it: a session, a dataset, a report.
    // In a dump of beamlive, all records keep their keys.
    let exact = tables.origin.is_some();
    let mut loses_key =
        |key: u64, project: u32| !exact && key != 0 && *owners.entry(key).or_insert(project) != project;
    let mut all = heads.datasets.iter().peekable();
    while let Some(head) = all.next() {
        let pk = pk(head.id);
        if all.peek().is_some_and(|next| next.id == head.id) {
            let text = "there are two records of this key: the one that was modified last is kept";
            notes.left_out(Dataset::LABEL, &pk, text);
            continue;
        }
        let Some(mut kept) = dataset(
            head,
            &pk,
            tables,
            accounts,
            beamlines,
            sessions,
            &mut numbers,
            notes,
        ) else {
            continue;
        };
        kept.loses_key = loses_key(head.key, kept.project);
        unknown_kind |= !exact && beamlines.kind(heads.key(head.kind)).is_none();
        // Ids ascend: the newest dataset keeps its uuid.
        if head.identity != 0 {
            let place = uploads.datasets.len();
            if let Some(older) = identities.insert((kept.project, head.identity), place) {
                if let Some(older) = uploads.datasets.get_mut(older) {
                    older.loses_uuid = true;
                }
            }
        }
        uploads.datasets.push(kept);
    }
    let mut all = heads.reports.iter().peekable();
    while let Some(head) = all.next() {
        let project = accounts.project(heads.key(head.project));
        let out = match project {
            _ if all.peek().is_some_and(|next| next.id == head.id) => {
                "there are two records of this key: the one that was modified last is kept"
            }
            None => "its project does not exist",
            Some(_) if facility.beamline.is_empty() => "the facility has no beamline",
            Some(project) => {
                uploads.reports.push(KeptReport {
                    id: head.id,
                    digest: head.rank.1,
                    loses_key: loses_key(head.key, numbers.of(project)),
                });
                continue;
            }
        };
        notes.left_out(Report::LABEL, &pk(head.id), out);
    }
    let mut all = heads.activities.iter().peekable();
    while let Some(head) = all.next() {
        if all.peek().is_some_and(|next| next.0 == head.0) {
            notes.left_out(
                Activity::LABEL,
                &pk(head.0),
                "there are two records of this key: one is kept",
            );
        } else {
            uploads.activities.push(*head);
        }
    }
    if unknown_kind {
        facility.data_type.push(DataType {
            id: None,
            acronym: UNKNOWN_TYPE.to_owned(),
            name: Some("Unknown".to_owned()),
            metadata: Vec::new(),
        });
        facility
            .data_type
            .dedup_by(|one, other| one.acronym == other.acronym);
    }
    let mut names: Vec<_> = numbers.0.into_iter().collect();
    names.sort_by_key(|(_, number)| *number);
    uploads.names = names.into_iter().map(|(name, _)| name).collect();
    uploads
}

fn pk(id: u64) -> Pk {
    Pk::Number(i64::try_from(id).unwrap_or(0))
}

#[allow(clippy::too_many_arguments, reason = "they are all tables to look up in")]
fn dataset(
    head: &DatasetHead,
    pk: &Pk,
    tables: &Tables,
    accounts: &Accounts,
    beamlines: &Beamlines,
    sessions: &Sessions,
    numbers: &mut Numbers,
    notes: &mut Notes,
) -> Option<Kept> {
    let label = Dataset::LABEL;
    let key = |number| tables.heads.key(number);
    let session = sessions.find(key(head.session));
    let own = (
        accounts.project(key(head.project)),
        beamlines.beamline(key(head.beamline)),
    );
    let project = own.0.or(session.map(|it| it.project.as_str()));
    let beamline = own.1.or(session.map(|it| it.beamline.as_str()));
    let (Some(project), Some(beamline)) = (project, beamline) else {
        notes.left_out(label, pk, "its project or its beamline does not exist");
        return None;
    };
    if own.0.is_none() {
        notes.mended(
            label,
            pk,
            format!("its project does not exist: it belongs to {project}, as its session"),
        );
    }
    if own.1.is_none() {
        notes.mended(
            label,
            pk,
            format!("its beamline does not exist: it is of {beamline}, as its session"),
        );
    }
    let fitting = session.filter(|it| it.project == project && it.beamline == beamline);
    if head.session != 0 && fitting.is_none() {
        let text = if session.is_some() {
            "its session is another project's or beamline's"
        } else {
            "its session does not exist"
        };
        notes.mended(label, pk, format!("{text}: it is in none now"));
    }
    Some(Kept {
        id: head.id,
        digest: head.rank.1,
        project: numbers.of(project),
        beamline: numbers.of(beamline),
        session: fitting.map_or(0, |it| it.id),
        loses_uuid: false,
        loses_key: false,
    })
}
