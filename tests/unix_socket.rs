//! Listening on a Unix socket.

use crate::support::process::{beamlive, run, Served};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use tempfile::TempDir;

/// What is answered to a request over the socket.
fn ask(socket: &Path, request: &str) -> String {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    said
}

fn live(socket: &Path) -> String {
    ask(
        socket,
        "GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    )
}

#[test]
fn a_service_listens_on_a_unix_socket_and_replaces_one_that_was_left_behind() {
    let place = TempDir::new().unwrap();
    let socket = place.path().join("beamlive.sock");
    let listen = format!("unix:{}", socket.display());
    let arguments = ["serve", "--listen", &listen];
    let mut served = Served::start(beamlive(place.path(), &arguments));
    assert_eq!(served.url, listen);
    assert_eq!(socket.metadata().unwrap().permissions().mode() & 0o777, 0o660);
    assert!(live(&socket).starts_with("HTTP/1.1 200"));
    let refused = ask(&socket, "GET / HTTP/9\r\n\r\n");
    assert!(
        refused.starts_with("HTTP/1.1 400") && refused.contains("not_http"),
        "{refused}"
    );

    let facility = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/facility.toml");
    let applied = run(place.path(), &["apply", facility, "--url", &listen]);
    assert_eq!(applied.code, Some(0), "{}", applied.stderr);

    // A second service does not replace the socket.
    let second = run(place.path(), &["serve", "--listen", &listen, "--data", "other"]);
    assert_eq!(second.code, Some(1));
    assert!(
        second.stderr.contains("can't listen on unix:"),
        "{}",
        second.stderr
    );
    assert!(live(&socket).starts_with("HTTP/1.1 200"));

    served.stop("KILL");
    assert!(socket.exists());
    let mut served = Served::start(beamlive(place.path(), &arguments));
    assert!(live(&socket).starts_with("HTTP/1.1 200"));
    let ended = served.stop("TERM");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!socket.exists(), "a service that stops removes its socket");
}

#[test]
fn a_file_that_is_no_socket_is_not_removed() {
    let place = TempDir::new().unwrap();
    let file = place.path().join("notes");
    std::fs::write(&file, "important").unwrap();
    let listen = format!("unix:{}", file.display());
    let ended = run(place.path(), &["serve", "--listen", &listen]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("can't listen on unix:"), "{}", ended.stderr);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "important");
}

#[test]
fn a_client_of_a_unix_socket_has_the_address_of_this_machine() {
    let place = TempDir::new().unwrap();
    let socket = place.path().join("s");
    std::fs::create_dir_all(place.path().join("users/alice")).unwrap();
    let listen = format!("unix:{}", socket.display());
    let users = place.path().join("users");
    let _served = Served::start(beamlive(
        place.path(),
        &[
            "serve",
            "--listen",
            &listen,
            "--users-root",
            users.to_str().unwrap(),
        ],
    ));
    // This machine may create keys of the Data Proxy. Callers that an untrusted front end forwards
    // for may not.
    let create = |more: &str| {
        let body = format!("path={}/alice", users.display());
        let head = format!(
            "POST /download/data/create/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        ask(&socket, &head)
    };
    assert!(create("").starts_with("HTTP/1.1 200"), "{}", create(""));
    let forwarded = create("X-Forwarded-For: 10.1.2.3\r\n");
    assert!(forwarded.starts_with("HTTP/1.1 403"), "{forwarded}");
}
