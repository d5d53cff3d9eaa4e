//! A data directory, the process that serves it, and a Data Proxy that runs throughout.

use crate::support::process::{beamlive, run, Ended, Served};
use crate::support::{engine, Client, FakeProxy, Mood, Reply, FACILITY};
use beamlive_actors::clock::{Clock, ManualClock, SystemClock};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// Changes the command that starts the service, for example to run it in a shell.
pub type Wrap = Box<dyn Fn(Command) -> Command>;

/// A service that is started again and again on one data directory.
pub struct Place {
    served: Option<Served>,
    home: PathBuf,
    data: PathBuf,
    wrap: Wrap,
    /// The admin token, which never changes.
    token: String,
    pub proxy: FakeProxy,
    clock: ManualClock,
    http: reqwest::Client,
}

impl Place {
    /// Starts a service with the tests' facility in the directory `home`, with its data in `data`.
    pub async fn new(home: &Path, data: &Path, wrap: Wrap) -> Self {
        beamlive::proxy::install_crypto();
        std::fs::write(home.join("facility.toml"), FACILITY).unwrap();
        let mut place = Self {
            served: None,
            home: home.to_owned(),
            data: data.to_owned(),
            wrap,
            token: String::new(),
            proxy: FakeProxy::start(Mood::Good).await,
            clock: ManualClock::at(SystemClock.now()),
            http: reqwest::Client::builder()
                .timeout(Duration::from_secs(60))
                .build()
                .unwrap(),
        };
        place.start();
        place
    }

    fn command(&self) -> Command {
        let mut command = beamlive(&self.home, &["serve", "--listen", "127.0.0.1:0", "--data"]);
        command.arg(&self.data);
        command
            .args(["--facility", "facility.toml", "--proxy-url"])
            .arg(self.proxy.url());
        command.args(["--store-engine", engine().name()]);
        (self.wrap)(command)
    }

    /// Starts the service and waits until it answers.
    pub fn start(&mut self) {
        self.served = Some(Served::start(self.command()));
        let token = std::fs::read_to_string(self.data.join("admin.token")).unwrap();
        assert!(self.token.is_empty() || self.token == token.trim());
        token.trim().clone_into(&mut self.token);
    }

    /// Starts the service and kills it after this time, even during its start.
    pub async fn start_and_kill(&mut self, after: Duration) {
        let mut served = Served::spawn(self.command());
        tokio::time::sleep(after).await;
        served.stop("KILL");
    }

    /// Changes how the service is started.
    pub fn wrap_with(&mut self, wrap: Wrap) {
        self.wrap = wrap;
    }

    /// Sends a signal to the process and waits for its end.
    pub fn stop(&mut self, signal: &str) -> Ended {
        self.served.take().unwrap().stop(signal)
    }

    /// Waits for the end of a process that was killed.
    pub fn ended(&mut self) {
        self.served.take().unwrap().ended();
    }

    /// Kills the process.
    pub fn kill(&self) {
        let id = self.served.as_ref().unwrap().id().to_string();
        let kill = Command::new("kill").args(["-KILL", &id]).status();
        assert!(kill.unwrap().success());
    }

    fn url(&self) -> &str {
        &self.served.as_ref().unwrap().url
    }

    /// Checks that `beamlive verify` finds no problem in a copy of the data. It verifies a copy
    /// because opening a store may repair it, and the next process must start on the data as the
    /// last one left it.
    pub fn verify(&self) {
        let copy = TempDir::new().unwrap();
        let copied = Command::new("cp")
            .args(["-R", "--sparse=always"])
            .arg(self.data.join("store"))
            .arg(copy.path())
            .status();
        assert!(copied.unwrap().success());
        let ended = run(copy.path(), &["verify", "--data", "."]);
        assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    }

    /// A client of `user`, with a new key.
    pub fn new_client(&self, user: &str) -> Client {
        Client::of_service(self.url().to_owned(), user, self.clock.clone())
    }

    /// The same client, for the process that runs now and with the current time in its signatures.
    pub fn at(&self, client: &Client) -> Client {
        self.clock.set(SystemClock.now());
        client.moved_to(self.url())
    }

    /// A POST request to the admin API, not yet sent.
    pub fn posting_admin(&self, path: &str, body: String) -> reqwest::RequestBuilder {
        let request = self.http.post(format!("{}/api/admin/{path}", self.url()));
        request.bearer_auth(&self.token).body(body)
    }

    /// A request that is not yet sent.
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url()))
    }

    /// A GET request to the admin API, not yet sent.
    pub fn getting_admin(&self, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.get(format!("{}/api/admin/{path}", self.url()));
        request.bearer_auth(&self.token)
    }

    /// The answer to a GET request to the admin API.
    pub async fn admin(&self, path: &str) -> Value {
        let reply = Reply::of(self.getting_admin(path)).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()
    }

    /// All rows of a list, newest first. `place` returns the value of `before` for the page after a
    /// row.
    pub async fn all(&self, list: &str, place: impl Fn(&Value) -> String) -> Vec<Value> {
        let mut rows: Vec<Value> = Vec::new();
        loop {
            let mut path = format!("{list}?limit=1000");
            if let Some(last) = rows.last() {
                path += &format!("&before={}", place(last));
            }
            let page = self.admin(&path).await;
            let page = page.as_array().unwrap();
            rows.extend(page.iter().cloned());
            if page.len() < 1000 {
                return rows;
            }
        }
    }

    /// All rows of a list whose records have ids.
    pub async fn all_by_id(&self, list: &str) -> Vec<Value> {
        self.all(list, |row| row["id"].to_string()).await
    }
}
