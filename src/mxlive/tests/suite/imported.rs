//! Everything that results from a dump.

use beamlive_actors::facility::catalog::Catalog;
use beamlive_actors::facility::declaration::Format;
use beamlive_actors::facility::plan::{Counters, InUse, Plan, Situation};
use beamlive_actors::facility::seeded_catalog;
use beamlive_mxlive::records::Context;
use beamlive_mxlive::{
    mend, Directories, Facility, Item, Mended, Note, Notes, Records, Rules, Tables, Unread,
};
use beamlive_storage::records::SecureKey;
use beamlive_storage::{Batch, Timestamp};
use chrono_tz::Tz;

pub(crate) const ZONE: Tz = chrono_tz::America::Regina;
pub(crate) const RULES: Rules = Rules {
    joinable_micros: 7 * 86_400 * 1_000_000,
};

/// When the facility file is applied.
pub(crate) const NOW: Timestamp = Timestamp(1_790_000_000_000_000);

pub(crate) struct Imported {
    pub(crate) facility: Facility,
    pub(crate) items: Vec<Item>,
    pub(crate) notes: Vec<Note>,
    pub(crate) unread: Unread,
    /// The facility afterwards, and the batch that makes it of the seeded one.
    pub(crate) catalog: Catalog,
    pub(crate) batch: Batch,
}

/// Reads and mends a dump.
pub(crate) fn read(dump: &[u8], directories: &Directories, notes: &mut Notes) -> (Tables, Mended) {
    let tables = Tables::read(dump, ZONE, directories, &mut |_| {}).unwrap();
    let mended = mend(&tables, &RULES, notes);
    (tables, mended)
}

/// Imports a dump, with the Data Proxy's.
pub(crate) fn import(dump: &str, proxy: &str) -> Imported {
    let directories = Directories::read(proxy.as_bytes(), ZONE, &mut |_| {}).unwrap();
    let mut notes = Notes::new();
    let (tables, mended) = read(dump.as_bytes(), &directories, &mut notes);
    let plan = plan(&mended.facility);
    let context = Context {
        tables: &tables,
        mended: &mended,
        catalog: &plan.catalog,
        directories: &directories,
        survey: &survey,
    };
    let mut records = Records::new(context);
    let mut items = Vec::new();
    let mut keep = |item| {
        items.push(item);
        Ok::<_, ()>(())
    };
    records.visits(&mut notes, &mut keep).unwrap();
    records
        .uploads(dump.as_bytes(), &mut notes, &mut |_| {}, |item, _| keep(item))
        .unwrap();
    records
        .paths(proxy.as_bytes(), &mut notes, &mut |_| {}, &mut keep)
        .unwrap();
    Imported {
        unread: tables.unread().clone(),
        facility: mended.facility.clone(),
        items,
        notes: notes.take(),
        catalog: plan.catalog,
        batch: plan.batch,
    }
}

fn survey(id: u64) -> SecureKey {
    let mut key = [0x5e; 20];
    key[..8].copy_from_slice(&id.to_be_bytes());
    SecureKey(key)
}

/// The facility that the service's own rules make of a file.
pub(crate) fn plan(facility: &Facility) -> Plan {
    plan_over(&seeded_catalog(), facility)
}

/// The same, over what a store has.
pub(crate) fn plan_over(catalog: &Catalog, facility: &Facility) -> Plan {
    let text = facility.to_json().unwrap();
    let situation = Situation {
        prune: false,
        in_use: &InUse::default(),
        counters: &Counters::default(),
        now: NOW,
    };
    let plan = Plan::of_file(catalog, (&text, Format::Json), ZONE, &situation);
    plan.unwrap_or_else(|mistakes| panic!("{mistakes:#?}"))
}
