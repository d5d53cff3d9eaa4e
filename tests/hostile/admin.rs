//! `api/admin/`: typing errors of operators, and requests of other people.

use super::bodies::broken_json;
use super::{targets, Outcome, Table};
use crate::support::raw::RawRequest;
use crate::support::{Service, FACILITY};
use serde_json::{json, Map, Value};

/// MiB by which memory may grow: facility files of some megabytes are read as a whole.
const BOUND: u64 = 192;
const APPLY: &str = "/api/admin/apply";

/// A valid entry of each section. None of them exists yet.
fn sections() -> Value {
    json!({
        "project": {"username": "dora", "name": "D", "key": "k", "ssh_keys": ["k"]},
        "beamline": {"acronym": "NEW", "name": "New", "active": true},
        "data_type": {"acronym": "SAXS", "name": "Small angles"},
        "container_type": {"name": "Cane", "locations": ["1"]},
        "container": {"project": "alice", "name": "C-1", "type": "Uni-Puck", "status": "on-site",
            "parent": {"project": "staff", "name": "AD-1"}, "location": "B"},
        "automounter": {"beamline": "SIM", "container": {"project": "staff", "name": "AM-BM"}, "active": true},
        "group": {"project": "alice", "name": "derivative", "priority": 1},
        "sample": {"project": "alice", "name": "s", "container": "CLS-0042", "location": "5", "group": "native",
            "barcode": "b", "comments": "c", "priority": 1},
        "access_list": {"name": "away", "address": "10.0.0.0/8", "users": ["alice"], "beamlines": ["BM"], "active": true},
        "beamtime": {"project": "alice", "beamline": "BM", "start": "2026-11-23T08:00:00Z", "end": "2026-11-23T16:00:00Z",
            "remote": true, "cancelled": false},
    })
}

struct Apply(Table);

impl Apply {
    fn begin() -> Self {
        Self(Table::begin(Service::start()))
    }

    fn toml(&mut self, name: &str, text: impl Into<Vec<u8>>, outcome: &Outcome) {
        let request = self.0.service.as_admin(RawRequest::post(APPLY, text));
        self.0.row(name, &request, outcome);
    }

    fn json(&mut self, name: &str, text: impl Into<Vec<u8>>, outcome: &Outcome) {
        let request = self.0.service.as_admin(RawRequest::post(APPLY, text)).json();
        self.0.row(&format!("{name}, as JSON"), &request, outcome);
    }

    /// Ends the table. After that a valid file is applied.
    fn end(self) {
        let service = self.0.end(BOUND);
        let good = "[[data_type]]\nacronym = \"SAXS\"\n";
        let reply = service.send(&service.as_admin(RawRequest::post(APPLY, good)));
        assert_eq!((reply.status, &reply.json()["created"]), (200, &json!(1)));
    }
}

#[test]
fn no_facility_file_breaks_apply() {
    let mut apply = Apply::begin();
    let deep = 100_000;
    let project = "[[project]]\nusername = \"dora\"\n";
    let files: Vec<(&str, Vec<u8>)> = vec![
        ("no TOML", b"this is no TOML".to_vec()),
        ("a binary", vec![0x7f, b'E', b'L', b'F', 0, 1, 2, 0xff]),
        ("no UTF-8", b"[[project]]\nusername = \"\xff\xfe\"\n".to_vec()),
        ("a null byte", b"[[project]]\nusername = \"a\0b\"\n".to_vec()),
        ("no end of a text", b"[[project]]\nusername = \"dora\n".to_vec()),
        ("a key twice", format!("{project}username = \"erna\"\n").into_bytes()),
        ("an entry twice", project.repeat(2).into_bytes()),
        ("an unknown section", b"[[projects]]\nusername = \"dora\"\n".to_vec()),
        ("an unknown field", format!("{project}colour = \"red\"\n").into_bytes()),
        ("a section that is not a list", b"[project]\nusername = \"dora\"\n".to_vec()),
        ("a section that is a number", b"project = 5\n".to_vec()),
        ("100,000 lists in one another", [b"project = ".to_vec(), vec![b'['; deep], vec![b']'; deep]].concat()),
        ("100,000 openings", [b"project = ".to_vec(), vec![b'['; deep]].concat()),
        ("100,000 tables in one another", [b"project = ".to_vec(), b"{a=".repeat(deep)].concat()),
        ("a key of 100,000 parts", [b"a.".repeat(deep), b"a = 1\n".to_vec()].concat()),
        ("a header of 100,000 parts", [b"[".to_vec(), b"a.".repeat(deep), b"a]\n".to_vec()].concat()),
        ("a number of a million digits", [b"[[group]]\npriority = ".to_vec(), vec![b'9'; 1_000_000]].concat()),
        ("a username of 10 MB", format!("[[project]]\nusername = \"{}\"\n", "d".repeat(10 << 20)).into_bytes()),
        ("a key of 10 MB", format!("{project}key = \"ssh-ed25519 {}\"\n", "A".repeat(10 << 20)).into_bytes()),
        ("a good entry and a bad one", format!("{project}[[beamline]]\nname = \"no acronym\"\n").into_bytes()),
        ("a container in itself", b"[[container]]\nproject=\"alice\"\nname=\"C\"\ntype=\"Uni-Puck\"\nstatus=\"on-site\"\nparent={project=\"alice\",name=\"C\"}\nlocation=\"1\"\n".to_vec()),
        ("20,000 mistakes", "[[project]]\n".repeat(20_000).into_bytes()),
    ];
    for (name, text) in files {
        let many = name == "20,000 mistakes";
        if many {
            let request = apply.0.service.as_admin(RawRequest::post(APPLY, text));
            assert_eq!(
                apply.0.service.send(&request).status,
                400,
                "by the contract every mistake is reported, however many there are"
            );
        } else {
            apply.toml(name, text, &Outcome::Status(400));
        }
    }
    for (name, text) in broken_json() {
        apply.json(&name, text, &Outcome::Status(400));
    }
    let usernames = [
        "",
        " ",
        "a b",
        "a/b",
        "..",
        "a\nb",
        "é",
        "a:b",
        "<b>",
        &"a".repeat(1000),
    ];
    for username in usernames {
        apply.json(
            username,
            json!({"project": [{"username": username}]}).to_string(),
            &Outcome::Status(400),
        );
    }
    apply.end();
}

