//! Dumps with everything that real ones hold, blemishes included.

use serde_json::{json, Value};

/// How a dump is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Projects and data types have natural keys.
    pub(crate) natural: bool,
    /// JSON fields are texts that hold JSON.
    pub(crate) json_texts: bool,
}

pub(crate) const SHAPES: [Shape; 4] = [
    Shape {
        natural: false,
        json_texts: true,
    },
    Shape {
        natural: false,
        json_texts: false,
    },
    Shape {
        natural: true,
        json_texts: true,
    },
    Shape {
        natural: true,
        json_texts: false,
    },
];

pub(crate) const ED25519: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ alice@bm";
pub(crate) const HASH: &str = "pbkdf2_sha256$1000$seasalt$mQnueSakb748zqBAC1tmWVZsZbi2zPGZarEzTGdfmso=";

impl Shape {
    fn json(self, value: Value) -> Value {
        if self.json_texts {
            Value::String(value.to_string())
        } else {
            value
        }
    }

    fn project(self, pk: u64, username: &str) -> Value {
        if self.natural {
            json!([username])
        } else {
            json!(pk)
        }
    }

    fn kind(self, pk: u64, acronym: &str) -> Value {
        if self.natural {
            json!([acronym])
        } else {
            json!(pk)
        }
    }

    fn named(self, model: &str, pk: u64, fields: Value) -> Value {
        if self.natural {
            json!({"model": model, "fields": fields})
        } else {
            json!({"model": model, "pk": pk, "fields": fields})
        }
    }
}

/// The text of a dump.
pub(crate) fn text(records: &[Value]) -> String {
    let records: Vec<_> = records.iter().map(Value::to_string).collect();
    format!("[\n{}\n]\n", records.join(",\n"))
}

pub(crate) fn record(model: &str, pk: u64, fields: Value) -> Value {
    json!({"model": model, "pk": pk, "fields": fields})
}

/// A secure key of one digit.
pub(crate) fn key(digit: char) -> String {
    digit.to_string().repeat(40)
}

