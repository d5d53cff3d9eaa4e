//! `beamlive init`: what it writes can be used as it is.

use super::backup::names;
use super::done;
use crate::support::process::{beamlive, run, Served};
use crate::support::Certificates;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const FILES: [&str; 6] = [
    "beamlive.toml",
    "facility.toml",
    "systemd/beamlive-backup.service",
    "systemd/beamlive-backup.timer",
    "systemd/beamlive.service",
    "systemd/beamlive.socket",
];

/// `beamlive init` into `etc`, with these arguments too.
fn init(home: &Path, more: &[&str]) -> crate::support::process::Ended {
    fs::create_dir_all(home.join("users")).unwrap();
    let base = [
        "init",
        "etc",
        "--yes",
        "--user",
        "daemon",
        "--data",
        "data",
        "--backups",
        "backups",
    ];
    run(home, &[&base, more].concat())
}

fn written(home: &Path) -> Vec<(String, String)> {
    let read = |name: &&str| {
        Some((
            (*name).to_owned(),
            fs::read_to_string(home.join("etc").join(name)).ok()?,
        ))
    };
    FILES.iter().filter_map(read).collect()
}

/// The words of a command in a unit.
fn command(unit: &str) -> Vec<String> {
    let line = unit
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="))
        .unwrap();
    line.split(' ')
        .map(|word| word.trim_matches('"').to_owned())
        .collect()
}

fn unit(home: &Path, name: &str) -> String {
    fs::read_to_string(home.join("etc/systemd").join(name)).unwrap()
}

#[test]
fn what_is_written_passes_check_and_doctor_and_serves_and_backs_up() {
    let home = TempDir::new().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let users = home.path().join("users");
    let arguments = [
        "--listen",
        &address,
        "--beamline",
        "BM,ID",
        "--timezone",
        "America/Regina",
    ];
    let arguments = [&arguments[..], &["--users-root", users.to_str().unwrap()]].concat();
    let ended = init(home.path(), &arguments);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        ended.stdout.contains("systemctl enable --now beamlive.socket"),
        "{}",
        ended.stdout
    );
    assert_eq!(written(home.path()).len(), FILES.len());
    assert!(done(home.path(), &["check", "etc/facility.toml"]).contains("2 created"));
    fs::create_dir(home.path().join("backups")).unwrap();
    let doctor = run(home.path(), &["doctor", "--config", "etc/beamlive.toml"]);
    assert_eq!(doctor.code, Some(0), "{}{}", doctor.stdout, doctor.stderr);

    let words = command(&unit(home.path(), "beamlive.service"));
    let words: Vec<_> = words[1..].iter().map(String::as_str).collect();
    let served = Served::start(beamlive(home.path(), &words));
    assert_eq!(served.url, format!("http://{address}"));
    let words = command(&unit(home.path(), "beamlive-backup.service"));
    let words: Vec<_> = words[1..].iter().map(String::as_str).collect();
    let said = done(home.path(), &words);
    assert!(said.contains("rows, the store as it was at"), "{said}");
    assert_eq!(names(&home.path().join("backups")).len(), 1);
}

