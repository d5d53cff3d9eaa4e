//! A temporary cluster of PostgreSQL for tests: its own directory, its own port, synced writes.
//!
//! Files that include it with `#[path]` allow `dead_code` and `unreachable_pub`. The variable
//! `BEAMLIVE_TEST_POSTGRES` may name the folder of PostgreSQL's programs.

use rustix::process::{kill_process, Pid, Signal};
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The superuser of the cluster. Everyone on this host may log in as this user.
const USER: &str = "beamlive";
/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running cluster. Dropping it stops the server and deletes its files.
pub struct Postgres {
    programs: PathBuf,
    /// Whom the server runs as; `None` for the user of this process.
    owner: Option<(u32, u32)>,
    port: u16,
    /// The server; `None` while it is stopped.
    server: Option<Child>,
    /// Stops the server and deletes its files if this process is killed: it waits for the end of
    /// its standard input.
    guard: Child,
    databases: AtomicU32,
    /// Holds the sockets, and the cluster in `data`.
    directory: TempDir,
}

impl Postgres {
    /// Starts a cluster. `None` if PostgreSQL is not installed.
    ///
    /// # Panics
    /// If it is not installed although `CI` is `true`, or if it does not start.
    pub fn start() -> Option<Self> {
        let Some((programs, owner)) = installed() else {
            let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
            assert!(!is_ci, "PostgreSQL is not installed");
            eprintln!("skipped: PostgreSQL is not installed");
            return None;
        };
        let directory = tempfile::Builder::new()
            .prefix("beamlive-postgres-")
            .tempdir()
            .unwrap();
        if let Some((user, group)) = owner {
            chown(directory.path(), Some(user), Some(group)).unwrap();
        }
        let mut postgres = Self {
            guard: guard(directory.path()),
            programs,
            owner,
            port: 0,
            server: None,
            databases: AtomicU32::new(0),
            directory,
        };
        let data = postgres.data();
        let data = data.to_str().unwrap();
        postgres.run(
            "initdb",
            &[
                "-D",
                data,
                "-U",
                USER,
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-locale",
                "--no-sync",
            ],
        );
        postgres.start_on_free_port();
        Some(postgres)
    }

    /// The address of the database `postgres`, over TCP.
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// Creates an empty database and returns its address. Tests that share a cluster take one each.
    pub fn database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let (socket, port) = (self.directory.path().to_str().unwrap(), self.port.to_string());
        self.run("createdb", &["-h", socket, "-p", &port, "-U", USER, &name]);
        self.url_of(&name)
    }

    fn url_of(&self, database: &str) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{database}", self.port)
    }

    /// The directory of the socket, which is named by the port.
    pub fn socket_directory(&self) -> &Path {
        self.directory.path()
    }

    /// Stops the server as an operator does. Open connections are closed.
    pub fn stop(&mut self) {
        let Some(mut server) = self.server.take() else {
            return;
        };
        kill_process(Pid::from_child(&server), Signal::INT).unwrap();
        server.wait().unwrap();
    }

    /// Starts the server again on the same port. Stops it before if it is running.
    pub fn restart(&mut self) {
        self.stop();
        // After a kill the kernel may need a moment until it gives back port and shared memory.
        let end = Instant::now() + PATIENCE;
        while !self.launch() {
            assert!(Instant::now() < end, "no restart:\n{}", self.log());
            pause();
        }
    }

    /// Kills all processes of the server, as a crash of its host does.
    pub fn kill(&mut self) {
        let Some(mut server) = self.server.take() else {
            return;
        };
        let postmaster = server.id();
        let children = format!("/proc/{postmaster}/task/{postmaster}/children");
        let children = fs::read_to_string(children).unwrap_or_default();
        server.kill().unwrap();
        server.wait().unwrap();
        for child in children.split_whitespace() {
            if let Some(child) = child.parse().ok().and_then(Pid::from_raw) {
                // It may have ended by itself.
                let _ = kill_process(child, Signal::KILL);
            }
        }
    }

    /// What the server has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        // The server must be able to enter its working directory.
        command.current_dir(self.directory.path()).stdin(Stdio::null());
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let output = self.command(program).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program}: {said}{}", self.log());
    }

    fn start_on_free_port(&mut self) {
        for _ in 0..10 {
            let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            self.port = socket.local_addr().unwrap().port();
            drop(socket);
            // Another process may take the port in between.
            if self.launch() {
                return;
            }
        }
        panic!("PostgreSQL does not start:\n{}", self.log());
    }

    /// Starts the server; `false` if it ends at once.
    fn launch(&mut self) -> bool {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.directory.path().join("log"))
            .unwrap();
        let socket = self.directory.path().to_str().unwrap();
        let server = self
            .command("postgres")
            .arg("-D")
            .arg(self.data())
            .args(["-p", &self.port.to_string(), "-k", socket])
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=on"])
            .stderr(log)
            .process_group(0)
            .spawn()
            .unwrap();
        let server = self.server.insert(server);
        let end = Instant::now() + PATIENCE;
        loop {
            if server.try_wait().unwrap().is_some() {
                self.server = None;
                return false;
            }
            let ready = Command::new(self.programs.join("pg_isready"))
                .args(["-q", "-h", socket, "-p", &self.port.to_string()])
                .status()
                .unwrap();
            if ready.success() {
                return true;
            }
            assert!(Instant::now() < end, "PostgreSQL is not ready");
            pause();
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Its files are deleted next, so it need not write anything.
        self.kill();
        let _ = self.guard.kill();
        let _ = self.guard.wait();
    }
}

/// Waits a little for something that only asking again can tell.
#[allow(
    clippy::disallowed_methods,
    reason = "the server tells nobody that it is ready"
)]
fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}

/// The folder of PostgreSQL's programs, and whom they run as.
fn installed() -> Option<(PathBuf, Option<(u32, u32)>)> {
    /// Where Debian keeps a version, and where other systems keep the only one.
    const PLACES: [&str; 4] = [
        "/usr/lib/postgresql/15/bin",
        "/usr/local/pgsql/bin",
        "/usr/local/bin",
        "/usr/bin",
    ];
    let named = std::env::var_os("BEAMLIVE_TEST_POSTGRES").map(PathBuf::from);
    let places = named.into_iter().chain(PLACES.map(PathBuf::from));
    let programs = places.into_iter().find(|place| place.join("initdb").exists())?;
    // PostgreSQL refuses to run as root.
    let owner = match rustix::process::geteuid().is_root() {
        true => Some(account("postgres")?),
        false => None,
    };
    Some((programs, owner))
}

/// User and group of an account of this host.
fn account(name: &str) -> Option<(u32, u32)> {
    let accounts = fs::read_to_string("/etc/passwd").ok()?;
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (found, _, user, group) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        (found == name).then_some((user.parse().ok()?, group.parse().ok()?))
    })
}

fn guard(directory: &Path) -> Child {
    const SCRIPT: &str = r#"
        while read -r _; do :; done
        postmaster="$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)"
        [ -z "$postmaster" ] || kill -QUIT "$postmaster" 2>/dev/null
        rm -rf "$1"
    "#;
    Command::new("sh")
        .args(["-c", SCRIPT, "guard"])
        .arg(directory)
        .stdin(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap()
}