/// A facility of MxLIVE without blemishes.
pub(crate) fn sound(shape: Shape) -> Vec<Value> {
    let (alice, bob) = (shape.project(3, "alice"), shape.project(5, "bob"));
    let mut records = vec![
        shape.named("lims.project", 3, json!({
            "username": "alice", "password": HASH, "name": "alice", "first_name": "Alice", "last_name": "A.",
            "key": ED25519, "email": "a@example.org", "is_active": true, "is_staff": false, "is_superuser": false,
            "created": "2019-05-01T08:00:00Z", "modified": "2026-01-01T08:00:00.123Z",
        })),
        shape.named("lims.project", 5, json!({"username": "bob", "password": "!unusable", "name": "bob", "key": ""})),
        record("lims.sshkey", 1, json!({"name": "laptop", "key": ED25519, "project": alice.clone()})),
        record("lims.beamline", 2, json!({
            "name": "CMCF-BM", "acronym": "BM", "active": true, "energy_lo": 4.0, "energy_hi": 18.5,
            "contact_phone": "3608", "automounters": [],
        })),
        record("lims.beamline", 4, json!({"name": "CMCF-ID", "acronym": "ID", "active": false})),
        shape.named("lims.datatype", 1, json!({
            "name": "Dataset", "acronym": "DATA", "description": "d", "template": "t",
            "metadata": shape.json(json!(["delta_angle", "detector"])),
        })),
        shape.named("lims.datatype", 2, json!({"name": "Screen", "acronym": "SCREEN", "metadata": shape.json(json!([]))})),
        record("lims.containertype", 1, json!({
            "name": "Uni-Puck", "layout": shape.json(json!({"locations": {"1": [0.36, 3.1], "2": [0.75, -0.2]}})),
            "height": 1.0, "radius": 9.0, "envelope": "circle",
        })),
        record("lims.containertype", 2, json!({"name": "Dewar", "layout": null, "height": 2.0, "radius": 30.0, "envelope": "rect"})),
        record("lims.containerlocation", 10, json!({"name": "1A", "kind": 2, "x": 0.1, "y": 0.2, "accepts": [1]})),
        record("lims.container", 20, json!({
            "name": "AM-BM", "project": bob.clone(), "kind": 2, "status": 2, "parent": null, "location": null,
            "shipment": null, "priority": 0, "comments": null, "created": "2019-05-01T08:00:00Z",
            "modified": "2019-05-01T08:00:00Z",
        })),
        record("lims.container", 21, json!({
            "name": "CLS-0042", "project": alice.clone(), "kind": 1, "status": 2, "parent": 20, "location": 10,
        })),
        record("lims.dewar", 1, json!({"beamline": 2, "container": 20, "active": true, "staff_comments": null})),
        record("lims.containerlocation", 11, json!({"name": "1", "kind": 1, "x": 0.36, "y": 3.1, "accepts": []})),
        record("lims.containerlocation", 12, json!({"name": "2", "kind": 1, "x": 0.75, "y": -0.2, "accepts": []})),
        record("lims.group", 6, json!({"name": "native", "project": alice.clone(), "priority": 1, "energy": "12.6580", "status": 2})),
        record("lims.sample", 17, json!({
            "name": "lys-3", "project": alice.clone(), "barcode": null, "container": 21, "location": 12, "group": 6,
            "priority": 0, "collect_status": false, "comments": "large",
        })),
    ];
    records.extend(visits(shape, &alice));
    records.extend([
        record("staff.userlist", 1, json!({
            "name": "nx-bm", "description": "", "address": "10.45.0.7", "users": [alice.clone()], "beamline": [2],
            "active": true,
        })),
        record("staff.remoteconnection", 1, json!({
            "name": "host-1001", "user": alice.clone(), "userlist": 1, "status": "Finished",
            "created": "2026-01-01T08:00:00Z", "end": "2026-01-01T09:00:00Z",
        })),
        record("schedule.accesstype", 1, json!({"name": "Remote", "remote": true})),
        record("schedule.beamtime", 1, json!({
            "project": alice.clone(), "beamline": 2, "access": 1, "cancelled": false,
            "start": "2026-01-01T08:00:00-06:00", "end": "2026-01-01T16:00:00-06:00", "comments": "",
        })),
        record("contenttypes.contenttype", 30, json!({"app_label": "lims", "model": "data"})),
        record("lims.activitylog", 1, json!({
            "created": "2026-01-01T08:02:00Z", "project": alice.clone(), "user": alice.clone(),
            "user_description": "Alice", "ip_number": "10.1.2.3", "object_id": 100, "content_type": 30,
            "action_type": 3, "object_repr": "lys-3-1", "description": "uploaded",
        })),
        record("sessions.session", 0, json!({"session_data": "secret"})),
    ]);
    records
}

/// A session with a dataset, a report and an answer to its survey.
fn visits(shape: Shape, alice: &Value) -> Vec<Value> {
    vec![
        record(
            "lims.session",
            7,
            json!({
                "name": "day-1", "project": alice, "beamline": 2, "url": key('a'), "comments": "",
                "created": "2026-01-01T08:00:00Z",
            }),
        ),
        record(
            "lims.stretch",
            1,
            json!({"session": 7, "start": "2026-01-01T08:00:00Z", "end": "2026-01-01T10:00:00Z"}),
        ),
        record(
            "lims.stretch",
            2,
            json!({"session": 7, "start": "2026-01-01T11:00:00Z", "end": null}),
        ),
        record(
            "lims.data",
            100,
            json!({
                "name": "lys-3-1", "project": alice, "group": 6, "sample": 17, "session": 7, "beamline": 2,
                "kind": shape.kind(1, "DATA"), "start_time": "2026-01-01T08:01:00Z", "end_time": "2026-01-01T08:02:00Z",
                "file_name": "lys-3-1_{:05d}.cbf", "frames": "[1, 2, 3, 4, 8]", "num_frames": 5, "exposure_time": 0.5,
                "attenuation": 10.0, "energy": "12.6580", "beam_size": 50.0, "url": key('b'), "status": 5,
                "meta_data": shape.json(json!({
                    "uuid": "u-1", "start_time": "2026-01-01T08:01:00.250000+00:00", "two_theta": 0.0, "detector": "Eiger",
                    "beam_size": 50.0,
                })),
                "created": "2026-01-01T08:02:00Z", "modified": "2026-01-01T08:02:00Z", "download": false,
            }),
        ),
        record(
            "lims.analysisreport",
            200,
            json!({
                "name": "MX", "project": alice, "kind": "MX Analysis", "score": 0.8, "data": [100], "url": key('c'),
                "details": shape.json(json!([{"title": "t", "content": [{"z": 1, "a": 2}]}])), "status": 5,
                "created": "2026-01-01T08:10:00Z", "modified": "2026-01-01T08:10:00Z",
            }),
        ),
        record(
            "lims.userfeedback",
            1,
            json!({"session": 7, "comments": "good", "contact": false, "created": "2026-01-01T12:00:00Z", "modified": "2026-01-01T12:00:00Z"}),
        ),
        record(
            "lims.supportarea",
            1,
            json!({"name": "Robot", "user_feedback": true}),
        ),
        record(
            "lims.userareafeedback",
            1,
            json!({"feedback": 1, "area": 1, "rating": -2}),
        ),
    ]
}