#[test]
fn nothing_is_overwritten_without_force() {
    let home = TempDir::new().unwrap();
    fs::create_dir_all(home.path().join("etc/systemd")).unwrap();
    let mine = home.path().join("etc/systemd/beamlive.socket");
    fs::write(&mine, "mine").unwrap();
    let ended = init(home.path(), &[]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("beamlive.socket exists"),
        "{}",
        ended.stderr
    );
    assert_eq!(
        written(home.path()),
        [("systemd/beamlive.socket".to_owned(), "mine".to_owned())]
    );
    let ended = init(home.path(), &["--force"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(written(home.path()).len(), FILES.len());
    assert_ne!(fs::read_to_string(mine).unwrap(), "mine");
}

#[test]
fn answers_that_can_not_be_used_are_named_and_nothing_is_written() {
    for (arguments, words) in [
        (&["--beamline", ""][..], "acronym"),
        (&["--public-url", "live"], "public_url"),
        (&["--listen", "here"], "here"),
        (&["--tls-certificate", "x.pem"], "--tls-key"),
        (
            &[
                "--listen",
                "unix:/run/x",
                "--tls-certificate",
                "x",
                "--tls-key",
                "y",
            ],
            "a Unix socket has no TLS",
        ),
    ] {
        let home = TempDir::new().unwrap();
        let ended = init(home.path(), arguments);
        assert_ne!(ended.code, Some(0), "{arguments:?}: {}", ended.stdout);
        assert!(ended.stderr.contains(words), "{arguments:?}: {}", ended.stderr);
        assert!(!home.path().join("etc").exists(), "{arguments:?}");
    }
}

#[test]
fn a_service_with_tls_and_one_on_a_unix_socket_are_written_as_they_are_served() {
    let (home, certificates) = (TempDir::new().unwrap(), Certificates::new());
    let (certificate, key) = (certificates.text("service.pem"), certificates.text("service.key"));
    let arguments = ["--listen", "[::]:443", "--public-url", "https://localhost"];
    let tls = ["--tls-certificate", &certificate, "--tls-key", &key];
    let ended = init(home.path(), &[&arguments[..], &tls].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(unit(home.path(), "beamlive.socket").contains("ListenStream=[::]:443\n"));
    assert!(unit(home.path(), "beamlive-backup.service").contains("--url \"https://localhost\""));
    let socket = home.path().join("s");
    let ended = init(
        home.path(),
        &["--force", "--listen", &format!("unix:{}", socket.display())],
    );
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let unit = unit(home.path(), "beamlive.socket");
    assert!(
        unit.contains(&format!(
            "ListenStream={}\nBacklog=1024\nSocketMode=0660\n",
            socket.display()
        )),
        "{unit}"
    );
}

#[test]
fn systemd_takes_the_units_and_calls_them_safe() {
    let home = TempDir::new().unwrap();
    let ended = init(home.path(), &["--listen", "127.0.0.1:8000"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let units: Vec<_> = [
        "beamlive.service",
        "beamlive.socket",
        "beamlive-backup.service",
        "beamlive-backup.timer",
    ]
    .iter()
    .map(|name| home.path().join("etc/systemd").join(name))
    .collect();
    let analyze = |arguments: &[&str], units: &[std::path::PathBuf]| {
        let ended = Command::new("systemd-analyze")
            .args(arguments)
            .args(units)
            .output()
            .unwrap();
        let said = [ended.stdout, ended.stderr].concat();
        (
            ended.status.success(),
            String::from_utf8_lossy(&said).into_owned(),
        )
    };
    let (good, said) = analyze(&["verify", "--man=no"], &units);
    let of_ours = said
        .lines()
        .filter(|line| line.contains("/etc/systemd/beamlive"))
        .count();
    assert!(good && of_ours == 0, "{said}");
    for unit in [&units[0], &units[2]] {
        // 0 is best, 10 is worst; the threshold is in tenths.
        let arguments = ["security", "--offline=true", "--threshold=20", "--no-pager"];
        let (good, said) = analyze(&arguments, std::slice::from_ref(unit));
        assert!(good, "{said}");
    }
}

#[test]
fn in_a_terminal_it_asks_and_asks_again_when_an_answer_can_not_be_used() {
    let home = TempDir::new().unwrap();
    let binary = beamlive(home.path(), &[]).get_program().to_owned();
    let program = binary.to_str().unwrap();
    let command = format!("{program} init etc --data data --backups backups");
    // This gives the program a terminal.
    let mut asked = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .current_dir(home.path())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let answers = "Mars\nAmerica/Regina\n\n\nBM,ID\n\n\n";
    std::io::Write::write_all(asked.stdin.as_mut().unwrap(), answers.as_bytes()).unwrap();
    let ended = asked.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(ended.status.success(), "{said}");
    assert_eq!(said.matches("The facility's time zone").count(), 2, "{said}");
    let files = written(home.path());
    assert!(
        files[0].1.contains("timezone = \"America/Regina\""),
        "{}",
        files[0].1
    );
    assert!(
        files[0].1.contains("listen = \"127.0.0.1:8000\""),
        "{}",
        files[0].1
    );
    assert!(files[1].1.contains("acronym = \"ID\""), "{}", files[1].1);
}
