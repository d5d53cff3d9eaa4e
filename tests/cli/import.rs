//! `beamlive import mxlive`: a facility moves in.

use super::{done, failed, serve, write};
use crate::support::process::{beamlive, Served};
use crate::support::Reply;
use serde_json::{json, Value};
use std::path::Path;
use tempfile::TempDir;

/// Made with Python's hashlib, of the password "correct horse".
const HASH: &str = "pbkdf2_sha256$1000$seasalt$mQnueSakb748zqBAC1tmWVZsZbi2zPGZarEzTGdfmso=";
const SECRET: &str = "django-insecure-7mYp2r!k(8h$w@v0c#n5x^q1z&t6b)j4";
const DAY_KEY: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// The dump of a small MxLIVE: alice, who has measured dataset 100 in session 7.
fn dump() -> Vec<Value> {
    let row = |model: &str, pk: u64, fields: Value| json!({ "model": model, "pk": pk, "fields": fields });
    vec![
        row(
            "lims.project",
            3,
            json!({
                "username": "alice", "password": HASH, "name": "alice", "key": "", "is_active": true,
            }),
        ),
        row(
            "lims.beamline",
            2,
            json!({ "name": "CMCF-BM", "acronym": "BM", "active": true }),
        ),
        row(
            "lims.datatype",
            1,
            json!({ "name": "Dataset", "acronym": "DATA", "metadata": "[]" }),
        ),
        row(
            "lims.containertype",
            1,
            json!({
                "name": "Uni-Puck", "envelope": "circle", "height": 1.0, "radius": 9.0,
                "layout": "{\"locations\": {\"1\": [0.36, 3.1]}}",
            }),
        ),
        row(
            "lims.containerlocation",
            11,
            json!({ "name": "1", "kind": 1, "x": 0.36, "y": 3.1 }),
        ),
        row(
            "lims.container",
            21,
            json!({ "name": "CLS-0042", "project": 3, "kind": 1, "status": 2 }),
        ),
        row(
            "lims.sample",
            17,
            json!({ "name": "lys-3", "project": 3, "container": 21, "location": 11 }),
        ),
        row(
            "lims.session",
            7,
            json!({
                "name": "day-1", "project": 3, "beamline": 2, "url": DAY_KEY, "created": "2026-01-01T08:00:00Z",
            }),
        ),
        row(
            "lims.stretch",
            1,
            json!({
                "session": 7, "start": "2026-01-01T08:00:00Z", "end": "2026-01-01T10:00:00Z",
            }),
        ),
        row(
            "lims.data",
            100,
            json!({
                "name": "lys-3-1", "project": 3, "sample": 17, "session": 7, "beamline": 2, "kind": 1,
                "start_time": "2026-01-01T08:01:00Z", "end_time": "2026-01-01T08:02:00Z", "frames": "1-4,8",
                "file_name": "lys_{:05d}.cbf", "energy": "12.6580", "exposure_time": 0.5, "url": DAY_KEY,
                "meta_data": "{\"uuid\": \"u-1\"}", "created": "2026-01-01T08:02:00Z",
                "modified": "2026-01-01T08:02:00Z", "status": 5,
            }),
        ),
        row(
            "lims.analysisreport",
            200,
            json!({
                "name": "MX", "kind": "MX Native", "project": 3, "data": [100], "score": 0.8, "url": DAY_KEY,
                "details": "[]", "created": "2026-01-01T08:10:00Z", "modified": "2026-01-01T08:10:00Z",
            }),
        ),
        row("sessions.session", 1, json!({ "session_data": "very secret" })),
    ]
}

/// Writes the files of a move into `place`.
fn files(place: &Path, dump: &[Value]) {
    write(place, "dump.json", &json!(dump).to_string());
    write(place, "secret", SECRET);
    let users = place.join("users");
    std::fs::create_dir_all(users.join("alice")).unwrap();
    std::fs::write(users.join("alice/lys_00001.cbf"), "a frame").unwrap();
    let path = json!([{ "model": "downloads.securepath", "pk": 1, "fields": {
        "path": users.join("alice"), "key": DAY_KEY, "created": "2026-01-01T08:00:00Z",
    }}]);
    write(place, "proxy.json", &path.to_string());
}

const IMPORT: [&str; 7] = [
    "import",
    "mxlive",
    "dump.json",
    "--proxy-dump",
    "proxy.json",
    "--jwt-secret",
    "secret",
];

