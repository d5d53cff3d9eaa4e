//! The columns of what happened at the beamlines.

use super::facility::columns;
use super::json::json;
use super::values::{address, count, id, ids, optional, optional_time, text, time, Object};
use crate::ids::{SampleId, SessionId};
use crate::records::{Activity, Connection, ConnectionStatus, Dataset, Report, Session, Stretch, Subject};
use serde_json::{json as object, Value};

pub(super) fn session(it: Session) -> Object {
    #[expect(
        clippy::cast_precision_loss,
        reason = "285 years are exact to the microsecond"
    )]
    let ended_seconds = it.ended_micros as f64 / 1e6;
    columns! {
        project_id: id(it.project.0),
        beamline_id: id(it.beamline.0),
        name: text(&it.name),
        created: time(it.created),
        stretches: it.stretches,
        latest_start: time(it.latest.start),
        latest_end: optional_time(it.latest.end),
        ended_seconds: ended_seconds,
    }
}

pub(super) fn stretch(it: Stretch) -> Object {
    columns! {
        start_time: time(it.start),
        end_time: optional_time(it.end),
    }
}

pub(super) fn dataset(it: Dataset) -> Object {
    columns! {
        project_id: id(it.project.0),
        beamline_id: id(it.beamline.0),
        session_id: it.session.map(|SessionId(session)| id(session)),
        sample_id: it.sample.map(|SampleId(sample)| id(sample)),
        sample_group: optional(it.group.as_deref()),
        name: text(&it.name),
        type: text(&it.kind),
        filename: optional(it.filename.as_deref()),
        frames: text(&it.frames),
        num_frames: count(it.num_frames),
        // A float that is not finite becomes null.
        energy: it.energy,
        exposure: it.exposure,
        attenuation: it.attenuation,
        beam_size: it.beam_size,
        start_time: time(it.start_time),
        end_time: time(it.end_time),
        uuid: optional(it.uuid.as_deref()),
        address: address(it.address),
        meta: json(&it.meta_data),
        created: time(it.created),
        modified: time(it.modified),
    }
}

pub(super) fn report(it: Report) -> Object {
    columns! {
        project_id: id(it.project.0),
        beamline_id: id(it.beamline.0),
        name: text(&it.name),
        kind: text(&it.kind),
        score: it.score,
        dataset_ids: ids(it.datasets.iter().map(|it| it.0)),
        session_ids: ids(it.sessions.iter().map(|it| it.0)),
        address: address(it.address),
        details: json(&it.details),
        created: time(it.created),
        modified: time(it.modified),
    }
}

pub(super) fn connection(it: Connection) -> Object {
    let event =
        |(status, date): &(ConnectionStatus, _)| object!({ "status": name(*status), "date": time(*date) });
    columns! {
        status: it.history.last().map(|(status, _)| name(*status)),
        created: time(it.created),
        end_time: optional_time(it.end),
        history: it.history.iter().map(event).collect::<Value>(),
    }
}

fn name(status: ConnectionStatus) -> &'static str {
    match status {
        ConnectionStatus::Connected => "Connected",
        ConnectionStatus::Disconnected => "Disconnected",
        ConnectionStatus::Failed => "Failed",
        ConnectionStatus::Finished => "Finished",
    }
}

pub(super) fn activity(it: Activity) -> Object {
    columns! {
        time: time(it.time),
        project_id: it.project.map(|project| id(project.0)),
        subject: match it.subject {
            Subject::Project => "project",
            Subject::Session => "session",
            Subject::Dataset => "dataset",
            Subject::Report => "report",
            Subject::Facility => "facility",
            Subject::AccessList => "access_list",
            Subject::Outbox => "outbox",
            Subject::Feedback => "feedback",
            Subject::Person => "person",
            Subject::Container => "container",
        },
        record_id: it.record.get().map(id),
        who: text(&it.who),
        address: address(it.address),
        action: text(&it.action),
        note: text(&it.note),
    }
}
