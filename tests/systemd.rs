//! Messages between the service and systemd, and sockets that systemd passes.

use crate::support::process::{beamlive, Served};
use crate::support::Certificates;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// What systemd is told.
struct Manager {
    socket: UnixDatagram,
    place: TempDir,
}

impl Manager {
    fn new() -> Self {
        let place = TempDir::new().unwrap();
        let socket = UnixDatagram::bind(place.path().join("notify")).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self { socket, place }
    }

    fn start(&self, arguments: &[&str]) -> Served {
        // The watchdog is for the process that systemd has started.
        let script = "WATCHDOG_PID=$$ exec \"$0\" serve --listen 127.0.0.1:0 \"$@\"";
        let binary = beamlive(self.place.path(), &[]).get_program().to_owned();
        let mut command = Command::new("sh");
        command
            .args(["-c", script])
            .arg(binary)
            .args(arguments)
            .current_dir(self.place.path())
            .env("NOTIFY_SOCKET", self.place.path().join("notify"))
            .env("WATCHDOG_USEC", "400000");
        Served::start(command)
    }

    /// Waits for a message with this line.
    fn until(&self, line: &str) -> String {
        loop {
            let mut message = [0; 4096];
            let length = self.socket.recv(&mut message).unwrap();
            let message = String::from_utf8_lossy(&message[..length]).into_owned();
            if message.lines().any(|told| told == line) {
                return message;
            }
        }
    }
}

#[test]
fn systemd_is_told_of_the_start_of_each_reload_and_of_the_stop() {
    let manager = Manager::new();
    let mut served = manager.start(&[]);
    let ready = manager.until("READY=1");
    assert!(
        ready.contains(&format!("STATUS=listening on {}", served.url)),
        "{ready}"
    );
    for _ in 0..3 {
        manager.until("WATCHDOG=1");
    }
    hang_up(&served);
    assert!(manager.until("RELOADING=1").contains("MONOTONIC_USEC="));
    manager.until("READY=1");
    assert_eq!(served.stop("TERM").code, Some(0));
    manager.until("STOPPING=1");
}

fn hang_up(served: &Served) {
    let kill = Command::new("kill")
        .args(["-HUP", &served.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
}

#[test]
fn a_reload_applies_the_facility_file_and_reads_the_certificate() {
    let (manager, certificates) = (Manager::new(), Certificates::new());
    let facility = manager.place.path().join("facility.toml");
    let declare = |text: &str| std::fs::write(&facility, text).unwrap();
    declare("[[beamline]]\nacronym = \"ONE\"\nname = \"One\"\n");
    let config = manager.place.path().join("config.toml");
    std::fs::write(&config, "[tls]\nreload_seconds = 3600\n").unwrap();
    let (certificate, key) = (certificates.text("service.pem"), certificates.text("service.key"));
    let mut served = manager.start(&[
        "--facility",
        "facility.toml",
        "--config",
        "config.toml",
        "--tls-certificate",
        &certificate,
        "--tls-key",
        &key,
    ]);
    served.until("created=1");

    declare(
        "[[beamline]]\nacronym = \"ONE\"\nname = \"One\"\n[[beamline]]\nacronym = \"TWO\"\nname = \"Two\"\n",
    );
    certificates.issue_service();
    hang_up(&served);
    served.until("a new certificate is in use");
    served.until("created=1");
    served.until("reloaded");

    declare("[[beamline]]\nacronym = 7\n");
    std::fs::write(&key, "").unwrap();
    hang_up(&served);
    served.until("the certificate in use stays");
    served.until("the facility stays as it was");
    served.until("reloaded");
    assert_eq!(served.stop("TERM").code, Some(0));
}

/// `beamlive serve` with `socket` as the one that systemd listens on.
fn activated(place: &Path, socket: OwnedFd) -> Served {
    // systemd passes it as file 3, and names the process that it is for.
    let script = "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" serve 3<&0 </dev/null";
    let binary = beamlive(place, &[]).get_program().to_owned();
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(script)
        .arg(binary)
        .current_dir(place)
        .stdin(socket);
    Served::start(command)
}

fn live(mut stream: impl Read + Write) -> String {
    stream
        .write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    said
}

#[test]
fn a_tcp_socket_of_systemd_is_served_and_outlives_the_service() {
    let place = TempDir::new().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    for signal in ["TERM", "KILL", "TERM"] {
        // It waits in the queue of the socket until the service is there.
        let early = TcpStream::connect(address).unwrap();
        let mut served = activated(place.path(), listener.try_clone().unwrap().into());
        assert_eq!(served.url, format!("http://{address}"));
        assert!(live(early).starts_with("HTTP/1.1 200"));
        assert!(live(TcpStream::connect(address).unwrap()).starts_with("HTTP/1.1 200"));
        served.stop(signal);
    }
}

#[test]
fn a_unix_socket_of_systemd_is_served_and_stays() {
    let place = TempDir::new().unwrap();
    let path = place.path().join("activated.sock");
    let listener = UnixListener::bind(&path).unwrap();
    for _ in 0..2 {
        let mut served = activated(place.path(), listener.try_clone().unwrap().into());
        assert_eq!(served.url, format!("unix:{}", path.display()));
        assert!(live(UnixStream::connect(&path).unwrap()).starts_with("HTTP/1.1 200"));
        assert_eq!(served.stop("TERM").code, Some(0));
        assert!(path.exists(), "it belongs to systemd");
    }
}