#[test]
fn no_type_of_any_field_breaks_apply() {
    let mut apply = Apply::begin();
    let wrong = [
        json!(true),
        json!(5),
        json!(-5),
        json!(u64::MAX),
        json!(1.5),
        json!(1e300),
        json!("\0"),
        json!("x".repeat(1 << 20)),
        json!([]),
        json!([[[]]]),
        json!([1, null]),
        json!({}),
        json!({"a": {"b": []}}),
        json!([{"project": 5}]),
        json!({"project": 5, "name": []}),
    ];
    for (section, good) in sections().as_object().unwrap() {
        for field in good.as_object().unwrap().keys() {
            for value in &wrong {
                let suits = match (field.as_str(), value) {
                    ("active" | "remote" | "cancelled", Value::Bool(_)) => true,
                    ("priority", number) => number.is_i64() || number.is_u64(),
                    ("ssh_keys" | "users" | "beamlines", Value::Array(list)) => list.is_empty(),
                    _ => false,
                };
                if suits {
                    continue;
                }
                let mut entry: Map<String, Value> = good.as_object().unwrap().clone();
                entry.insert(field.clone(), value.clone());
                let file = json!({ section: [entry] }).to_string();
                let shown: String = value.to_string().chars().take(40).collect();
                let name = format!("{section}.{field} is {shown}");
                let request = apply.0.service.as_admin(RawRequest::post(APPLY, file)).json();
                let reply = apply.0.service.send(&request);
                assert_eq!(reply.status, 400, "{name}: {}", reply.text());
                let named = reply.fields();
                assert!(
                    named.iter().any(|place| place.contains(field.as_str())),
                    "{name}: {named:?}"
                );
                assert!(
                    reply.body.len() < 8 * 1024,
                    "{name}: {} bytes of explanation",
                    reply.body.len()
                );
                apply.0.rows += 1;
            }
        }
        for entry in [
            json!(5),
            json!("text"),
            json!(null),
            json!([]),
            json!([5]),
            json!([null]),
            json!(["text"]),
            json!([{}]),
            json!({}),
        ] {
            // A section without entries is valid: it declares nothing.
            if entry != json!([]) {
                apply.json(
                    &format!("{section} is {entry}"),
                    json!({ section: entry }).to_string(),
                    &Outcome::Status(400),
                );
            }
        }
    }
    apply.end();
}

