//! A users' disk that hangs, such as an unreachable NFS server: its files are refused, and the rest
//! of the service is not affected.

use crate::support::fuse::{Hanging, FUTURE};
use crate::support::process::{beamlive, Served};
use crate::support::raw::{exchange, RawReply, RawRequest};
use crate::support::{Client, FACILITY};
use beamlive_actors::clock::{Clock, ManualClock, SystemClock};
use serde_json::{json, Value};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// `proxy.file_seconds` of the tests.
const DEADLINE: Duration = Duration::from_secs(3);
/// The limit for requests that do not wait for the disk, also on a busy machine.
const QUICK: Duration = Duration::from_millis(2500);
/// Requests for files of the disk that hangs.
const CROWD: usize = 320;
/// Enough for a response that is being sent when the disk begins to hang.
const LARGE: usize = 48 << 20;

/// A service with a healthy root and a second one that hangs.
struct Bench {
    served: Served,
    // Unmounted before its directory is removed.
    disk: Hanging,
    home: TempDir,
    address: SocketAddr,
    alice: Client,
    clock: ManualClock,
}

impl Bench {
    fn start() -> Option<Self> {
        let home = TempDir::new().unwrap();
        for directory in ["healthy/alice/day", "hung"] {
            std::fs::create_dir_all(home.path().join(directory)).unwrap();
        }
        std::fs::write(home.path().join("healthy/alice/day/file.txt"), "healthy").unwrap();
        std::fs::write(home.path().join("facility.toml"), FACILITY).unwrap();
        let files = vec![
            ("file.txt", b"slow".to_vec()),
            ("frame.cbf", b"###CBF".to_vec()),
            ("snap.png", b"png".to_vec()),
            ("large.bin", vec![7; LARGE]),
            (FUTURE, b"later".to_vec()),
        ];
        let disk = Hanging::mount(&home.path().join("hung"), files)?;
        let mut command = beamlive(home.path(), &["serve", "--listen", "127.0.0.1:0", "--data", "d"]);
        command
            .args([
                "--facility",
                "facility.toml",
                "--users-root",
                "healthy",
                "--users-root",
                "hung",
            ])
            .env("BEAMLIVE_PROXY__FILE_SECONDS", DEADLINE.as_secs().to_string())
            .env("BEAMLIVE_PROXY__ARCHIVES_PER_ADDRESS", "64");
        let served = Served::start(command);
        let address = served.url.trim_start_matches("http://").parse().unwrap();
        let clock = ManualClock::at(SystemClock.now());
        let alice = Client::of_service(served.url.clone(), "alice", clock.clone());
        let bench = Self {
            home,
            disk,
            served,
            address,
            alice,
            clock,
        };
        let form = serde_urlencoded::to_string([("public", &bench.alice.public)]).unwrap();
        bench.quick(&RawRequest::post(bench.signed("project/"), form), 200);
        Some(bench)
    }

    fn signed(&self, path: &str) -> String {
        self.clock.set(SystemClock.now());
        format!("/api/v2/{}/{path}", self.alice.token())
    }

    fn send(&self, request: &RawRequest) -> RawReply {
        exchange(self.address, &request.bytes(), false).unwrap_or_else(|| panic!("{request:?} got no answer"))
    }

    /// Sends a request that must be answered at once.
    fn quick(&self, request: &RawRequest, status: u16) -> RawReply {
        let begun = Instant::now();
        let reply = self.send(request);
        let took = begun.elapsed();
        assert_eq!(reply.status, status, "{}: {}", request.target, reply.text());
        assert!(took < QUICK, "{} took {took:?}", request.target);
        reply
    }

    fn key(&self, directory: &Path) -> String {
        let form = serde_urlencoded::to_string([("path", directory)]).unwrap();
        let reply = self.quick(&RawRequest::post("/download/data/create/", form), 200);
        reply.json()["key"].as_str().unwrap().to_owned()
    }

    /// Sends other requests to the service.
    fn everything_else(&self, healthy: &str) {
        let token = std::fs::read_to_string(self.home.path().join("d/admin.token")).unwrap();
        let bearer = format!("Bearer {}", token.trim());
        for list in ["data", "sessions", "activity"] {
            let request = RawRequest::get(format!("/api/admin/{list}"));
            self.quick(&request.header("Authorization", bearer.clone()), 200);
        }
        self.quick(&RawRequest::get("/metrics"), 200);
        self.quick(&RawRequest::get(self.signed("samples/BM/")), 200);
        let dataset = json!({"name": "xtal", "type": "DATA", "directory": "/users/alice/a", "energy": 12.658, "exposure": 1});
        self.quick(
            &RawRequest::post(self.signed("data/BM/"), dataset.to_string()).json(),
            200,
        );
        let file = self.quick(
            &RawRequest::get(format!("/download/files/raw/{healthy}/file.txt")),
            200,
        );
        assert_eq!(file.text(), "healthy");
        self.quick(
            &RawRequest::get(format!("/download/files/archive/{healthy}/a.tar")),
            200,
        );
    }

    /// The roots in `/health/ready`.
    fn roots(&self) -> Value {
        self.quick(&RawRequest::get("/health/ready"), 200).json()["users_roots"].clone()
    }
}

/// Requests for files.
fn targets(key: &str) -> [String; 6] {
    [
        format!("/download/files/raw/{key}/file.txt"),
        format!("/download/files/archive/{key}/day.tar.gz"),
        format!("/download/files/frame/{key}/frame.cbf/nm.png"),
        format!("/download/files/snapshot/{key}/snap.png"),
        format!("/download/files/snapshot/{key}/no-such-picture.png"),
        format!("/download/files/multi/{key}/some.tar?frame=file&frame=frame"),
    ]
}