/// An access token that the earlier server made in the year 2026.
fn old_token(user: u64) -> String {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use base64::Engine;
    use hmac::{Hmac, Mac};
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({
        "token_type": "access", "exp": 4_000_000_000_u64, "iat": 1_767_225_600, "user_id": user,
        "jti": "0f8b3c2d4e5f60718293a4b5c6d7e8f9",
    });
    let text = format!(
        "{}.{}",
        part(&json!({"alg": "HS256", "typ": "JWT"})),
        part(&claims)
    );
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// What must be so after the move.
async fn assert_moved_in(served: &Served, place: &Path) {
    beamlive::proxy::install_crypto();
    let http = reqwest::Client::new();
    let url = |path: &str| format!("{}{path}", served.url);
    let token = std::fs::read_to_string(place.join("data/admin.token")).unwrap();
    let admin = async |path: &str| {
        let request = http
            .get(url(&format!("/api/admin/{path}")))
            .bearer_auth(token.trim());
        let reply = Reply::of(request).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()
    };
    let dataset = admin("data/100").await;
    assert_eq!(
        (&dataset["session"], &dataset["sample_id"]),
        (&json!(7), &json!(17)),
        "{dataset}"
    );
    assert_eq!(
        (&dataset["url"], &dataset["uuid"]),
        (&json!(DAY_KEY), &json!("u-1"))
    );
    assert_eq!(dataset["frames"], "1-4,8");
    assert_eq!(admin("sessions/7").await["name"], "day-1");
    assert_eq!(admin("reports/200").await["data_id"], json!([100]));
    assert_eq!(admin("projects/alice").await["id"], 3);

    // The password, and a token in a client's file.
    let form = [("username", "alice"), ("password", "correct horse")];
    let pair = Reply::of(http.post(url("/api/v3/auth/")).form(&form)).await;
    assert_eq!(pair.status, 200, "{}", pair.text());
    let samples = http.get(url("/api/v3/samples/BM/"));
    let samples = Reply::of(samples.header("X-Access-Token", format!("Bearer {}", old_token(3)))).await;
    assert_eq!(samples.status, 200, "{}", samples.text());
    assert_eq!(samples.json()[0]["id"], 17, "{}", samples.text());

    // An old key opens its directory.
    let file = Reply::of(http.get(url(&format!("/download/files/raw/{DAY_KEY}/lys_00001.cbf")))).await;
    assert_eq!((file.status, file.text().as_str()), (200, "a frame"));

    // What is measured now has ids above the old ones.
    let access = pair.json()["access"].as_str().unwrap().to_owned();
    let body = json!({
        "name": "new", "type": "DATA", "directory": place.join("users/alice"), "energy": 12.0,
        "exposure": 0.5, "frames": "1-4", "uuid": "u-2",
    });
    let stored = http.post(url("/api/v3/data/BM/")).bearer_auth(access).json(&body);
    let stored = Reply::of(stored).await;
    assert_eq!(stored.json(), json!({ "id": 101 }), "{}", stored.text());
}

fn users(place: &Path) -> String {
    place.join("users").to_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_facility_moves_in_with_its_ids_passwords_tokens_and_keys() {
    let place = TempDir::new().unwrap();
    files(place.path(), &dump());
    let foreseen = done(place.path(), &[&IMPORT[..], &["--dry-run"]].concat());
    assert!(!place.path().join("data").exists(), "{foreseen}");
    let said = done(place.path(), &IMPORT);
    assert_eq!(said, foreseen);
    let counts = |said: &str, kind: &str| -> Vec<u64> {
        let line = said.lines().find(|line| line.starts_with(kind)).unwrap();
        line.split_whitespace()
            .filter_map(|word| word.parse().ok())
            .collect()
    };
    assert_eq!(counts(&said, "dataset"), [1, 0, 0]);
    assert!(said.contains("sessions.session (1)"), "{said}");
    assert!(!said.contains("very secret"));

    let again = done(place.path(), &IMPORT);
    for kind in ["dataset", "session", "report", "secure path"] {
        assert_eq!(counts(&again, kind), [0, 0, 1], "{kind}: {again}");
    }
    assert!(done(place.path(), &["verify"]).contains("clean"));

    // A newer dump: the dataset was changed, and there is one more.
    let mut newer = dump();
    let data = newer.iter().position(|row| row["model"] == "lims.data").unwrap();
    let mut next = newer[data].clone();
    newer[data]["fields"]["attenuation"] = json!(50.0);
    newer[data]["fields"]["modified"] = json!("2026-01-02T08:00:00Z");
    next["pk"] = json!(90);
    next["fields"]["meta_data"] = json!("{\"uuid\": \"u-0\"}");
    newer.push(next);
    write(place.path(), "dump.json", &json!(newer).to_string());
    let said = done(place.path(), &IMPORT);
    assert_eq!(counts(&said, "dataset"), [1, 1, 0], "{said}");
    assert!(done(place.path(), &["verify"]).contains("clean"));

    let mut served = serve(place.path(), &["--users-root", &users(place.path())]);
    assert_moved_in(&served, place.path()).await;
    let refused = failed(place.path(), &IMPORT);
    assert!(refused.contains("is in use: stop the service first"), "{refused}");
    served.stop("TERM");
    assert!(done(place.path(), &["verify"]).contains("clean"));
}

#[actix_web::test]
async fn a_running_service_imports_what_is_sent_and_is_back_at_its_address() {
    let place = TempDir::new().unwrap();
    files(place.path(), &dump());
    let mut served = serve(place.path(), &["--users-root", &users(place.path())]);
    let send = [&IMPORT[..], &["--url", served.url.as_str()]].concat();
    let foreseen = done(place.path(), &[&send[..], &["--dry-run"]].concat());
    assert!(foreseen.contains("dataset"), "{foreseen}");
    assert_eq!(done(place.path(), &send), foreseen);
    assert_moved_in(&served, place.path()).await;
    write(
        place.path(),
        "dump.json",
        "[{\"model\": \"lims.project\", \"pk\": 1, \"fields\": {}}, oops",
    );
    let refused = failed(place.path(), &send);
    assert!(refused.contains("dump"), "{refused}");
    let token = std::fs::read_to_string(place.path().join("data/admin.token")).unwrap();
    let request = reqwest::Client::new().get(format!("{}/api/admin/data/100", served.url));
    assert_eq!(Reply::of(request.bearer_auth(token.trim())).await.status, 200);
    served.stop("TERM");
    assert!(done(place.path(), &["verify"]).contains("clean"));
}

#[test]
fn wrong_input_changes_nothing_and_says_where() {
    let place = TempDir::new().unwrap();
    files(place.path(), &dump());
    done(place.path(), &IMPORT);
    let before = done(place.path(), &["verify"]);
    let mut wrong = dump();
    wrong.push(json!({ "model": "lims.data", "pk": 101, "fields": { "name": "x", "project": { "a": 1 } } }));
    for (text, word) in [
        ("[", "ends"),
        ("{}", "list"),
        ("nonsense", "dump.json"),
        (json!(wrong).to_string().as_str(), "101"),
    ] {
        write(place.path(), "dump.json", text);
        let said = failed(place.path(), &IMPORT);
        assert!(
            said.contains("dump.json") && said.contains(word),
            "{word}: {said}"
        );
        assert_eq!(done(place.path(), &["verify"]), before);
    }
    let missing = failed(place.path(), &["import", "mxlive", "nowhere.json"]);
    assert!(missing.contains("nowhere.json"), "{missing}");
}

#[test]
fn a_record_that_was_made_here_is_not_overwritten() {
    let place = TempDir::new().unwrap();
    files(place.path(), &dump());
    done(place.path(), &IMPORT);
    let before = done(place.path(), &["verify"]);
    let mut other = dump();
    for row in &mut other {
        if row["model"] == "lims.data" {
            row["fields"]["created"] = json!("2025-05-05T05:05:05Z");
        }
    }
    write(place.path(), "dump.json", &json!(other).to_string());
    let said = failed(place.path(), &IMPORT);
    assert!(said.contains("dataset 100"), "{said}");
    assert_eq!(done(place.path(), &["verify"]), before);
}

#[test]
fn an_import_that_is_killed_leaves_the_old_state() {
    let place = TempDir::new().unwrap();
    files(place.path(), &dump());
    done(place.path(), &IMPORT);
    let before = done(place.path(), &["verify"]);
    let mut many = dump();
    let data = many
        .iter()
        .find(|row| row["model"] == "lims.data")
        .unwrap()
        .clone();
    for n in 0..20_000 {
        let mut row = data.clone();
        row["pk"] = json!(1_000 + n);
        row["fields"]["meta_data"] = json!(format!("{{\"uuid\": \"many-{n}\"}}"));
        many.push(row);
    }
    write(place.path(), "dump.json", &json!(many).to_string());
    let undo = place.path().join("data/store/undo");
    for round in 0..3 {
        let mut import = Served::spawn(beamlive(place.path(), &IMPORT));
        // Some of it is written.
        let started = std::time::Instant::now();
        while std::fs::metadata(&undo).map_or(0, |file| file.len()) < 100_000 * (round + 1) {
            assert!(started.elapsed().as_secs() < 120, "nothing was written");
            std::thread::yield_now();
        }
        import.stop("KILL");
        let mut served = serve(place.path(), &[]);
        served.stop("TERM");
        assert_eq!(done(place.path(), &["verify"]), before, "round {round}");
    }
    done(place.path(), &IMPORT);
    assert!(done(place.path(), &["verify"]).contains("clean"));
}
