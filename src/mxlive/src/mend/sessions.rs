//! Sessions: of one name, only one at a time can be joined.

use super::accounts::Accounts;
use super::beamlines::Beamlines;
use super::rules::{Rules, NO_DATE};
use super::stretches::{apart, clean, free, sweep, Piece};
use crate::directories::secure_key;
use crate::notes::Notes;
use crate::pk::Pk;
use crate::rows::{self, Row};
use crate::tables::Tables;
use crate::text;
use beamlive_storage::records::{SecureKey, Stretch};
use beamlive_storage::Timestamp;
use std::collections::{BTreeMap, HashMap};

const LABEL: &str = rows::Session::LABEL;

/// A session that is kept.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) id: u64,
    pub(crate) project: String,
    pub(crate) beamline: String,
    pub(crate) name: String,
    pub(crate) key: Option<SecureKey>,
    pub(crate) created: Timestamp,
    /// By time; at least one.
    pub(crate) stretches: Vec<Stretch>,
}

impl Session {
    /// When its newest stretch ended; `None` while it is open.
    fn end(&self) -> Option<Timestamp> {
        self.stretches
            .last()
            .map_or(Some(self.created), |newest| newest.end)
    }
}

/// All sessions that are kept.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    /// By id.
    pub(crate) all: BTreeMap<u64, Session>,
    by_pk: HashMap<Pk, u64>,
}

impl Sessions {
    /// The session that a reference means.
    pub(crate) fn find(&self, reference: Option<&Pk>) -> Option<&Session> {
        self.all.get(self.by_pk.get(reference?)?)
    }
}

pub(super) fn mend(
    tables: &Tables,
    accounts: &Accounts,
    beamlines: &Beamlines,
    rules: &Rules,
    notes: &mut Notes,
) -> Sessions {
    let mut sessions = Sessions::default();
    for (pk, row) in tables.sessions.iter() {
        let Some(id) = pk.id() else {
            notes.left_out(LABEL, pk, "its key is no id of beamlive");
            continue;
        };
        let (project, beamline) = (
            accounts.project(row.project.as_ref()),
            beamlines.beamline(row.beamline.as_ref()),
        );
        let (Some(project), Some(beamline)) = (project, beamline) else {
            notes.left_out(LABEL, pk, "its project or its beamline does not exist");
            continue;
        };
        let name = row.name.as_deref().and_then(text::name);
        if name.is_none() || name != row.name {
            notes.mended(
                LABEL,
                pk,
                "its name is missing, too long, or has control characters",
            );
        }
        let key = row.url.as_deref().map(|url| (url, secure_key(url)));
        if let Some((_, None)) = key {
            notes.mended(LABEL, pk, "its url is no secure key, and is left out");
        }
        let created = notes.instant(LABEL, pk, "created", row.created.as_ref());
        sessions.by_pk.insert(pk.clone(), id);
        let session = Session {
            id,
            project: project.to_owned(),
            beamline: beamline.to_owned(),
            name: name.unwrap_or_else(|| format!("session-{id}")),
            key: key.and_then(|(_, key)| key),
            created: created.unwrap_or(Timestamp(i64::MAX)),
            stretches: Vec::new(),
        };
        sessions.all.insert(id, session);
    }
    let mut pieces = pieces(tables, &mut sessions, notes);
    for (id, piece) in pieces.values().flatten().map(|piece| (piece.session, piece)) {
        if let Some(session) = sessions.all.get_mut(&id) {
            session.stretches.push(Stretch {
                start: piece.start,
                end: piece.end,
            });
        }
    }
    for session in sessions.all.values_mut() {
        session
            .stretches
            .sort_by_key(|stretch| (stretch.end.is_none(), stretch.end));
    }
    let merged = merge(&mut sessions, rules, notes);
    for piece in pieces.values_mut().flatten() {
        piece.session = resolve(&merged, piece.session);
    }
    for session in sessions.all.values_mut() {
        session.stretches.clear();
    }
    for (beamline, pieces) in pieces {
        let exact = tables.origin.is_some().then(|| apart(&pieces)).flatten();
        let pieces = exact.unwrap_or_else(|| sweep(pieces, notes));
        place(&mut sessions, &beamline, pieces, notes);
    }
    // Beamlines without any stretch.
    let bare: Vec<_> = sessions
        .all
        .values()
        .filter(|it| it.stretches.is_empty())
        .map(|it| it.beamline.clone())
        .collect();
    for beamline in bare {
        place(&mut sessions, &beamline, Vec::new(), notes);
    }
    merge(&mut sessions, rules, notes);
    if tables.origin.is_none() {
        keys(&mut sessions, notes);
    }
    sessions
}

/// A secure key belongs to one project.
fn keys(sessions: &mut Sessions, notes: &mut Notes) {
    let mut owners: HashMap<SecureKey, String> = HashMap::new();
    for session in sessions.all.values_mut() {
        let Some(key) = session.key else { continue };
        let owner = owners.entry(key).or_insert_with(|| session.project.clone());
        if *owner != session.project {
            session.key = None;
            let pk = Pk::Number(i64::try_from(session.id).unwrap_or(0));
            notes.mended(
                LABEL,
                &pk,
                "a session of another project has its secure key: it loses it",
            );
        }
    }
}

