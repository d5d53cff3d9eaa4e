//! The commands that talk to a service speak https, and so does forwarding to a Data Proxy.

use crate::support::process::{beamlive, run, Served};
use crate::support::Certificates;
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A command of the binary with TLS in `place`.
fn serve(place: &TempDir, certificates: &Certificates, arguments: &[&str]) -> Served {
    let (certificate, key) = (certificates.text("service.pem"), certificates.text("service.key"));
    let tls = [
        "--listen",
        "127.0.0.1:0",
        "--tls-certificate",
        &certificate,
        "--tls-key",
        &key,
    ];
    Served::start(beamlive(place.path(), &[arguments, &tls].concat()))
}

fn repository(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(path)
        .to_str()
        .unwrap()
        .to_owned()
}

/// Runs a command, which must succeed.
fn done(place: &TempDir, arguments: &[&str]) -> String {
    let ended = run(place.path(), arguments);
    assert_eq!(
        ended.code,
        Some(0),
        "{arguments:?}: {}{}",
        ended.stdout,
        ended.stderr
    );
    ended.stdout
}

#[test]
fn every_command_speaks_https_and_trusts_the_authority_that_is_named() {
    let (certificates, place) = (Certificates::new(), TempDir::new().unwrap());
    let served = serve(&place, &certificates, &["serve"]);
    let (url, ca) = (served.url.as_str(), certificates.text("ca.pem"));
    let https = ["--url", url, "--ca-file", ca.as_str()];
    let done = |arguments: &[&str]| done(&place, &[arguments, &https].concat());
    let facility = repository("examples/facility.toml");
    done(&["check", &facility]);
    assert!(done(&["apply", &facility]).contains("created"));
    let client = |action: &[&str]| {
        let arguments = [&["client"][..], &https, action].concat();
        self::done(&place, &arguments)
    };
    client(&["register"]);
    let launched: Value = serde_json::from_str(&client(&["launch", "day"])).unwrap();
    assert!(
        launched["survey"].as_str().unwrap().starts_with("https://"),
        "{launched}"
    );
    client(&["data", &repository("examples/dataset.json")]);
    assert!(done(&["backup", "store.backup"]).contains("rows"));
    assert!(done(&["samples", "export", "--project", "alice"]).contains(','));

    // Without the authority, nobody is trusted, and the message says what to do.
    for arguments in [
        &["apply", facility.as_str(), "--url", url][..],
        &["client", "--url", url, "samples"],
    ] {
        let ended = run(place.path(), arguments);
        assert_eq!(ended.code, Some(1), "{arguments:?}");
        assert!(
            ended.stderr.contains("--ca-file"),
            "{arguments:?}: {}",
            ended.stderr
        );
    }
    // The same with another authority, and with a file that is not a certificate.
    let others = Certificates::new();
    let others = others.text("ca.pem");
    for (file, words) in [
        (others.as_str(), "--ca-file"),
        (facility.as_str(), "has no certificate"),
    ] {
        let ended = run(
            place.path(),
            &["apply", &facility, "--url", url, "--ca-file", file],
        );
        assert_eq!(ended.code, Some(1));
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
}

#[test]
fn a_load_over_https_finds_everything_that_was_acknowledged() {
    let (certificates, place) = (Certificates::new(), TempDir::new().unwrap());
    let served = serve(&place, &certificates, &["serve"]);
    let ca = certificates.text("ca.pem");
    let load = |more: &[&str]| {
        let arguments = [
            "load",
            "--url",
            &served.url,
            "--beamlines",
            "2",
            "--samples",
            "10",
            "--duration",
            "2s",
        ];
        run(
            place.path(),
            &[&arguments[..], &["--rate", "20/s", "--seed", "1"], more].concat(),
        )
    };
    let ended = load(&["--ca-file", &ca, "--json", "results.json"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let ended = load(&[]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("--ca-file"), "{}", ended.stderr);
}

#[test]
fn a_command_shows_its_own_certificate() {
    let (certificates, place) = (Certificates::new(), TempDir::new().unwrap());
    let ca = certificates.text("ca.pem");
    let served = serve(&place, &certificates, &["serve", "--tls-client-ca", &ca]);
    let facility = repository("examples/facility.toml");
    let apply = ["apply", &facility, "--url", &served.url, "--ca-file", &ca];
    let ended = run(place.path(), &apply);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("--client-certificate"), "{}", ended.stderr);
    let both = place.path().join("both.pem");
    let read = |name| std::fs::read(certificates.path(name)).unwrap();
    std::fs::write(&both, [read("client.pem"), read("client.key")].concat()).unwrap();
    done(
        &place,
        &[&apply[..], &["--client-certificate", "both.pem"]].concat(),
    );
}

#[test]
fn directories_are_forwarded_to_a_data_proxy_over_https() {
    let (certificates, place, far) = (
        Certificates::new(),
        TempDir::new().unwrap(),
        TempDir::new().unwrap(),
    );
    std::fs::create_dir_all(far.path().join("users")).unwrap();
    let proxy = serve(&far, &certificates, &["proxy", "--users-root", "users"]);
    let url = format!("{}/download", proxy.url);
    let facility = repository("examples/facility.toml");
    let service = |config: &str| {
        std::fs::write(place.path().join("config.toml"), config).unwrap();
        let arguments = [
            "serve",
            "--config",
            "config.toml",
            "--proxy-url",
            &url,
            "--facility",
            &facility,
        ];
        serve(&place, &certificates, &arguments)
    };
    let ca = certificates.text("ca.pem");
    let mut served = service("");
    let client = |url: &str, action: &[&str]| {
        done(
            &place,
            &[&["client", "--url", url, "--ca-file", &ca], action].concat(),
        )
    };
    client(&served.url, &["register"]);
    client(&served.url, &["launch", "day"]);
    let dataset = std::fs::read_to_string(repository("examples/dataset.json")).unwrap();
    let mut dataset: Value = serde_json::from_str(&dataset).unwrap();
    let directory = far.path().join("users/alice");
    std::fs::create_dir(&directory).unwrap();
    dataset["directory"] = directory.to_str().unwrap().into();
    std::fs::write(place.path().join("dataset.json"), dataset.to_string()).unwrap();
    client(&served.url, &["data", "dataset.json"]);
    // No authority of Mozilla's list has signed the certificate.
    served.until("UnknownIssuer");
    served.stop("TERM");
    let served = service(&format!("[proxy]\nca_file = {ca:?}\n"));
    let begin = Instant::now();
    loop {
        let said = metrics(&served.url, &ca, "beamlive_outbox_delivered_total");
        if said != "0" {
            break;
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "{said}");
        std::thread::park_timeout(Duration::from_millis(100));
    }
}

#[test]
fn copies_of_a_rehearsal_go_over_https() {
    let (certificates, place) = (Certificates::new(), TempDir::new().unwrap());
    let served = serve(&place, &certificates, &["serve"]);
    let real = Served::start(beamlive(
        place.path(),
        &["serve", "--listen", "127.0.0.1:0", "--data", "real"],
    ));
    let shadow = |trust: &[&str]| {
        let arguments = ["shadow", "--listen", "127.0.0.1:0", "--upstream", &real.url];
        let more = ["--service", &served.url, "--every", "50ms"];
        Served::start(beamlive(place.path(), &[&arguments[..], &more, trust].concat()))
    };
    let ca = certificates.text("ca.pem");
    for (trust, line) in [
        (
            &["--ca-file", ca.as_str()][..],
            "1 requests, 1 copied, 0 dropped: 1 same",
        ),
        (&[], "1 requests, 0 copied, 1 dropped"),
    ] {
        let shadow = shadow(trust);
        let asked = std::process::Command::new("curl")
            .args(["-sSf", &format!("{}/api/v2/accesslist/", shadow.url)])
            .output()
            .unwrap();
        assert!(asked.status.success(), "{asked:?}");
        shadow.until(line);
    }
}

/// The value of a metric.
fn metrics(url: &str, ca: &str, name: &str) -> String {
    let ended = std::process::Command::new("curl")
        .args(["-sS", "--cacert", ca, &format!("{url}/metrics")])
        .output()
        .unwrap();
    let text = String::from_utf8(ended.stdout).unwrap();
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.unwrap_or_else(|| panic!("no {name} in {text}")).to_owned()
}
