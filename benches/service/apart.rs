//! The service in a process of its own.

use serde_json::Value;
use std::fs::{read_to_string, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running service. It is killed when this value is dropped.
pub(crate) struct Apart {
    child: Child,
    pub(crate) address: SocketAddr,
    /// The time from its start until it listened.
    pub(crate) start_up: Duration,
}

impl Apart {
    /// Starts the service on the data in `directory`. With a facility, `directory` is created.
    pub(crate) fn start(directory: &Path, facility: Option<&Value>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_beamlive"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]);
        command.arg(directory.join("data"));
        if let Some(facility) = facility {
            std::fs::create_dir(directory).unwrap();
            let file = directory.join("facility.json");
            std::fs::write(&file, facility.to_string()).unwrap();
            command.arg("--facility").arg(file);
        }
        let log = File::create(directory.join("log")).unwrap();
        let began = Instant::now();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let start_up = began.elapsed();
        let address = line
            .trim()
            .strip_prefix("listening on http://")
            .and_then(|address| address.parse().ok());
        Self {
            address: address.unwrap_or_else(|| panic!("it did not start: see {}", directory.display())),
            child,
            start_up,
        }
    }

    /// Resident memory in KiB.
    pub(crate) fn resident_kib(&self) -> f64 {
        let status = read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