/// The stretches of each beamline.
fn pieces(tables: &Tables, sessions: &mut Sessions, notes: &mut Notes) -> BTreeMap<String, Vec<Piece>> {
    let label = rows::Stretch::LABEL;
    let mut pieces: BTreeMap<String, Vec<Piece>> = BTreeMap::new();
    let mut firsts: BTreeMap<u64, Timestamp> = BTreeMap::new();
    for (pk, row) in tables.stretches.iter() {
        let Some(session) = sessions.find(row.session.as_ref()) else {
            notes.left_out(label, pk, "its session does not exist");
            continue;
        };
        let start = notes.instant(label, pk, "start", row.start.as_ref());
        let end = notes.instant(label, pk, "end", row.end.as_ref());
        let Some(start) = start else {
            notes.left_out(label, pk, "it has no start");
            continue;
        };
        let piece = Piece {
            start,
            end,
            session: session.id,
            pk: pk.clone(),
        };
        // A launch and a close may have had the same time.
        let brief = tables.origin.is_some() && piece.end == Some(piece.start);
        let Some(piece) = brief.then(|| piece.clone()).or_else(|| clean(piece, notes)) else {
            continue;
        };
        let first = firsts.entry(session.id).or_insert(piece.start);
        *first = piece.start.min(*first);
        pieces.entry(session.beamline.clone()).or_default().push(piece);
    }
    for session in sessions.all.values_mut().filter(|it| it.created.0 == i64::MAX) {
        session.created = firsts.get(&session.id).copied().unwrap_or(NO_DATE);
        let text = "it has no date of creation: its first stretch stands in, or else the year 1970";
        notes.mended(LABEL, &Pk::Number(i64::try_from(session.id).unwrap_or(0)), text);
    }
    pieces
}

/// Merges each session into the one of its name before it that could be joined when it was created.
/// Returns what became of the merged ones.
fn merge(sessions: &mut Sessions, rules: &Rules, notes: &mut Notes) -> HashMap<u64, u64> {
    let mut names: BTreeMap<_, Vec<u64>> = BTreeMap::new();
    for it in sessions.all.values() {
        let name = (it.beamline.clone(), it.project.clone(), it.name.clone());
        names.entry(name).or_default().push(it.id);
    }
    let mut merged = HashMap::new();
    for ids in names.into_values().filter(|ids| ids.len() > 1) {
        let mut before: Option<u64> = None;
        for id in ids {
            let pair = before
                .and_then(|before| sessions.all.get(&before))
                .zip(sessions.all.get(&id));
            let joinable = pair.is_some_and(|(before, own)| {
                let idle = before.end().map(|end| own.created.micros_since(end));
                idle.is_none_or(|idle| idle <= rules.joinable_micros)
            });
            let (Some(kept), true) = (before, joinable) else {
                before = Some(id);
                continue;
            };
            let Some(own) = sessions.all.remove(&id) else {
                continue;
            };
            if let Some(kept) = sessions.all.get_mut(&kept) {
                kept.created = kept.created.min(own.created);
                kept.key = kept.key.or(own.key);
                kept.stretches.extend(own.stretches);
                kept.stretches
                    .sort_by_key(|stretch| (stretch.end.is_none(), stretch.end));
            }
            merged.insert(id, kept);
            let pk = Pk::Number(i64::try_from(id).unwrap_or(0));
            notes.mended(
                LABEL,
                &pk,
                format!("session {kept} of the same name could be joined: it is part of that one now"),
            );
        }
    }
    for id in sessions.by_pk.values_mut() {
        *id = resolve(&merged, *id);
    }
    merged
}

fn resolve(merged: &HashMap<u64, u64>, id: u64) -> u64 {
    merged.get(&id).copied().unwrap_or(id)
}

/// Gives the sessions of a beamline their stretches. One that has none gets a microsecond.
fn place(sessions: &mut Sessions, beamline: &str, pieces: Vec<Piece>, notes: &mut Notes) {
    let mut taken = BTreeMap::new();
    for piece in pieces {
        taken.insert(piece.start, (piece.end, piece.session));
        if let Some(session) = sessions.all.get_mut(&piece.session) {
            session.stretches.push(Stretch {
                start: piece.start,
                end: piece.end,
            });
        }
    }
    let bare = sessions
        .all
        .values_mut()
        .filter(|it| it.stretches.is_empty() && it.beamline == beamline);
    for session in bare {
        let (start, end) = free(&taken, session.created);
        taken.insert(start, (Some(end), session.id));
        session.stretches.push(Stretch {
            start,
            end: Some(end),
        });
        let pk = Pk::Number(i64::try_from(session.id).unwrap_or(0));
        notes.mended(LABEL, &pk, "it has no stretch: it gets one of a microsecond");
    }
}
