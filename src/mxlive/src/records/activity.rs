//! The activity log.

use super::context::{number, Context};
use super::item::Item;
use crate::mend::NO_DATE;
use crate::notes::Notes;
use crate::pk::Pk;
use crate::rows::{self, Row};
use crate::text;
use beamlive_storage::ids::RawId;
use beamlive_storage::records::{Activity, Subject};

const LABEL: &str = rows::Activity::LABEL;

/// An entry of the activity log. What it is about need not exist any more.
pub(crate) fn item(context: &Context<'_>, id: u64, row: &rows::Activity, notes: &mut Notes) -> Option<Item> {
    let pk = &number(id);
    let project = context.mended.accounts.project(row.project.as_ref());
    let who = context.mended.accounts.who(row.user.as_ref());
    let action = match row.action {
        Some(0) => "login",
        Some(1) => "logout",
        Some(3) => "created",
        Some(4) => "modified",
        Some(5) => "deleted",
        Some(6) => "archived",
        _ => "task",
    };
    let time = notes.instant(LABEL, pk, "created", row.created.as_ref());
    let time = time.unwrap_or_else(|| {
        notes.mended(LABEL, pk, "it has no date: the year 1970 stands in");
        NO_DATE
    });
    let address = row
        .address
        .as_deref()
        .and_then(|address| address.trim().parse().ok());
    if row.address.is_some() && address.is_none() {
        notes.mended(LABEL, pk, "its address is none, and is left out");
    }
    let (subject, record) = about(context, row);
    let parts = [row.object_name.as_deref(), row.description.as_deref()];
    let note: Vec<_> = parts.into_iter().flatten().collect();
    let record = Activity {
        record: record.map_or(RawId::NONE, RawId::from),
        subject,
        project: project.and_then(|username| context.project(username)),
        who: text::cut(who.or(row.who.as_deref()).unwrap_or("unknown"), 255),
        address,
        action: action.to_owned(),
        note: text::comments(&note.join(": ")),
        time,
    };
    let record = Box::new(context.exactly((LABEL, id), record, &row.exact, notes));
    Some(Item::Activity { pk: id, record })
}

/// What an entry is about, and its id if that is known here.
fn about(context: &Context<'_>, row: &rows::Activity) -> (Subject, Option<u64>) {
    let label = row.content_type.as_ref().and_then(|reference| {
        let known = context.tables.content_types.get(reference);
        match (known, reference) {
            (Some(known), _) => Some(known.label.clone()),
            // A natural key: ["lims", "data"].
            (None, Pk::Text(name)) => Some(name.replacen('/', ".", 1)),
            (None, Pk::Number(_)) => None,
        }
    });
    let object = row.object.as_ref();
    let id = object.and_then(Pk::id);
    match label.as_deref() {
        Some("lims.session") => (
            Subject::Session,
            context.mended.sessions.find(object).map(|it| it.id),
        ),
        Some("lims.data") => {
            let known = id.filter(|id| context.mended.uploads.dataset(*id).is_some());
            (Subject::Dataset, known)
        }
        Some("lims.analysisreport") => (Subject::Report, context.report(id)),
        Some("lims.project") => {
            let username = context.mended.accounts.project(object);
            let project = username.and_then(|username| context.project(username));
            (Subject::Project, project.map(|project| project.0))
        }
        Some("staff.userlist" | "acl.accesslist") => (Subject::AccessList, None),
        Some("lims.userfeedback") => (Subject::Feedback, None),
        _ => (Subject::Facility, None),
    }
}
