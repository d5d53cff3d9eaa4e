//! Reports.

use super::context::{number, Context};
use super::dataset::TRASHED;
use super::item::Item;
use crate::directories::{secure_key, unknown_directory};
use crate::mend::{KeptReport, NO_DATE};
use crate::notes::Notes;
use crate::pk::Pk;
use crate::rows::{self, Row};
use crate::text;
use crate::value::{depth, message_pack};
use beamlive_storage::ids::{DatasetId, SessionId};
use beamlive_storage::records::{Report, Subject};
use rmpv::Value;
use std::collections::BTreeSet;

const SUBJECT: Subject = Subject::Report;
const LABEL: &str = rows::Report::LABEL;
/// Levels that details may have, as uploads take them.
const DEEPEST: usize = 64;

/// The record of a report; `None` if the facility lacks its project or has no beamline for it.
pub(crate) fn item(
    context: &Context<'_>,
    row: &rows::Report,
    kept: KeptReport,
    notes: &mut Notes,
) -> Option<Item> {
    let (id, pk) = (kept.id, number(kept.id));
    let username = context.mended.accounts.project(row.project.as_ref());
    let Some((username, project)) = username.and_then(|name| Some((name, context.project(name)?))) else {
        notes.left_out(LABEL, &pk, "its project does not exist");
        return None;
    };
    let uploads = &context.mended.uploads;
    let (mut datasets, mut sessions, mut beamline) = (Vec::new(), BTreeSet::new(), None);
    for reference in &row.datasets {
        let found = reference
            .id()
            .and_then(|id| uploads.dataset(id))
            .map(|(_, kept)| kept);
        match found.filter(|kept| uploads.name(kept.project) == username) {
            Some(kept) if datasets.contains(&DatasetId(kept.id)) => {}
            Some(kept) => {
                datasets.push(DatasetId(kept.id));
                sessions.extend((kept.session != 0).then_some(SessionId(kept.session)));
                beamline = beamline.or_else(|| context.beamline(uploads.name(kept.beamline)));
            }
            None => {
                let text = format!("its dataset {reference} does not exist, or is another project's");
                notes.mended(LABEL, &pk, text);
            }
        }
    }
    let own = context.mended.beamlines.beamline(row.beamline.as_ref());
    let known = own.and_then(|acronym| context.beamline(acronym)).or(beamline);
    let Some(beamline) = known.or_else(|| stand_in(context, username, &pk, notes)) else {
        notes.left_out(LABEL, &pk, "the facility has no beamline");
        return None;
    };
    if row.status == Some(TRASHED) {
        notes.kept(LABEL, &pk, "it was in the trash");
    }
    let score = row.score.unwrap_or(0.0);
    if !score.is_finite() {
        notes.mended(LABEL, &pk, format!("its score is {score}: it is 0 now"));
    }
    let name = row.name.as_deref().and_then(text::name);
    if name.is_none() || name != row.name {
        notes.mended(
            LABEL,
            &pk,
            "its name is missing, too long, or has control characters",
        );
    }
    let created = notes.instant(LABEL, &pk, "created", row.created.as_ref());
    let modified = notes.instant(LABEL, &pk, "modified", row.modified.as_ref());
    if created.or(modified).is_none() {
        notes.mended(LABEL, &pk, "it has no date: the year 1970 stands in");
    }
    let created = created.or(modified).unwrap_or(NO_DATE);
    let opened = row.url.as_deref().and_then(secure_key);
    let digest = opened.and_then(|key| context.directories.digest(&key));
    let record = Report {
        project,
        beamline,
        name: name.unwrap_or_else(|| format!("report {id}")),
        kind: notes
            .name(LABEL, &pk, "its kind", row.kind.as_deref())
            .unwrap_or_else(|| "Data Analysis".to_owned()),
        score: if score.is_finite() { score } else { 0.0 },
        datasets,
        sessions: sessions.into_iter().collect(),
        directory_digest: digest.unwrap_or_else(|| unknown_directory(SUBJECT, id)),
        key: None,
        address: None,
        details: message_pack(&details(row, &pk, notes)),
        created,
        modified: modified.unwrap_or(created),
    };
    let (record, key) = context.upload(
        (LABEL, SUBJECT, id),
        record,
        |record| record.key,
        (row.url.as_deref(), kept.loses_key, &row.exact),
        notes,
    );
    let record = Box::new(record);
    Some(Item::Report { id, record, key })
}

/// A beamline for a report without datasets: that of the newest session of its project, else the
/// first.
fn stand_in(
    context: &Context<'_>,
    username: &str,
    pk: &Pk,
    notes: &mut Notes,
) -> Option<beamlive_storage::ids::BeamlineId> {
    let mut sessions = context.mended.sessions.all.values().rev();
    let newest = sessions
        .find(|session| session.project == username)
        .map(|session| session.beamline.as_str());
    let first = || {
        context
            .mended
            .facility
            .beamline
            .first()
            .map(|first| first.acronym.as_str())
    };
    let acronym = newest.or_else(first)?;
    notes.mended(
        LABEL,
        pk,
        format!("it has no dataset that tells its beamline: {acronym} stands in"),
    );
    context.beamline(acronym)
}

fn details(row: &rows::Report, pk: &Pk, notes: &mut Notes) -> Value {
    match &row.details {
        None => Value::Map(Vec::new()),
        Some(details @ (Value::Array(_) | Value::Map(_))) if depth(details) <= DEEPEST => details.clone(),
        Some(_) => {
            notes.mended(
                LABEL,
                pk,
                "its details are no list and no object, or too deep, and are left out",
            );
            Value::Map(Vec::new())
        }
    }
}
