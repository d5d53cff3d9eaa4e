//! Rows of datasets, reports and the activity log.

use super::access::user;
use super::error::ExportError;
use super::facility::Declared;
use super::json::{text, Dump};
use super::outcome::Exported;
use super::row::Row;
use super::visits::url;
use crate::dump::fields::Fields;
use crate::exact::{difference, OLDER, RECORD};
use crate::mend::{Kept, KeptReport};
use crate::notes::Notes;
use crate::records::{activity, dataset, report, Context, Item};
use crate::rows;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::keys::{self, Key};
use beamlive_storage::records::{Activity, Dataset, Report, Subject};
use beamlive_storage::{Order, ReadError, Store, Table};
use chrono_tz::Tz;
use rmpv::Value;
use serde_json::json;
use std::collections::HashMap;
use std::io::Write;

/// Frames that are listed one by one. Of more, the ranges are written, as older servers do.
const LISTED: u64 = 100_000;
/// Records that an import would leave out.
const LEFT: &str = "uploads whose project or beamline is gone";

pub(super) fn write<W: Write>(
    store: &Store,
    catalog: &Catalog,
    declared: &Declared,
    context: &Context<'_>,
    dump: &mut Dump<W>,
    exported: &mut Exported,
) -> Result<(), ExportError> {
    let older = older(store)?;
    let (start, end) = keys::below(&Key::of(Table::Dataset), None);
    for found in store.scan::<Dataset>(&start, &end, Order::Ascending) {
        let (key, found) = found?;
        let (id, it) = (keys::last_id(&key).unwrap_or(0), found.record);
        let Some((project, beamline)) = declared.numbers(it.project, it.beamline) else {
            exported.leave(LEFT, 1);
            continue;
        };
        let kept = Kept {
            id,
            digest: 0,
            project,
            beamline,
            session: it.session.map_or(0, |session| session.0),
            loses_uuid: false,
            loses_key: false,
        };
        let mut row = url(
            store,
            dataset_row(id, &it, catalog),
            (Subject::Dataset, id),
            it.key,
        )?;
        let read = read_back(&row, |read| {
            dataset::item(context, read, &kept, &mut Notes::new())
        });
        let read = match &read {
            Some(Item::Dataset { record, .. }) => Some(&**record),
            _ => None,
        };
        if let Some(said) = difference(&it, read)? {
            row.exactly(RECORD, &said);
        }
        if let Some(uuids) = older.get(&id) {
            row.exactly(OLDER, &json!(uuids));
        }
        dump.put(&row, exported)?;
    }
    reports(store, declared, context, dump, exported)?;
    activities(store, catalog, context, dump, exported)
}

/// What an import makes of a row.
fn read_back<R: rows::Row>(row: &Row, item: impl FnOnce(R) -> Option<Item>) -> Option<Item> {
    R::read(&Fields::new(row.fields.clone()), Tz::UTC)
        .ok()
        .and_then(item)
}

fn dataset_row(id: u64, it: &Dataset, catalog: &Catalog) -> Row {
    let mut meta = match rmpv::decode::read_value(&mut it.meta_data.as_slice()) {
        Ok(Value::Map(entries)) => entries,
        _ => Vec::new(),
    };
    if let Some(uuid) = &it.uuid {
        meta.push((Value::from("uuid"), Value::from(uuid.as_str())));
    }
    let sample = it.sample.filter(|sample| catalog.samples.get(sample.0).is_some());
    let group = it.group.clone().map(|group| (it.project, group));
    let group = group.and_then(|group| catalog.groups.id(&group));
    Row::new("lims.data", id)
        .set("name", it.name.as_str())
        .set("project", it.project.0)
        .set("beamline", it.beamline.0)
        .maybe("session", it.session.map(|session| session.0))
        .maybe("sample", sample.map(|sample| sample.0))
        .maybe("group", group)
        .maybe("kind", catalog.data_types.id(&it.kind))
        .maybe("file_name", it.filename.as_deref())
        .set("frames", frames(it))
        .set("num_frames", it.num_frames)
        .maybe("exposure_time", it.exposure)
        .maybe("attenuation", it.attenuation)
        .set("energy", format!("{:.4}", it.energy))
        .maybe("beam_size", it.beam_size)
        .time("start_time", it.start_time)
        .time("end_time", it.end_time)
        .set("status", 5_u64)
        .set("meta_data", text(&Value::Map(meta)))
        .time("created", it.created)
        .time("modified", it.modified)
}

/// The list of frames as MxLIVE writes it.
fn frames(it: &Dataset) -> String {
    if it.num_frames > LISTED {
        return it.frames.clone();
    }
    let ranges = it.frames.split(',').filter_map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        Some(first.trim().parse::<u64>().ok()?..=last.trim().parse().ok()?)
    });
    let mut numbers: Vec<_> = ranges
        .flatten()
        .take(usize::try_from(LISTED).unwrap_or(0))
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    text(&Value::from(
        numbers.into_iter().map(Value::from).collect::<Vec<_>>(),
    ))
}