#[test]
fn no_query_breaks_a_list() {
    let mut table = Table::begin(Service::start());
    let queries = [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=-1", "limit"),
        ("limit=", "limit"),
        ("limit=1e3", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("limit=%00", "limit"),
        ("limit=1&limit=2", "limit"),
        ("before=x", "before"),
        ("before=-1", "before"),
        ("before=18446744073709551616", "before"),
        ("before=", "before"),
        ("project=nobody", "project"),
        ("project=%ff%fe", "project"),
        ("project=..%2f..", "project"),
        ("project=alice%00", "project"),
        ("beamline=XX", "beamline"),
        ("session=x", "session"),
        ("session=999999", "session"),
        ("session=-1", "session"),
        ("colour=red", "colour"),
        ("project[]=alice", "project[]"),
    ];
    for (query, field) in queries {
        let request = table
            .service
            .as_admin(RawRequest::get(format!("/api/admin/data?{query}")));
        table.row(query, &request, &Outcome::names(&[field]));
    }
    let long = [
        format!("project={}", "x".repeat(10_000)),
        "a=b&".repeat(2_000),
        "%".repeat(5_000),
        "&=".repeat(2_000) + "x",
    ];
    for query in long {
        let request = table
            .service
            .as_admin(RawRequest::get(format!("/api/admin/data?{query}")));
        table.row(&targets::shown(&query), &request, &Outcome::Status(400));
    }
    for list in [
        "sessions",
        "data",
        "reports",
        "connections",
        "activity",
        "outbox",
        "feedback",
    ] {
        let request = table.service.as_admin(RawRequest::get(format!(
            "/api/admin/{list}?limit=0&before=x&nonsense=1"
        )));
        table.row(list, &request, &Outcome::names(&["before", "limit", "nonsense"]));
    }
    for resource in ["sessions", "data", "reports", "projects"] {
        for (segment, outcome) in targets::all() {
            // No segment has only a query or a fragment: that would be a request for the list.
            let request = table
                .service
                .as_admin(RawRequest::get(format!("/api/admin/{resource}/{segment}")));
            table.row(
                &format!("{resource}/{}", targets::shown(&segment)),
                &request,
                &outcome,
            );
        }
    }
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let request = table.service.as_admin(RawRequest {
            method,
            ..RawRequest::get("/api/admin/data")
        });
        table.row(method, &request, &Outcome::Status(405));
    }
    let service = table.end(48);
    assert_eq!(service.admin("data"), json!([]));
}

#[test]
fn no_key_breaks_a_project() {
    let service = Service::start();
    let alice = service.client("alice");
    let mut table = Table::begin(service);
    let target = "/api/admin/projects/alice/key";
    let put = |target: &str, body: Vec<u8>| RawRequest {
        method: "PUT",
        ..RawRequest::post(target, body)
    };
    let key = Outcome::names(&["key"]);
    let forms: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("an empty key", b"key=".to_vec()),
        ("half an escape", b"key=%".to_vec()),
        ("no UTF-8", b"key=\xff".to_vec()),
        ("a text", b"key=not+a+key".to_vec()),
        ("a null byte", b"key=ssh-ed25519%00".to_vec()),
        ("60,000 letters", [b"key=".to_vec(), vec![b'A'; 60_000]].concat()),
        ("another field", b"private=x".to_vec()),
    ];
    for (name, bytes) in forms {
        let request = table.service.as_admin(put(target, bytes));
        table.row(name, &request, &key);
    }
    for (name, bytes) in broken_json() {
        let outcome = if bytes.len() > 64 << 10 {
            Outcome::Status(413)
        } else {
            Outcome::Status(400)
        };
        let request = table.service.as_admin(put(target, bytes)).json();
        table.row(&name, &request, &outcome);
    }
    for wrong in [json!(1), json!([]), json!({}), json!(null), json!("x")] {
        let request = table
            .service
            .as_admin(put(target, json!({"key": wrong}).to_string().into_bytes()))
            .json();
        table.row("key is not a key", &request, &Outcome::Status(400));
    }
    let form = serde_urlencoded::to_string([("key", &alice.public)])
        .unwrap()
        .into_bytes();
    for user in ["nobody", "Alice", "alice%00", "..%2falice"] {
        let request = table
            .service
            .as_admin(put(&format!("/api/admin/projects/{user}/key"), form.clone()));
        table.row(user, &request, &Outcome::Status(404));
    }
    let service = table.end(48);
    assert_eq!(
        service
            .send(&RawRequest::get(service.signed(&alice, "samples/BM/")))
            .status,
        200,
        "her key is unchanged"
    );
}

#[test]
fn without_the_token_nothing_is_read_or_changed() {
    let mut table = Table::begin(Service::start());
    let token = table.service.admin_token();
    let headers = [
        None,
        Some(String::new()),
        Some("Bearer".to_owned()),
        Some("Bearer ".to_owned()),
        Some(token.clone()),
        Some(format!("Basic {token}")),
        Some(format!("Bearer {}", &token[1..])),
        Some(format!("Bearer {token}x")),
        Some(format!("Bearer {token}, Bearer {token}")),
        Some(format!("Bearer {}", token.to_uppercase())),
        Some(format!("Bearer {}", "x".repeat(20_000))),
        Some("Bearer \u{fffd}".to_owned()),
        Some(format!("Bearer,{token}")),
    ];
    for header in headers {
        for request in [
            RawRequest::get("/api/admin/data"),
            RawRequest::get("/api/admin/projects/alice"),
            RawRequest::post(APPLY, FACILITY),
        ] {
            let request = match &header {
                Some(value) => request.header("Authorization", value.clone()),
                None => request,
            };
            let name = format!("{} with {header:?}", request.target);
            table.row(&name, &request, &Outcome::Status(401));
        }
    }
    table.end(48);
}