/// The Data Proxy's dump that goes with it.
pub(crate) fn proxy() -> Vec<Value> {
    let path = |pk: u64, digit: char, path: &str| {
        record(
            "downloads.securepath",
            pk,
            json!({"path": path, "key": key(digit), "created": "2026-01-01T08:00:00Z"}),
        )
    };
    vec![
        path(1, 'a', "/users/alice/day-1"),
        path(2, 'b', "/users/alice/day-1/lys-3-1"),
        path(3, 'c', "/users/alice/day-1/proc"),
        path(4, 'f', "/users/nobody"),
    ]
}

/// Every blemish, as an addition to the sound dump in its first shape.
#[allow(clippy::too_many_lines, reason = "one record after the other")]
pub(crate) fn blemishes() -> Vec<Value> {
    let session = |pk: u64, name: &str, created: &str| {
        record(
            "lims.session",
            pk,
            json!({"name": name, "project": 3, "beamline": 4, "url": null, "comments": "", "created": created}),
        )
    };
    let stretch = |pk: u64, session: u64, start: &str, end: Value| {
        record(
            "lims.stretch",
            pk,
            json!({"session": session, "start": start, "end": end}),
        )
    };
    let container = |pk: u64, name: &str, parent: Value, location: Value| {
        record(
            "lims.container",
            pk,
            json!({"name": name, "project": 3, "kind": 1, "status": 2, "parent": parent, "location": location}),
        )
    };
    let sample = |pk: u64, container: Value, location: Value| {
        record(
            "lims.sample",
            pk,
            json!({"name": format!("s{pk}"), "project": 3, "container": container, "location": location}),
        )
    };
    let dataset = |pk: u64, change: Value| {
        let mut fields = json!({
            "name": format!("d{pk}"), "project": 3, "beamline": 2, "kind": 1, "energy": 12.0, "url": key('d'),
            "start_time": "2026-01-01T08:30:00Z", "end_time": "2026-01-01T08:31:00Z", "frames": "1-4,8",
            "created": "2026-01-01T08:31:00Z", "modified": "2026-01-01T08:31:00Z", "meta_data": "{}",
        });
        for (name, value) in change.as_object().unwrap() {
            fields[name] = value.clone();
        }
        record("lims.data", pk, fields)
    };
    vec![
        record(
            "lims.project",
            8,
            json!({"username": "Alice", "password": "md5$a$b", "is_staff": true, "key": "ssh-foo AAAA"}),
        ),
        record(
            "lims.project",
            9,
            json!({"username": "carl@lab", "password": HASH, "is_active": false, "name": "x\u{7}".repeat(300)}),
        ),
        record(
            "lims.project",
            10,
            json!({"username": "carl-lab", "is_superuser": true}),
        ),
        record(
            "lims.project",
            3,
            json!({"username": "old-alice", "modified": "2018-01-01T08:00:00Z"}),
        ),
        record(
            "lims.sshkey",
            2,
            json!({"name": "x", "key": "nonsense", "project": 3}),
        ),
        record(
            "lims.sshkey",
            3,
            json!({"name": "x", "key": ED25519, "project": 999}),
        ),
        record(
            "lims.datatype",
            8,
            json!({"acronym": "MX_SCREEN", "name": "old", "metadata": "{}"}),
        ),
        record("lims.datatype", 9, json!({"acronym": null, "name": "none"})),
        // Containers in a circle, too deep, at one place, of one name, at a location that the type
        // lacks.
        container(30, "circle", json!(31), json!(11)),
        container(31, "circle-2", json!(30), json!(11)),
        container(32, "CLS-0042", Value::Null, Value::Null),
        container(33, "deep-1", Value::Null, Value::Null),
        container(34, "deep-2", json!(33), json!(11)),
        container(35, "deep-3", json!(34), json!(11)),
        container(36, "deep-4", json!(35), json!(11)),
        container(37, "deep-5", json!(36), json!(11)),
        container(38, "same-place", json!(20), json!(10)),
        container(39, "lacking", json!(33), json!(10)),
        container(40, "dangling", json!(999), json!(10)),
        record(
            "lims.container",
            41,
            json!({"name": "", "project": 3, "kind": 999, "status": 77}),
        ),
        record(
            "lims.container",
            42,
            json!({"name": "lost", "project": 999, "kind": 1, "status": 2}),
        ),
        record("lims.containertype", 3, json!({"name": "Empty", "layout": null})),
        record(
            "lims.dewar",
            2,
            json!({"beamline": 2, "container": 32, "active": true}),
        ),
        record(
            "lims.dewar",
            3,
            json!({"beamline": 99, "container": 32, "active": true}),
        ),
        record(
            "lims.group",
            7,
            json!({"name": "native", "project": 3, "priority": null}),
        ),
        sample(50, Value::Null, Value::Null),
        sample(51, json!(21), json!(12)),
        sample(52, json!(999), json!(12)),
        sample(53, json!(20), json!(10)),
        record(
            "lims.sample",
            54,
            json!({"name": null, "project": 999, "container": 21, "location": 11, "group": 999}),
        ),
        // Sessions and stretches.
        session(60, "double", "2026-02-01T08:00:00Z"),
        session(61, "double", "2026-02-01T08:00:00Z"),
        session(62, "double", "2026-03-01T08:00:00Z"),
        session(63, "never-ended", "2026-02-02T08:00:00Z"),
        session(64, "split", "2026-02-03T08:00:00Z"),
        session(65, "inner", "2026-02-03T09:00:00Z"),
        session(66, "bare", "2026-02-03T09:30:00Z"),
        session(67, "reversed", "nonsense"),
        record(
            "lims.session",
            68,
            json!({"name": "lost", "project": 999, "beamline": 4, "created": "2026-02-01T08:00:00Z"}),
        ),
        stretch(60, 60, "2026-02-01T08:00:00Z", json!("2026-02-01T10:00:00Z")),
        stretch(61, 61, "2026-02-01T09:00:00Z", json!("2026-02-01T11:00:00Z")),
        stretch(62, 62, "2026-03-01T08:00:00Z", Value::Null),
        stretch(63, 63, "2026-02-02T08:00:00Z", Value::Null),
        stretch(64, 64, "2026-02-03T08:00:00Z", json!("2026-02-03T12:00:00Z")),
        stretch(65, 65, "2026-02-03T09:00:00Z", json!("2026-02-03T10:00:00Z")),
        stretch(67, 67, "2026-02-04T10:00:00Z", json!("2026-02-04T08:00:00Z")),
        stretch(68, 67, "2026-02-05T10:00:00Z", json!("2026-02-05T10:00:00Z")),
        stretch(69, 999, "2026-02-05T10:00:00Z", Value::Null),
        stretch(70, 63, "yesterday", Value::Null),
        // Uploads.
        dataset(110, json!({"project": 999})),
        dataset(111, json!({"session": 60, "beamline": 2})),
        dataset(
            112,
            json!({"session": 999, "sample": 999, "group": 999, "kind": 999}),
        ),
        dataset(
            113,
            json!({"energy": null, "exposure_time": -1.0, "frames": "all", "url": null, "status": 10}),
        ),
        dataset(
            114,
            json!({"start_time": null, "end_time": null, "created": null, "modified": null, "frames": null}),
        ),
        dataset(
            115,
            json!({"start_time": "2026-01-01T08:32:00Z", "name": "n".repeat(300), "meta_data": "[1]"}),
        ),
        dataset(
            116,
            json!({"name": "twin", "url": key('b'), "meta_data": {"uuid": "u-2"}}),
        ),
        dataset(
            117,
            json!({"name": "twin", "url": key('b'), "meta_data": {"uuid": "u-2", "directory": "/x"}}),
        ),
        dataset(118, json!({"name": "new", "modified": "2026-02-01T08:31:00Z"})),
        dataset(118, json!({"name": "old"})),
        dataset(0, json!({})),
        dataset(119, json!({"project": 5, "url": key('a')})),
        dataset(120, json!({"project": 5, "url": key('6')})),
        dataset(121, json!({"url": key('6')})),
        record(
            "lims.analysisreport",
            213,
            json!({"name": "r", "project": 5, "data": [120], "url": key('c'), "created": "2026-01-01T08:00:00Z"}),
        ),
        record(
            "lims.session",
            69,
            json!({"name": "key", "project": 5, "beamline": 2, "url": key('a'), "created": "2025-01-01T08:00:00Z"}),
        ),
        record(
            "lims.analysisreport",
            210,
            json!({"name": null, "project": 3, "kind": null, "score": null, "data": [111, 999, 111], "url": "x", "details": "nonsense", "status": 10}),
        ),
        record(
            "lims.analysisreport",
            211,
            json!({"name": "r", "project": 999, "kind": null, "score": 1, "data": []}),
        ),
        record(
            "lims.analysisreport",
            212,
            json!({"name": "r", "project": 5, "kind": "k", "score": "0.5", "data": [], "created": "2026-01-01T08:00:00", "url": key('e'), "details": {}}),
        ),
        // Access.
        record(
            "staff.userlist",
            2,
            json!({"name": "nx-2", "address": "10.45.0.7", "users": [3, 999], "beamline": [99], "active": true}),
        ),
        record(
            "staff.userlist",
            3,
            json!({"name": "nx-2", "address": "nx.example.org", "users": [], "beamline": [], "active": true}),
        ),
        record(
            "staff.remoteconnection",
            2,
            json!({"name": "host-1001", "user": 3, "userlist": 1, "status": "Odd", "created": "2026-01-02T08:00:00Z", "end": null}),
        ),
        record(
            "staff.remoteconnection",
            3,
            json!({"name": "host", "user": 999, "userlist": 1, "status": "Failed", "created": "2026-01-02T08:00:00Z"}),
        ),
        record(
            "schedule.beamtime",
            2,
            json!({"project": 3, "beamline": 2, "access": 9, "cancelled": true, "start": "2026-01-01T14:00:00Z", "end": "2026-01-02T14:00:00Z"}),
        ),
        record(
            "schedule.beamtime",
            3,
            json!({"project": 3, "beamline": 2, "start": "2026-01-03T14:00:00Z", "end": "2026-01-03T14:00:00Z"}),
        ),
        record(
            "schedule.beamtime",
            4,
            json!({"project": null, "beamline": 2, "start": "2026-01-03T14:00:00Z", "end": "2026-01-04T14:00:00Z"}),
        ),
        record("lims.userfeedback", 2, json!({"session": null, "comments": "x"})),
        record(
            "lims.userareafeedback",
            2,
            json!({"feedback": 1, "area": 1, "rating": 9}),
        ),
        record(
            "lims.activitylog",
            2,
            json!({"created": "never", "project": null, "user": null, "ip_number": "x", "object_id": 999, "content_type": 30, "action_type": 99}),
        ),
        record("lims.loadhistory", 1, json!({"start": "2026-01-01T08:00:00Z"})),
        record("token_blacklist.outstandingtoken", 1, json!({"token": "secret"})),
    ]
}
