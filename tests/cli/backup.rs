//! `beamlive backup`.

use super::{admin, done, failed, serve};
use crate::support::process::run;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use tempfile::TempDir;

/// A whole backup of a small service.
fn whole_backup(home: &Path) -> Vec<u8> {
    let served = serve(home, &["--data", "data"]);
    done(home, &["backup", "whole", "--url", &served.url]);
    std::fs::read(home.join("whole")).unwrap()
}

/// A service that answers one request with these bytes and closes the connection.
fn answers(bytes: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let read = stream.read(&mut request).unwrap();
        assert!(request[..read].starts_with(b"GET /api/admin/backup "));
        let _: Result<(), _> = stream.write_all(&bytes);
        drop::<TcpStream>(stream);
    });
    url
}

fn chunked(body: &[u8], ends: bool) -> Vec<u8> {
    let mut bytes = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    bytes.extend(format!("{:x}\r\n", body.len()).as_bytes());
    bytes.extend(body);
    bytes.extend(if ends {
        b"\r\n0\r\n\r\n".as_slice()
    } else {
        b"\r\n"
    });
    bytes
}

pub(super) fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[actix_web::test]
async fn a_running_service_is_backed_up_and_logs_it() {
    let home = TempDir::new().unwrap();
    let served = serve(home.path(), &["--data", "data"]);
    let said = done(home.path(), &["backup", "today.backup", "--url", &served.url]);
    assert!(
        said.starts_with("today.backup: ") && said.contains(" rows, the store as it was at 20"),
        "{said}"
    );
    assert_eq!(names(home.path()), ["data", "today.backup"]);
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &home.path().join("today.backup").metadata().unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    let activity = admin(&served, &home.path().join("data"), "activity?limit=1").await;
    assert_eq!(activity[0]["action"], "take backup");
    assert_eq!(activity[0]["who"], "operator");
    assert_eq!(activity[0]["address"], "127.0.0.1");
    assert_eq!(activity[0]["project"], Value::Null);

    let before = std::fs::read(home.path().join("today.backup")).unwrap();
    let said = failed(home.path(), &["backup", "today.backup", "--url", &served.url]);
    assert!(said.contains("today.backup exists: "), "{said}");
    assert_eq!(std::fs::read(home.path().join("today.backup")).unwrap(), before);
    done(
        home.path(),
        &["backup", "today.backup", "--force", "--url", &served.url],
    );
    assert_ne!(std::fs::read(home.path().join("today.backup")).unwrap(), before);
}

#[test]
fn a_broken_backup_never_gets_the_final_name() {
    let home = TempDir::new().unwrap();
    let whole = whole_backup(home.path());
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    let cases = [
        (chunked(&whole[..middle], true), "cut short: take it again"),
        (
            chunked(&whole[..middle], false),
            "see that it runs, and take the backup again",
        ),
        (chunked(&flipped, true), "the backup is damaged"),
        (chunked(b"<html>", true), "this is no backup of beamlive"),
        (
            b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 4\r\n\r\nwho?".to_vec(),
            "401: who?",
        ),
    ];
    std::fs::write(home.path().join("old"), "precious").unwrap();
    for (bytes, why) in cases {
        for (file, force) in [("new", None), ("old", Some("--force"))] {
            let url = answers(bytes.clone());
            let token = "data/admin.token";
            let mut arguments = vec!["backup", file, "--url", &url, "--token-file", token];
            arguments.extend(force);
            let said = failed(home.path(), &arguments);
            assert!(said.contains(why), "{said}");
            assert_eq!(names(home.path()), ["data", "old", "whole"]);
        }
    }
    assert_eq!(std::fs::read(home.path().join("old")).unwrap(), b"precious");
    let url = answers(chunked(&whole, true));
    done(home.path(), &["backup", "new", "--url", &url]);
    assert_eq!(std::fs::read(home.path().join("new")).unwrap(), whole);
}

#[test]
fn an_unreachable_service_is_named() {
    let home = TempDir::new().unwrap();
    std::fs::write(home.path().join("token"), "t").unwrap();
    let ended = run(
        home.path(),
        &[
            "backup",
            "file",
            "--url",
            "http://127.0.0.1:1",
            "--token-file",
            "token",
        ],
    );
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("can't reach http://127.0.0.1:1"),
        "{}",
        ended.stderr
    );
    assert_eq!(names(home.path()), ["token"]);
}

#[test]
fn backups_in_a_directory_are_named_by_the_time_and_the_oldest_are_removed() {
    let home = TempDir::new().unwrap();
    let served = serve(home.path(), &[]);
    let backups = home.path().join("backups");
    std::fs::create_dir(&backups).unwrap();
    let old = [
        "beamlive-2020-01-01T000000Z.backup",
        "beamlive-2021-01-01T000000Z.backup",
        "notes",
    ];
    for name in old {
        std::fs::write(backups.join(name), "old").unwrap();
    }
    let take = ["backup", "--into", "backups", "--keep", "2", "--url", &served.url];
    let said = done(home.path(), &take);
    assert!(said.contains("2020-01-01T000000Z.backup: removed"), "{said}");
    let names = names(&backups);
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(
        names[0].starts_with("beamlive-2021") && names[2] == "notes",
        "{names:?}"
    );
    assert!(
        std::fs::read(backups.join(&names[1])).unwrap().len() > 100,
        "{names:?}"
    );
    // A backup that fails removes nothing.
    let failing = [
        "backup",
        "--into",
        "backups",
        "--keep",
        "1",
        "--url",
        "http://127.0.0.1:9",
    ];
    failed(home.path(), &failing);
    assert_eq!(self::names(&backups), names);
}
