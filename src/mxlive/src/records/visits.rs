//! Sessions, beamline states, feedback.

use super::context::{number, Context};
use super::item::Item;
use crate::notes::Notes;
use crate::pk::Pk;
use crate::rows::{self, Row};
use crate::text;
use beamlive_storage::ids::{BeamlineId, RawId, SessionId};
use beamlive_storage::records::{BeamlineState, Feedback, Session, Stretch, Subject};
use beamlive_storage::Timestamp;
use std::collections::BTreeMap;

/// An area of a survey, its rating, and a comment.
type Answer = (String, Option<u8>, String);

const SUBJECT: Subject = Subject::Session;

/// All sessions, and the newest stretch of each beamline.
pub(super) fn sessions(context: &Context<'_>, notes: &mut Notes) -> Vec<Item> {
    let mut items = Vec::new();
    let mut newest: BTreeMap<BeamlineId, BeamlineState> = BTreeMap::new();
    for it in context.mended.sessions.all.values() {
        let ids = context.project(&it.project).zip(context.beamline(&it.beamline));
        let (Some((project, beamline)), Some(latest)) = (ids, it.stretches.last()) else {
            notes.left_out(
                rows::Session::LABEL,
                &number(it.id),
                "the facility has no such project or beamline",
            );
            continue;
        };
        let length = |stretch: &Stretch| stretch.end.map_or(0, |end| end.micros_since(stretch.start));
        let exact = &context
            .tables
            .sessions
            .get(&number(it.id))
            .and_then(|row| row.exact.clone());
        let session = Session {
            project,
            beamline,
            name: it.name.clone(),
            survey: (context.survey)(it.id),
            key: None,
            created: it.created,
            stretches: u32::try_from(it.stretches.len()).unwrap_or(u32::MAX),
            latest: *latest,
            ended_micros: it.stretches.iter().map(length).fold(0, i64::saturating_add),
        };
        let session = context.exactly((rows::Session::LABEL, it.id), session, exact, notes);
        let state = BeamlineState {
            session: RawId::from(it.id),
            project,
            name: it.name.clone(),
            number: session.stretches,
            start: latest.start,
            end: latest.end,
        };
        let known = newest.entry(beamline).or_insert_with(|| state.clone());
        let named = context.mended.beamlines.newest.get(&it.beamline);
        if named.map_or(known.start < state.start, |id| *id == it.id) {
            *known = state;
        }
        let url = it.key.map(|key| key.to_hex());
        let who = (rows::Session::LABEL, SUBJECT, it.id);
        let key = context.key(who, url.as_deref(), false, (session.key, exact), notes);
        items.push(Item::Session {
            id: it.id,
            session,
            stretches: it.stretches.clone(),
            key,
        });
    }
    items.extend(
        newest
            .into_iter()
            .map(|(beamline, state)| Item::BeamlineState { beamline, state }),
    );
    items
}

/// All answers to surveys.
pub(super) fn feedback(context: &Context<'_>, notes: &mut Notes) -> Vec<Item> {
    let label = rows::Feedback::LABEL;
    let tables = context.tables;
    let mut areas: BTreeMap<&Pk, Vec<Answer>> = BTreeMap::new();
    for (pk, row) in tables.area_feedback.iter() {
        let feedback = row
            .feedback
            .as_ref()
            .and_then(|feedback| tables.feedback.find(feedback));
        let area = row.area.as_ref().and_then(|area| tables.areas.get(area));
        let (Some((feedback, _)), Some(area)) = (feedback, area.and_then(|area| area.name.as_deref())) else {
            notes.left_out(
                rows::AreaFeedback::LABEL,
                pk,
                "its answer or its area does not exist",
            );
            continue;
        };
        // From worst to best there, 0 is not applicable.
        let rating = match row.rating {
            Some(-2) => Some(1),
            Some(-1) => Some(2),
            Some(1) => Some(4),
            Some(2) => Some(5),
            Some(0) | None => None,
            Some(other) => {
                notes.mended(
                    rows::AreaFeedback::LABEL,
                    pk,
                    format!("{other} is no rating: it has none"),
                );
                None
            }
        };
        let area = (text::cut(area, 255), rating, String::new());
        areas.entry(feedback).or_default().push(area);
    }
    let mut items = Vec::new();
    for (pk, row) in tables.feedback.iter() {
        let session = context.mended.sessions.find(row.session.as_ref());
        let (Some(session), Some(id)) = (session, pk.id()) else {
            notes.left_out(label, pk, "its session does not exist");
            continue;
        };
        let created = notes.instant(label, pk, "created", row.created.as_ref());
        let feedback = Feedback {
            created: created.unwrap_or(session.created).max(Timestamp(0)),
            areas: areas.remove(pk).unwrap_or_default(),
            comments: row.comments.as_deref().map(text::comments).unwrap_or_default(),
        };
        let feedback = context.exactly((label, id), feedback, &row.exact, notes);
        let session = SessionId(session.id);
        items.push(Item::Feedback {
            session,
            pk: id,
            feedback,
        });
    }
    items
}
