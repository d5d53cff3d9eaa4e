//! `data/` and `report/`.

use super::bodies::{broken, broken_json, no_maps, wrong_for, Takes};
use super::{targets, Outcome, Table};
use crate::support::msgpack::{pack, value, with};
use crate::support::raw::RawRequest;
use crate::support::{Client, Service};
use rmpv::Value as Packed;
use serde_json::{json, Value};

/// MiB by which memory may grow while bodies of up to 16 MiB come one at a time.
const BOUND: u64 = 160;

fn dataset() -> Value {
    json!({"directory": "/users/alice/x", "type": "DATA", "name": "n", "energy": 12.6, "exposure": 0.5, "frames": "1-10"})
}

fn report() -> Value {
    json!({"directory": "/users/alice/x", "title": "t", "kind": "k", "score": 1, "details": [], "data_id": []})
}

const DATASET_FIELDS: [(&str, Takes); 17] = [
    ("directory", Takes::Text),
    ("type", Takes::FormOfText),
    ("name", Takes::Text),
    ("energy", Takes::PositiveNumber),
    ("exposure", Takes::PositiveMeasure),
    ("exposure_time", Takes::PositiveMeasure),
    ("attenuation", Takes::Measure),
    ("beam_size", Takes::PositiveMeasure),
    ("filename", Takes::Text),
    ("file_name", Takes::Text),
    ("frames", Takes::FormOfText),
    ("sample_id", Takes::Integer),
    ("start_time", Takes::FormOfText),
    ("end_time", Takes::FormOfText),
    ("id", Takes::Integer),
    ("data_id", Takes::Integer),
    ("uuid", Takes::Text),
];

const REPORT_FIELDS: [(&str, Takes); 9] = [
    ("directory", Takes::Text),
    ("title", Takes::Text),
    ("name", Takes::Text),
    ("kind", Takes::Text),
    ("type", Takes::Text),
    ("score", Takes::Measure),
    ("details", Takes::ListOrMap),
    ("data_id", Takes::Integers),
    ("id", Takes::Integer),
];

/// The valid body without the field of which `name` is an alias, so that the alias is used.
fn without_alias(good: &Value, name: &str) -> Value {
    let alias = match name {
        "exposure_time" => "exposure",
        "file_name" => "filename",
        "data_id" if good.get("type").is_some() => "id",
        "name" if good.get("title").is_some() => "title",
        "type" if good.get("kind").is_some() => "kind",
        _ => return good.clone(),
    };
    let mut body = good.clone();
    body.as_object_mut().unwrap().remove(alias);
    body
}

struct Uploads {
    table: Table,
    alice: Client,
    route: &'static str,
}

impl Uploads {
    fn begin(route: &'static str) -> Self {
        let service = Service::start();
        let alice = service.client("alice");
        Self {
            table: Table::begin(service),
            alice,
            route,
        }
    }

    fn target(&self) -> String {
        self.table.service.signed(&self.alice, self.route)
    }

    fn packed(&mut self, name: &str, body: Vec<u8>, outcome: &Outcome) {
        let request = RawRequest::post(self.target(), body);
        self.table.row(name, &request, outcome);
    }

    fn json(&mut self, name: &str, body: Vec<u8>, outcome: &Outcome) {
        let request = RawRequest::post(self.target(), body).json();
        self.table.row(&format!("{name}, as JSON"), &request, outcome);
    }

    fn broken_bodies(&mut self, good: &Value) {
        let body = Outcome::names(&["body"]);
        for (name, bytes) in broken(&pack(&value(good))).into_iter().chain(no_maps()) {
            self.packed(&name, bytes, &body);
        }
        for (name, bytes) in broken_json() {
            self.json(&name, bytes, &body);
        }
        for length in [(16 << 20) + 1, 40 << 20] {
            self.packed(
                "a body that is too long",
                vec![0xc0; length],
                &Outcome::Status(413),
            );
            self.json(
                "a body that is too long",
                vec![b' '; length],
                &Outcome::Status(413),
            );
        }
    }

    fn wrong_fields(&mut self, good: &Value, fields: &[(&str, Takes)]) {
        for (name, takes) in fields {
            let good = without_alias(good, name);
            for (kind, wrong) in wrong_for(*takes) {
                // Entries of a list are named by their index.
                let inside = *takes == Takes::Integers && kind.starts_with("a list");
                let named = if inside {
                    format!("{name}[0]")
                } else {
                    (*name).to_owned()
                };
                self.packed(
                    &format!("{name} is {kind}"),
                    with(&good, name, wrong),
                    &Outcome::Names(vec![named]),
                );
            }
        }
    }

    fn targets(&mut self, good: &Value) {
        let body = pack(&value(good));
        let route = self.route.split('/').next().unwrap();
        for (segment, outcome) in targets::all() {
            let target = self
                .table
                .service
                .signed(&self.alice, &format!("{route}/{segment}/"));
            self.table.row(
                &targets::shown(&segment),
                &RawRequest::post(target, body.clone()),
                &outcome,
            );
        }
    }

