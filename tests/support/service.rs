//! The service in its own process, as an operator runs it. So its memory can be measured, and its
//! crash does not end the tests.

use super::process::beamlive;
use super::raw::{exchange, RawReply, RawRequest};
use super::{Client, Reply, FACILITY};
use beamlive_actors::clock::{Clock, ManualClock, SystemClock};
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use tempfile::TempDir;

/// A running `beamlive serve` with the tests' facility. It is killed when this is dropped.
pub struct Service {
    child: Child,
    address: SocketAddr,
    clock: ManualClock,
    home: TempDir,
}

impl Service {
    /// Starts it on a free port.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// Starts it with more arguments.
    pub fn with(arguments: &[&str]) -> Self {
        let home = TempDir::new().unwrap();
        std::fs::write(home.path().join("facility.toml"), FACILITY).unwrap();
        let data = home.path().join("data");
        let mut child = beamlive(home.path(), &["serve", "--listen", "127.0.0.1:0"])
            .args([
                "--timezone",
                "America/Regina",
                "--facility",
                "facility.toml",
                "--data",
            ])
            .arg(data)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(File::create(home.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .trim()
            .strip_prefix("listening on http://")
            .and_then(|address| address.parse().ok());
        let clock = ManualClock::at(SystemClock.now());
        Self {
            address: address.unwrap_or_else(|| panic!("it did not start: {line:?}")),
            child,
            clock,
            home,
        }
    }

    /// A client of `user`, with a new key that is not registered.
    pub fn stranger(&self, user: &str) -> Client {
        Client::of_service(format!("http://{}", self.address), user, self.clock.clone())
    }

    /// A client of `user`, with a new key that is registered.
    pub fn client(&self, user: &str) -> Client {
        let client = self.stranger(user);
        let form = serde_urlencoded::to_string([("public", &client.public)]).unwrap();
        let reply = self.send(&RawRequest::post(self.signed(&client, "project/"), form));
        assert_eq!(reply.status, 200, "{}", reply.text());
        client
    }

    /// The target of a signed route, signed now.
    pub fn signed(&self, client: &Client, path: &str) -> String {
        self.clock.set(SystemClock.now());
        format!("/api/v2/{}/{path}", client.token())
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends a request and returns the answer.
    ///
    /// # Panics
    /// If there is no answer.
    pub fn send(&self, request: &RawRequest) -> RawReply {
        let target: String = request.target.chars().take(200).collect();
        self.exchange(&request.bytes())
            .unwrap_or_else(|| panic!("{} {target} was not answered", request.method))
    }

    /// Sends bytes and returns the answer, if there is one.
    pub fn exchange(&self, bytes: &[u8]) -> Option<RawReply> {
        exchange(self.address, bytes, false)
    }

    pub fn admin_token(&self) -> String {
        let file = self.home.path().join("data/admin.token");
        std::fs::read_to_string(file).unwrap().trim().to_owned()
    }

    /// A request to the admin API, with its token.
    pub fn as_admin(&self, request: RawRequest) -> RawRequest {
        request.header("Authorization", format!("Bearer {}", self.admin_token()))
    }

    /// GET from the admin API.
    pub fn admin(&self, path: &str) -> Value {
        let reply = self.send(&self.as_admin(RawRequest::get(format!("/api/admin/{path}"))));
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()
    }

    /// The key of a directory, from the built-in Data Proxy.
    pub fn key_of(&self, directory: &Path) -> String {
        let form = serde_urlencoded::to_string([("path", directory)]).unwrap();
        let reply = self.send(&RawRequest::post("/download/data/create/", form));
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["key"].as_str().unwrap().to_owned()
    }

    /// GET of a large body; chunked answers are joined.
    pub fn fetch(&self, path: &str) -> Vec<u8> {
        beamlive::proxy::install_crypto();
        let request = reqwest::Client::new().get(format!("http://{}{path}", self.address));
        let reply = actix_web::rt::System::new().block_on(Reply::of(request));
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.body
    }

    /// The value of a metric.
    pub fn metric(&self, name: &str) -> u64 {
        let text = self.send(&RawRequest::get("/metrics")).text();
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value
            .unwrap_or_else(|| panic!("no {name} in {text}"))
            .parse()
            .unwrap()
    }

    /// How many actors were started again.
    pub fn respawns(&self) -> u64 {
        ["beamline", "facility", "access", "forwarder"]
            .iter()
            .map(|kind| self.metric(&format!("beamlive_actor_respawns_total{{actor=\"{kind}\"}}")))
            .sum()
    }

    /// The log.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.home.path().join("log")).unwrap()).into_owned()
    }

    /// The maximum of resident memory since [`Self::forget_peak`], in KiB.
    pub fn peak_kib(&self) -> u64 {
        self.status("VmHWM:")
    }

    /// The resident memory now, in KiB.
    pub fn resident_kib(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// Resets the maximum to the resident memory of now.
    pub fn forget_peak(&self) {
        std::fs::write(self.proc("clear_refs"), "5").unwrap();
    }

    fn status(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(self.proc("status")).unwrap();
        let value = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        value.trim().trim_end_matches(" kB").parse().unwrap()
    }

    fn proc(&self, file: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{file}", self.child.id()))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