/// The end of a response that has begun.
fn rest(mut stream: TcpStream) -> Duration {
    let begun = Instant::now();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut read = 0;
    let mut buffer = vec![0; 1 << 20];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(some) => read += some,
            Err(error) => panic!("the response is neither sent nor cut off: {error}"),
        }
    }
    assert!(read < LARGE, "the whole file was sent");
    begun.elapsed()
}

#[test]
fn a_disk_that_hangs_affects_nothing_else_and_is_used_again_when_it_answers() {
    let Some(bench) = Bench::start() else { return };
    let healthy = bench.key(&bench.home.path().join("healthy/alice/day"));
    let hung = bench.key(&bench.disk.day());
    let file = RawRequest::get(format!("/download/files/raw/{hung}/file.txt"));
    assert_eq!(bench.quick(&file, 200).text(), "slow");
    assert_eq!(bench.roots()[1]["answers"], true);
    let future = bench.quick(
        &RawRequest::get(format!("/download/files/raw/{hung}/{FUTURE}")),
        200,
    );
    assert_eq!(future.text(), "later");
    assert!(
        !future.head.to_ascii_lowercase().contains("last-modified"),
        "{}",
        future.head
    );

    // Two responses have begun when the disk hangs.
    let begun: Vec<_> = [format!("raw/{hung}/large.bin"), format!("archive/{hung}/day.tar")]
        .iter()
        .map(|path| {
            let mut stream = TcpStream::connect(bench.address).unwrap();
            let request = RawRequest::get(format!("/download/files/{path}"));
            stream.write_all(&request.bytes()).unwrap();
            stream.read_exact(&mut [0; 1000]).unwrap();
            stream
        })
        .collect();
    bench.disk.hang();
    let (address, targets) = (bench.address, targets(&hung));
    std::thread::scope(|scope| {
        let crowd: Vec<_> = (0..CROWD)
            .map(|number| {
                let request = RawRequest::get(targets[number % targets.len()].clone());
                scope.spawn(move || {
                    let begun = Instant::now();
                    (
                        exchange(address, &request.bytes(), false),
                        begun.elapsed(),
                        request.target,
                    )
                })
            })
            .collect();
        let begun_at = Instant::now();
        let mut rounds = 0;
        while begun_at.elapsed() < DEADLINE + Duration::from_secs(1) {
            bench.everything_else(&healthy);
            rounds += 1;
        }
        assert!(rounds > 3, "only {rounds} rounds");
        for asked in crowd {
            let (reply, took, target) = asked.join().unwrap();
            let reply = reply.unwrap_or_else(|| panic!("{target} got no answer"));
            assert_eq!(reply.status, 503, "{target}: {}", reply.text());
            assert!(
                reply.head.to_ascii_lowercase().contains("\r\nretry-after: "),
                "{}",
                reply.head
            );
            assert!(took < DEADLINE * 3, "{target} took {took:?}");
        }
    });
    for stream in begun {
        assert!(rest(stream) < DEADLINE * 3);
    }
    let roots = bench.roots();
    assert_eq!(roots[0]["answers"], true, "{roots}");
    assert_eq!(roots[1]["answers"], false, "{roots}");
    assert!(roots[1]["path"].as_str().unwrap().ends_with("/hung"), "{roots}");
    let metrics = bench.quick(&RawRequest::get("/metrics"), 200).text();
    let up = metrics
        .lines()
        .find(|line| line.starts_with("beamlive_users_root_up{") && line.contains("/hung"));
    assert!(up.unwrap().ends_with(" 0"), "{up:?}");
    // From now on requests are refused at once.
    for target in &targets {
        let reply = bench.quick(&RawRequest::get(target), 503);
        let message = reply.json()["error"]["message"].to_string();
        assert!(message.contains("users' root 2 does not answer"), "{message}");
        assert!(!reply.text().contains("hung"), "the path is not shown to clients");
    }
    bench.everything_else(&healthy);

    bench.disk.answer();
    let since = Instant::now();
    let is_back = |root: &Value| root["answers"] == true && root["stuck"] == 0;
    while !is_back(&bench.roots()[1]) || bench.send(&file).status != 200 {
        assert!(since.elapsed() < Duration::from_secs(30), "{}", bench.roots());
    }
    assert_eq!(bench.quick(&file, 200).text(), "slow");
    let archive = bench.send(&RawRequest::get(format!(
        "/download/files/archive/{hung}/day.tar"
    )));
    assert!(archive.body.len() > LARGE);
}

#[test]
fn a_disk_that_hangs_does_not_keep_the_process_from_ending() {
    let Some(mut bench) = Bench::start() else { return };
    let hung = bench.key(&bench.disk.day());
    bench.disk.hang();
    let address = bench.address;
    std::thread::scope(|scope| {
        for number in 0..60 {
            let request = RawRequest::get(targets(&hung)[number % 6].clone());
            scope.spawn(move || exchange(address, &request.bytes(), false));
        }
        // Some are stuck, and some are queued.
        while bench.roots()[1]["stuck"] == 0 {}
        let begun = Instant::now();
        let ended = bench.served.stop("TERM");
        let took = begun.elapsed();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert!(took < DEADLINE + Duration::from_secs(10), "{took:?}");
    });
}