/// The older uuids of datasets. There are few: a client seldom gives a dataset a new one.
fn older(store: &Store) -> Result<HashMap<u64, Vec<String>>, ReadError> {
    let (start, end) = keys::below(&Key::of(Table::DatasetByIdentity), None);
    let mut older: HashMap<u64, Vec<String>> = HashMap::new();
    for row in store.scan_bytes(&start, &end, Order::Ascending) {
        let (_, value) = row?;
        if let Some((id, Some(uuid))) = keys::parse_identified(&value) {
            older.entry(id.0).or_default().push(uuid.to_owned());
        }
    }
    for uuids in older.values_mut() {
        uuids.sort_unstable();
    }
    Ok(older)
}

fn reports<W: Write>(
    store: &Store,
    declared: &Declared,
    context: &Context<'_>,
    dump: &mut Dump<W>,
    exported: &mut Exported,
) -> Result<(), ExportError> {
    let (start, end) = keys::below(&Key::of(Table::Report), None);
    for found in store.scan::<Report>(&start, &end, Order::Ascending) {
        let (key, found) = found?;
        let (id, it) = (keys::last_id(&key).unwrap_or(0), found.record);
        if declared.numbers(it.project, it.beamline).is_none() {
            exported.leave(LEFT, 1);
            continue;
        }
        let details = rmpv::decode::read_value(&mut it.details.as_slice()).unwrap_or(Value::Nil);
        let datasets: Vec<_> = it.datasets.iter().map(|id| Value::from(id.0)).collect();
        let row = Row::new("lims.analysisreport", id)
            .set("name", it.name.as_str())
            .set("project", it.project.0)
            .set("beamline", it.beamline.0)
            .set("kind", it.kind.as_str())
            .set("score", it.score)
            .set("data", datasets)
            .set("status", 5_u64)
            .set("details", text(&details))
            .time("created", it.created)
            .time("modified", it.modified);
        let mut row = url(store, row, (Subject::Report, id), it.key)?;
        let kept = KeptReport {
            id,
            digest: 0,
            loses_key: false,
        };
        let read = read_back(&row, |read| report::item(context, &read, kept, &mut Notes::new()));
        let read = match read {
            // An import finds the datasets, and with them the sessions.
            Some(Item::Report { record, .. }) => Some(Report {
                datasets: it.datasets.clone(),
                sessions: it.sessions.clone(),
                ..*record
            }),
            _ => None,
        };
        if let Some(said) = difference(&it, read.as_ref())? {
            row.exactly(RECORD, &said);
        }
        dump.put(&row, exported)?;
    }
    Ok(())
}

/// Whether an entry is about the store and not about the facility: that it was made, or filled from
/// a dump. A store that an import makes has such entries of its own.
fn is_about_store(it: &Activity) -> bool {
    it.subject == Subject::Facility
        && (it.action == "import" || (it.who == "beamlive" && it.action == "create"))
}

/// The activity log, without the entries about the store.
fn activities<W: Write>(
    store: &Store,
    catalog: &Catalog,
    context: &Context<'_>,
    dump: &mut Dump<W>,
    exported: &mut Exported,
) -> Result<(), ExportError> {
    let (start, end) = keys::below(&Key::of(Table::Activity), None);
    let mut pk = 0;
    for found in store.scan::<Activity>(&start, &end, Order::Ascending) {
        let it = found?.1.record;
        if is_about_store(&it) {
            continue;
        }
        pk += 1;
        let mut row = activity_row(pk, &it, catalog);
        let read = read_back(&row, |read| activity::item(context, pk, &read, &mut Notes::new()));
        let read = match read {
            Some(Item::Activity { record, .. }) if is_upload(it.subject) => Some(Activity {
                // An import finds the session, the dataset or the report.
                record: it.record,
                ..*record
            }),
            Some(Item::Activity { record, .. }) => Some(*record),
            _ => None,
        };
        if let Some(said) = difference(&it, read.as_ref())? {
            row.exactly(RECORD, &said);
        }
        dump.put(&row, exported)?;
    }
    Ok(())
}

fn is_upload(subject: Subject) -> bool {
    matches!(subject, Subject::Session | Subject::Dataset | Subject::Report)
}

fn activity_row(pk: u64, it: &Activity, catalog: &Catalog) -> Row {
    let action = match it.action.as_str() {
        "login" => 0_u64,
        "logout" => 1,
        "created" => 3,
        "modified" => 4,
        "deleted" => 5,
        "archived" => 6,
        _ => 2,
    };
    let label = match it.subject {
        Subject::Project => Some("project"),
        Subject::Session => Some("session"),
        Subject::Dataset => Some("data"),
        Subject::Report => Some("analysisreport"),
        Subject::Feedback => Some("userfeedback"),
        Subject::Facility | Subject::AccessList | Subject::Outbox | Subject::Person | Subject::Container => {
            None
        }
    };
    let project = it
        .project
        .filter(|project| catalog.projects.get(project.0).is_some());
    let account = catalog
        .account(&it.who)
        .and_then(|account| user(catalog, account));
    let row = Row::new("lims.activitylog", pk)
        .time("created", it.time)
        .maybe("project", project.map(|project| project.0))
        .maybe("user", account)
        .set("user_description", it.who.as_str())
        .maybe("ip_number", it.address.map(|address| address.to_string()))
        .maybe("object_id", it.record.get())
        .set("action_type", action)
        .set("object_repr", "")
        .set("description", it.note.as_str());
    match label {
        Some(label) => row.natural("content_type", &["lims", label]),
        None => row.set("content_type", Value::Nil),
    }
}
