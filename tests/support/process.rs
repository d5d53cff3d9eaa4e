//! Runs the binary as a process.

use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

/// The longest wait for a start, a stop or a line of output.
const DEADLINE: Duration = Duration::from_secs(60);

/// The binary, in `directory`. Settings in the environment of this process are removed.
pub fn beamlive(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_beamlive"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("BEAMLIVE_")) {
        command.env_remove(name);
    }
    command
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null());
    command
}

/// The result of a command that has ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// Runs the binary and waits for its end.
pub fn run(directory: &Path, arguments: &[&str]) -> Ended {
    ended(beamlive(directory, arguments))
}

/// As [`run`], with `input` as its standard input.
pub fn run_with_input(directory: &Path, arguments: &[&str], input: &str) -> Ended {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(input.as_bytes()).unwrap();
    file.rewind().unwrap();
    let mut command = beamlive(directory, arguments);
    command.stdin(file);
    ended(command)
}

/// Runs a command and waits for its end.
pub fn ended(command: Command) -> Ended {
    Served::spawn(command).ended()
}

/// A running `beamlive serve`. It is killed when this is dropped.
#[derive(Debug)]
pub struct Served {
    child: Child,
    lines: Receiver<String>,
    errors: Receiver<String>,
    pub url: String,
}

impl Served {
    /// Starts it and waits for its line on standard output.
    pub fn start(command: Command) -> Self {
        let mut served = Self::spawn(command);
        let line = match served.lines.recv_timeout(DEADLINE) {
            Ok(line) => line,
            Err(error) => panic!("{error}: {}", served.stop("KILL").stderr),
        };
        let url = line
            .strip_prefix("listening on ")
            .unwrap_or_else(|| panic!("unexpected line {line:?}"));
        url.clone_into(&mut served.url);
        served
    }

    /// Starts it without waiting.
    pub fn spawn(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = lines_of(child.stdout.take().unwrap());
        let errors = lines_of(child.stderr.take().unwrap());
        Self {
            child,
            lines,
            errors,
            url: String::new(),
        }
    }

    /// Sends it a signal and waits for its end.
    pub fn stop(&mut self, signal: &str) -> Ended {
        let kill = Command::new("kill")
            .args([format!("-{signal}"), self.child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
        self.ended()
    }

    /// Waits until a line on standard error contains `part`.
    pub fn until(&self, part: &str) {
        let mut said = String::new();
        while !said.contains(part) {
            said = self.errors.recv_timeout(DEADLINE).unwrap();
        }
    }

    /// Its process ID.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end.
    pub fn ended(&mut self) -> Ended {
        // Both pipes are closed when it ends, or earlier.
        let (stdout, stderr) = (rest(&self.lines), rest(&self.errors));
        let status = self.child.wait().unwrap();
        Ended {
            code: status.code(),
            stdout,
            stderr,
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Fails if the process has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads lines in its own thread, so that a full pipe never blocks the process.
fn lines_of(from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

/// Reads until the pipe is closed.
fn rest(lines: &Receiver<String>) -> String {
    let mut text = String::new();
    loop {
        match lines.recv_timeout(DEADLINE) {
            Ok(line) => text += &format!("{line}\n"),
            Err(RecvTimeoutError::Disconnected) => return text,
            Err(RecvTimeoutError::Timeout) => panic!("the pipe is still open after {DEADLINE:?}"),
        }
    }
}
