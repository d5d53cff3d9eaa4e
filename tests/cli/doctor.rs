//! `beamlive doctor` finds the faults that the test has made.

mod faults;

use super::write;
use crate::support::process::{run, Ended};
use crate::support::Certificates;
use faults::FAULTS;
use rcgen::{date_time_ymd, CertificateParams, KeyPair};
use serde_json::Value;
use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

const BASE: [&str; 6] = [
    "--listen",
    "127.0.0.1:0",
    "--data",
    "data",
    "--users-root",
    "users",
];

/// A place where a service would work, with its certificates.
struct Place {
    home: TempDir,
    certificates: Certificates,
    /// Listeners that must stay open during the check.
    kept: Vec<TcpListener>,
}

impl Place {
    fn new() -> Self {
        let home = TempDir::new().unwrap();
        fs::create_dir(home.path().join("users")).unwrap();
        fs::create_dir(home.path().join("data")).unwrap();
        let place = Self {
            home,
            certificates: Certificates::new(),
            kept: Vec::new(),
        };
        place.chmod("data", 0o700);
        place
    }

    fn path(&self) -> &Path {
        self.home.path()
    }

    fn chmod(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path().join(name), Permissions::from_mode(mode)).unwrap();
    }

    /// A file that only its owner can read.
    fn write(&self, name: &str, text: &str) {
        write(self.path(), name, text);
        self.chmod(name, 0o600);
    }

    fn config(&self, text: &str) -> Vec<String> {
        self.write("config.toml", text);
        strings(&["--config", "config.toml"])
    }

    /// TLS with these files, and more settings.
    fn tls(&self, certificate: &str, key: &str, more: &str) -> Vec<String> {
        let path = |name: &str| match name.contains('/') {
            true => name.to_owned(),
            false => self.certificates.text(name),
        };
        self.config(&format!(
            "{more}\n[tls]\ncertificate = {:?}\nkey = {:?}\n",
            path(certificate),
            path(key)
        ))
    }

    /// A certificate of the service that ends at the beginning of a year, signed by itself.
    fn certificate_until(&self, year: i32) -> [String; 2] {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["live.example.org".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(year, 1, 1);
        let certificate = params.self_signed(&key).unwrap();
        self.write("own.pem", &certificate.pem());
        self.write("own.key", &key.serialize_pem());
        ["./own.pem", "./own.key"].map(str::to_owned)
    }

    fn doctor(&self, arguments: &[String]) -> Ended {
        let arguments = with_base(arguments);
        run(
            self.path(),
            &[&["doctor", "--format", "json"], &arguments[..]].concat(),
        )
    }
}

/// The arguments, and those of [`BASE`] whose flag is not among them.
fn with_base(arguments: &[String]) -> Vec<&str> {
    let given = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let base = BASE.chunks(2).filter(|pair| !given(pair[0])).flatten().copied();
    base.chain(arguments.iter().map(String::as_str)).collect()
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn findings(ended: &Ended) -> Vec<Value> {
    let parsed: Value = serde_json::from_str(&ended.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", ended.stdout, ended.stderr));
    parsed["findings"].as_array().unwrap().clone()
}

#[test]
fn every_planted_fault_is_found_and_what_to_do_is_said() {
    assert!(FAULTS.len() >= 20);
    for (number, (plant, level, check, words)) in FAULTS.iter().enumerate() {
        let mut place = Place::new();
        let arguments = plant(&mut place);
        let ended = place.doctor(&arguments);
        let found = findings(&ended);
        let finding = found.iter().find(|finding| {
            finding["check"] == *check
                && finding["level"] == *level
                && finding["says"].as_str().unwrap().contains(words)
        });
        let finding = finding.unwrap_or_else(|| panic!("{number}: no {level} {check} {words:?}: {found:#?}"));
        assert!(
            finding["advice"].as_str().is_some_and(|advice| advice.len() > 5),
            "{finding}"
        );
        let code = i32::from(found.iter().any(|finding| finding["level"] == "fault"));
        assert_eq!(ended.code, Some(code), "{number}: {}", ended.stderr);
        if *level == "fault" {
            assert_eq!(code, 1);
        }
    }
}

/// What depends on the machine of the test, and not on what is planted.
const MACHINE: [&str; 4] = ["user", "file system", "durability", "disk space"];

#[test]
fn nothing_is_found_where_a_service_works_before_its_start_and_while_it_runs() {
    let place = Place::new();
    place.write("facility.toml", "[[beamline]]\nacronym = \"BM\"\nname = \"BM\"\n");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let mut arguments = place.tls("service.pem", "service.key", "public_url = \"https://localhost\"");
    let key = place.certificates.path("service.key");
    fs::set_permissions(key, Permissions::from_mode(0o600)).unwrap();
    arguments.extend(strings(&["--facility", "facility.toml", "--listen", &address]));
    let examine = || {
        let ended = place.doctor(&arguments);
        assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
        for finding in findings(&ended) {
            let of_the_machine = MACHINE.iter().any(|check| finding["check"] == *check);
            assert!(finding["level"] == "good" || of_the_machine, "{finding}");
        }
        ended.stdout
    };
    assert!(examine().contains("will be made at the first start"));
    let words = with_base(&arguments);
    let serve = crate::support::process::beamlive(place.path(), &[&["serve"], &words[..]].concat());
    let mut served = crate::support::process::Served::start(serve);
    let said = examine();
    assert!(
        said.contains("a service uses it") && said.contains("the service has"),
        "{said}"
    );
    served.stop("TERM");
    assert!(examine().contains("this version can read it"));
}

#[test]
fn findings_are_readable_for_people() {
    let place = Place::new();
    let arguments = [&["doctor"], &BASE[..], &["--facility", "gone.toml"]].concat();
    let ended = run(place.path(), &arguments);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stdout.contains("FAULT    facility file: gone.toml"),
        "{}",
        ended.stdout
    );
    assert!(
        ended.stdout.contains("-> correct these places"),
        "{}",
        ended.stdout
    );
    assert!(ended.stderr.contains("there is 1 fault"), "{}", ended.stderr);
}