    /// Ends the table. After that a valid upload gets the first id.
    fn end(self, good: &Value) {
        let (alice, route) = (self.alice, self.route);
        let service = self.table.end(BOUND);
        let good = pack(&value(good));
        let reply = service.send(&RawRequest::post(service.signed(&alice, route), good));
        assert_eq!((reply.status, reply.json()), (200, json!({"id": 1})));
    }
}

#[test]
fn no_body_breaks_data() {
    let mut uploads = Uploads::begin("data/BM/");
    let good = dataset();
    uploads.broken_bodies(&good);
    for frames in [
        "5-1",
        "a",
        "1-",
        "-",
        "--",
        "1-2-3",
        "1,,2",
        "1\0",
        "0x10",
        "1e3",
        "1-99999999999999999999",
        "∞",
        "-1--5",
    ] {
        uploads.packed(
            frames,
            with(&good, "frames", frames.into()),
            &Outcome::names(&["frames"]),
        );
    }
    uploads.packed(
        "10 MB of frames",
        with(&good, "frames", "1,".repeat(5 << 20).into()),
        &Outcome::names(&["frames"]),
    );
    uploads.packed(
        "10 MB of a digit",
        with(&good, "frames", "1".repeat(10 << 20).into()),
        &Outcome::names(&["frames"]),
    );
    let twice = [
        vec![0x87],
        pack(&value(&good))[1..].to_vec(),
        vec![0xa6],
        b"energy".to_vec(),
        pack(&Packed::from(-1)),
    ]
    .concat();
    uploads.packed(
        "a field twice, of which the last is wrong",
        twice,
        &Outcome::names(&["energy"]),
    );
    uploads.packed(
        "no field at all",
        vec![0x80],
        &Outcome::names(&["directory", "energy", "exposure", "name", "type"]),
    );
    uploads.json(
        "no field at all",
        b"{}".to_vec(),
        &Outcome::names(&["directory", "energy", "exposure", "name", "type"]),
    );
    uploads.packed(
        "an unknown field of 65 levels",
        with(&good, "mine", crate::support::msgpack::nested(65)),
        &Outcome::names(&["mine"]),
    );
    let long = "k".repeat(10 << 20);
    let cut: String = "k".repeat(100);
    uploads.packed(
        "a bad field with a name of 10 MB",
        with(&good, &long, crate::support::msgpack::nested(65)),
        &Outcome::names(&[&cut]),
    );
    uploads.end(&good);
}

#[test]
fn no_type_of_any_field_breaks_data() {
    let mut uploads = Uploads::begin("data/BM/");
    uploads.wrong_fields(&dataset(), &DATASET_FIELDS);
    uploads.end(&dataset());
}

#[test]
fn no_url_breaks_data() {
    let mut uploads = Uploads::begin("data/BM/");
    uploads.targets(&dataset());
    uploads.end(&dataset());
}

#[test]
fn no_body_breaks_reports() {
    let mut uploads = Uploads::begin("report/BM/");
    let good = report();
    uploads.broken_bodies(&good);
    let no_directory = json!({"title": "t"});
    let nils = Packed::Array(vec![Packed::Nil; 1 << 20]);
    uploads.packed(
        "a million nulls as details",
        with(&no_directory, "details", nils.clone()),
        &Outcome::names(&["directory"]),
    );
    uploads.packed(
        "a million nulls as data_id",
        with(&good, "data_id", nils),
        &Outcome::names(&["data_id"]),
    );
    let ids = Packed::Array((0..1_000_000).map(Packed::from).collect());
    uploads.packed(
        "a million ids as data_id",
        with(&good, "data_id", ids),
        &Outcome::names(&["data_id"]),
    );
    uploads.end(&good);
}

#[test]
fn no_type_of_any_field_breaks_reports() {
    let mut uploads = Uploads::begin("report/BM/");
    uploads.wrong_fields(&report(), &REPORT_FIELDS);
    uploads.end(&report());
}

#[test]
fn no_url_breaks_reports() {
    let mut uploads = Uploads::begin("report/BM/");
    uploads.targets(&report());
    uploads.end(&report());
}

/// The contract accepts such a report. It takes memory only while it is read.
#[test]
fn sixteen_million_nulls_in_details_take_bounded_memory() {
    let service = Service::start();
    let alice = service.client("alice");
    service.forget_peak();
    let resident = service.resident_kib();
    let details = [
        vec![0xdd],
        16_000_000_u32.to_be_bytes().to_vec(),
        vec![0xc0; 16_000_000],
    ]
    .concat();
    let head = pack(&value(&json!({"directory": "/users/alice/x"})));
    let body = [
        vec![0x82],
        head[1..].to_vec(),
        vec![0xa7],
        b"details".to_vec(),
        details,
    ]
    .concat();
    let reply = service.send(&RawRequest::post(service.signed(&alice, "report/BM/"), body));
    assert_eq!((reply.status, reply.json()), (200, json!({"id": 1})));
    let grown = service.peak_kib() - resident;
    assert!(
        grown < 256 * super::MIB,
        "memory grew by {} MiB",
        grown / super::MIB
    );
    super::unharmed(&service);
}
