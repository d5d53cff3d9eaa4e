//! Starting and stopping.

use super::{admin, done, refused, repository, serve, write};
use crate::support::process::{beamlive, Served};
use crate::support::Reply;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;

fn mode(path: &std::path::Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[actix_web::test]
async fn serve_prints_one_line_makes_its_data_directory_and_stops_on_a_signal() {
    for signal in ["TERM", "INT"] {
        let place = TempDir::new().unwrap();
        let mut served = serve(place.path(), &["--data", "deep/down/data"]);
        assert!(
            served.url.starts_with("http://127.0.0.1:") && !served.url.ends_with(":0"),
            "{}",
            served.url
        );
        let data = place.path().join("deep/down/data");
        assert_eq!(mode(&data), 0o700);
        assert_eq!(mode(&data.join("admin.token")), 0o600);
        let token = std::fs::read_to_string(data.join("admin.token")).unwrap();
        assert!(token.trim().len() >= 40 && token.trim().bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(admin(&served, &data, "sessions").await, serde_json::json!([]));
        let ended = served.stop(signal);
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (Some(0), ""),
            "SIG{signal}: {}",
            ended.stderr
        );
        assert!(
            !ended.stderr.contains(token.trim()),
            "the token is in the log: {}",
            ended.stderr
        );
        assert!(
            !ended.stderr.contains("ERROR") && !ended.stderr.contains("panicked"),
            "{}",
            ended.stderr
        );
    }
}

#[actix_web::test]
async fn the_default_data_directory_is_data() {
    let place = TempDir::new().unwrap();
    serve(place.path(), &[]).stop("TERM");
    assert!(place.path().join("data/admin.token").is_file());
    assert!(place.path().join("data/store").is_dir());
}

#[actix_web::test]
async fn acknowledged_records_survive_a_stop_and_a_kill() {
    let place = TempDir::new().unwrap();
    let facility = repository("examples/facility.toml");
    let arguments = ["--facility", facility.as_str(), "--data", "d"];
    let mut served = serve(place.path(), &arguments);
    let token = std::fs::read_to_string(place.path().join("d/admin.token")).unwrap();
    let client = |served: &Served, more: &[&str]| {
        done(
            place.path(),
            &[&["client", "--url", served.url.as_str(), "--key", "k"], more].concat(),
        )
    };
    client(&served, &["register"]);
    for (number, signal) in ["TERM", "KILL", "INT", "KILL"].iter().enumerate() {
        client(&served, &["launch", &format!("s-{number}")]);
        client(&served, &["data", &repository("examples/dataset.json")]);
        served.stop(signal);
        served = serve(place.path(), &arguments);
        let sessions = admin(&served, &place.path().join("d"), "sessions").await;
        assert_eq!(
            sessions.as_array().unwrap().len(),
            number + 1,
            "after SIG{signal}"
        );
        assert_eq!(sessions[0]["name"], format!("s-{number}"), "after SIG{signal}");
    }
    assert_eq!(
        std::fs::read_to_string(place.path().join("d/admin.token")).unwrap(),
        token,
        "the admin token has changed"
    );
}

#[actix_web::test]
async fn a_running_request_is_finished_before_the_service_stops() {
    let place = TempDir::new().unwrap();
    let mut served = serve(place.path(), &[]);
    let token = std::fs::read_to_string(place.path().join("data/admin.token")).unwrap();
    let body = "[[project]]\nusername = \"late\"\n";
    let mut stream = TcpStream::connect(served.url.trim_start_matches("http://")).unwrap();
    write!(
        stream,
        "POST /api/admin/apply HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\
         expect: 100-continue\r\nconnection: close\r\n\r\n",
        token.trim(),
        body.len()
    )
    .unwrap();
    // The service has accepted the request when it asks for the body.
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    let kill = std::process::Command::new("kill")
        .args(["-TERM", &served.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    wait_until_connections_are_refused(&served);
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert_eq!(served.ended().code, Some(0));
    let mut served = serve(place.path(), &[]);
    assert_eq!(
        admin(&served, &place.path().join("data"), "projects/late").await["username"],
        "late"
    );
    served.stop("TERM");
}

/// Waits until connections are refused.
fn wait_until_connections_are_refused(served: &Served) {
    let address = served.url.trim_start_matches("http://").parse().unwrap();
    let deadline = std::time::Duration::from_millis(200);
    for _ in 0..1000 {
        match TcpStream::connect_timeout(&address, deadline) {
            Err(_) => return,
            // The service closes connections that it accepts while it stops.
            Ok(mut accepted) => {
                accepted
                    .set_read_timeout(Some(std::time::Duration::from_millis(20)))
                    .unwrap();
                let _ = accepted.read(&mut [0]);
            }
        }
    }
    panic!("the service still accepts connections");
}

#[actix_web::test]
async fn a_second_process_on_the_same_data_is_refused() {
    let place = TempDir::new().unwrap();
    let mut first = serve(place.path(), &[]);
    let said = refused(place.path(), &[]);
    assert!(
        said.contains("data/store"),
        "the message does not name the directory: {said}"
    );
    assert!(
        said.contains("process") || said.contains("in use") || said.contains("lock"),
        "the message gives no reason: {said}"
    );
    assert_eq!(
        first.stop("TERM").code,
        Some(0),
        "the first process was disturbed"
    );
}

#[actix_web::test]
async fn an_address_in_use_is_refused() {
    let place = TempDir::new().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let ended = crate::support::process::run(place.path(), &["serve", "--listen", &address]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    assert!(ended.stderr.contains(&address), "{}", ended.stderr);
}

#[actix_web::test]
async fn an_unusable_data_directory_is_refused() {
    let place = TempDir::new().unwrap();
    write(place.path(), "file", "");
    let said = refused(place.path(), &["--data", "file/data"]);
    assert!(said.contains("file/data"), "{said}");
    let short = place.path().join("short");
    std::fs::create_dir(&short).unwrap();
    write(&short, "admin.token", "letmein\n");
    let said = refused(place.path(), &["--data", "short"]);
    assert!(
        said.contains("admin.token") && !said.contains("letmein"),
        "{said}"
    );
}

#[actix_web::test]
async fn a_facility_file_is_applied_at_every_start() {
    let place = TempDir::new().unwrap();
    let file = write(place.path(), "f.toml", "[[project]]\nusername = \"alice\"\n");
    let arguments = ["--facility", "f.toml"];
    serve(place.path(), &arguments).stop("TERM");
    std::fs::write(&file, "[[project]]\nusername = \"bob\"\n").unwrap();
    let mut served = serve(place.path(), &arguments);
    for user in ["alice", "bob"] {
        assert_eq!(
            admin(&served, &place.path().join("data"), &format!("projects/{user}")).await["username"],
            user
        );
    }
    served.stop("TERM");
    std::fs::write(&file, "[[project]]\nusername = \"not good\"\n[[beamlin]]\n").unwrap();
    let said = refused(place.path(), &arguments);
    for part in ["f.toml", "[[project]] #1 (line 1), username", "beamlin"] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    let said = refused(place.path(), &["--facility", "missing.toml"]);
    assert!(said.contains("missing.toml"), "{said}");
}

#[actix_web::test]
async fn survey_urls_start_with_the_public_url() {
    let place = TempDir::new().unwrap();
    let facility = repository("examples/facility.toml");
    let mut served = serve(
        place.path(),
        &[
            "--facility",
            &facility,
            "--public-url",
            "https://live.example.org/beam/",
        ],
    );
    let client = ["client", "--url", served.url.as_str()];
    done(place.path(), &[&client[..], &["register"]].concat());
    let launched = done(place.path(), &[&client[..], &["launch", "day"]].concat());
    assert!(
        launched.contains("\"survey\":\"https://live.example.org/beam/survey/"),
        "{launched}"
    );
    served.stop("TERM");
}

#[actix_web::test]
async fn refusals_are_logged_without_their_tokens() {
    let place = TempDir::new().unwrap();
    let mut served = Served::start({
        let mut command = beamlive(place.path(), &["serve", "--listen", "127.0.0.1:0"]);
        command
            .env("BEAMLIVE_LOG__FORMAT", "json")
            .env("BEAMLIVE_LOG__FILTER", "debug");
        command
    });
    beamlive::proxy::install_crypto();
    let url = format!(
        "{}/api/v2/alice:1vb66i:c2VjcmV0LXNpZ25hdHVyZQ==/samples/BM/",
        served.url
    );
    let request = reqwest::Client::new()
        .get(url)
        .header("authorization", "Bearer secret-bearer");
    assert_eq!(Reply::of(request).await.status, 405);
    let log = served.stop("TERM").stderr;
    assert!(
        log.lines()
            .all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()),
        "{log}"
    );
    assert!(log.contains("token refused") && log.contains("alice"), "{log}");
    for secret in ["c2VjcmV0LXNpZ25hdHVyZQ", "secret-bearer"] {
        assert!(!log.contains(secret), "{secret} is in {log}");
    }
}

/// A request without its body delays the stop by more than a second. The process still ends.
#[actix_web::test]
async fn a_stop_that_takes_too_long_ends_the_process() {
    let place = TempDir::new().unwrap();
    let facility = repository("examples/facility.toml");
    let mut served = serve(place.path(), &["--facility", &facility, "--stop-seconds", "1"]);
    let mut stream = TcpStream::connect(served.url.trim_start_matches("http://")).unwrap();
    let head = "POST /api/v2/accesslist/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    // After the answer to another request, the handler of this one waits for its body.
    assert_eq!(
        admin(&served, &place.path().join("data"), "sessions").await,
        serde_json::json!([])
    );
    let begun = std::time::Instant::now();
    let ended = served.stop("TERM");
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("something hangs"), "{}", ended.stderr);
    assert!(begun.elapsed() < std::time::Duration::from_secs(15));
}
