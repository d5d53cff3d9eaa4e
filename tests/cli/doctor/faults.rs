//! The faults that are made, and what `beamlive doctor` has to find.

use super::{strings, Place};
use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

/// A server whose clock stands at the beginning of 2020.
fn old_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(
                b"HTTP/1.1 404 Not Found\r\nDate: Wed, 01 Jan 2020 00:00:00 GMT\r\nContent-Length: 0\r\n\r\n",
            );
        }
    });
    url
}

/// A fault: how it is made, which returns arguments; the level, the check, and words of the
/// finding.
pub(super) type Fault = (
    fn(&mut Place) -> Vec<String>,
    &'static str,
    &'static str,
    &'static str,
);

pub(super) const FAULTS: &[Fault] = &[
    (
        |place| place.config("lisen = \"127.0.0.1:1\"\n"),
        "fault",
        "configuration",
        "lisen",
    ),
    (
        |place| place.config("timezone = \"Mars\"\n"),
        "fault",
        "configuration",
        "timezone",
    ),
    (
        |_| strings(&["--config", "gone.toml"]),
        "fault",
        "configuration",
        "gone.toml",
    ),
    (
        |place| place.config("[log]\nfilter = \"beamlive=loudly\"\n"),
        "fault",
        "configuration",
        "log.filter",
    ),
    (
        |place| place.config("[oidc]\nissuer = \"http://127.0.0.1:9\"\n"),
        "fault",
        "configuration",
        "oidc.client_id",
    ),
    (
        |place| {
            let arguments = place.config("[proxy]\nsecret = \"hush\"\n");
            place.chmod("config.toml", 0o644);
            arguments
        },
        "warning",
        "secrets",
        "config.toml has a secret",
    ),
    (
        |place| {
            place.chmod("data", 0o755);
            Vec::new()
        },
        "warning",
        "data directory",
        "others can look",
    ),
    (
        |place| {
            place.write("file", "");
            strings(&["--data", "file"])
        },
        "fault",
        "data directory",
        "no directory",
    ),
    (
        |_| strings(&["--data", "/proc/beamlive"]),
        "fault",
        "data directory",
        "can't be made",
    ),
    (
        |place| {
            fs::create_dir(place.path().join("data/store.restoring")).unwrap();
            Vec::new()
        },
        "fault",
        "data directory",
        "restore",
    ),
    (
        |place| {
            place.write("data/admin.token", &"a".repeat(64));
            place.chmod("data/admin.token", 0o644);
            Vec::new()
        },
        "fault",
        "secrets",
        "others can read data/admin.token",
    ),
    (
        |place| {
            place.write("data/admin.token", "short");
            Vec::new()
        },
        "fault",
        "secrets",
        "admin.token is too short",
    ),
    (
        |place| {
            place.write("data/jwt.secret", &"a".repeat(64));
            place.chmod("data/jwt.secret", 0o640);
            Vec::new()
        },
        "fault",
        "secrets",
        "others can read data/jwt.secret",
    ),
    (
        |place| place.config("[jwt]\nsecret_file = \"gone\"\n"),
        "fault",
        "secrets",
        "jwt.secret_file: gone",
    ),
    (
        |place| {
            place.write("django", "guess me");
            place.config("[jwt]\nsecret_file = \"django\"\n")
        },
        "warning",
        "secrets",
        "shorter than 32 bytes",
    ),
    (
        |place| place.config("[store]\nengine = \"postgres\"\nurl = \"postgres://x@127.0.0.1:9/x\"\n"),
        "fault",
        "store",
        "127.0.0.1",
    ),
    (
        |place| {
            fs::create_dir_all(place.path().join("data/store/fjall")).unwrap();
            Vec::new()
        },
        "fault",
        "store",
        "a store of fjall",
    ),
    (
        |place| {
            fs::create_dir_all(place.path().join("data/store/sled")).unwrap();
            place.write("data/store/sled/db", "no database");
            Vec::new()
        },
        "fault",
        "store",
        "store",
    ),
    (
        |_| strings(&["--store-engine", "memory"]),
        "fault",
        "durability",
        "everything is lost",
    ),
    (
        |_| {
            let data = format!("/dev/shm/beamlive-doctor-{}", std::process::id());
            strings(&["--data", &data])
        },
        "fault",
        "durability",
        "tmpfs",
    ),
    (
        |place| {
            let taken = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = taken.local_addr().unwrap().to_string();
            place.kept.push(taken);
            strings(&["--listen", &address])
        },
        "fault",
        "address",
        "in use",
    ),
    (
        |_| strings(&["--listen", "203.0.113.1:8000"]),
        "fault",
        "address",
        "203.0.113.1:8000",
    ),
    (
        |_| strings(&["--listen", "unix:/nowhere/at/all.sock"]),
        "fault",
        "address",
        "/nowhere/at/all.sock",
    ),
    (
        |place| {
            let mut arguments = place.config("[health]\nlisten = \"127.0.0.1:18999\"\n");
            arguments.extend(strings(&["--listen", "127.0.0.1:18999"]));
            arguments
        },
        "fault",
        "address",
        "is the address of listen too",
    ),
    (
        |_| strings(&["--listen", "0.0.0.0:0"]),
        "warning",
        "TLS",
        "without TLS",
    ),
    (
        |place| place.config("public_url = \"https://live.example.org\"\n"),
        "warning",
        "front end",
        "trusted_proxy",
    ),
    (
        |place| place.config("[limits]\nconnections = 100000000\n"),
        "warning",
        "open files",
        "may be open",
    ),
    (
        |place| place.config("[tls]\ncertificate = \"x.pem\"\n"),
        "fault",
        "TLS",
        "needs tls.key",
    ),
    (
        |place| place.tls("./gone.pem", "service.key", ""),
        "fault",
        "TLS",
        "gone.pem",
    ),
    (
        |place| place.tls("service.pem", "client.key", ""),
        "fault",
        "TLS",
        "is not the key",
    ),
    (
        |place| {
            let [certificate, key] = place.certificate_until(2001);
            place.tls(&certificate, &key, "")
        },
        "fault",
        "TLS",
        "has ended on 2001-01-01",
    ),
    (
        |place| {
            place.tls(
                "service.pem",
                "service.key",
                "public_url = \"https://other.example.org\"",
            )
        },
        "fault",
        "TLS",
        "is not for other.example.org",
    ),
    (
        |place| place.tls("service.pem", "service.key", "public_url = \"http://127.0.0.1\""),
        "warning",
        "public_url",
        "not encrypted",
    ),
    (
        |place| {
            let both =
                ["client.pem", "service.pem"].map(|name| fs::read(place.certificates.path(name)).unwrap());
            let [_, service] = &both;
            let chain = [service.clone(), both[0].clone()].concat();
            fs::write(place.path().join("chain.pem"), chain).unwrap();
            place.tls("./chain.pem", "service.key", "")
        },
        "warning",
        "TLS",
        "not followed by the one that signs it",
    ),
    (
        |place| {
            let key = place.certificates.path("service.key");
            fs::set_permissions(key, Permissions::from_mode(0o644)).unwrap();
            place.tls("service.pem", "service.key", "")
        },
        "warning",
        "TLS",
        "read the private key",
    ),
    (
        |_| strings(&["--proxy-url", "http://127.0.0.1:9/x"]),
        "fault",
        "Data Proxy",
        "does not answer",
    ),
    (
        |_| strings(&["--proxy-url", &old_server()]),
        "fault",
        "clock",
        "behind",
    ),
    (
        |_| strings(&["--facility", "gone.toml"]),
        "fault",
        "facility file",
        "gone.toml",
    ),
    (
        |place| {
            place.write("facility.toml", "[[beamline]]\nacronym = 7\n");
            strings(&["--facility", "facility.toml"])
        },
        "fault",
        "facility file",
        "acronym",
    ),
    (
        |_| strings(&["--users-root", "gone"]),
        "warning",
        "users' root",
        "gone",
    ),
];
