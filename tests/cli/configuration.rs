//! Settings in the file, the environment and flags: precedence and errors.

use super::{admin, done, failed, refused, repository, run, write};
use crate::support::process::{beamlive, ended, Served};
use crate::support::Reply;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// `beamlive serve` with a configuration file.
fn configured(directory: &Path, file: &str, more: &[&str]) -> Command {
    write(directory, "beamlive.toml", file);
    beamlive(
        directory,
        &[&["serve", "--config", "beamlive.toml"], more].concat(),
    )
}

#[actix_web::test]
async fn flags_override_the_environment_and_the_environment_overrides_the_file() {
    let place = TempDir::new().unwrap();
    let file = "listen = \"127.0.0.2:0\"\ndata = \"from-file\"\n";
    let host = |command: Command| Served::start(command).url.clone();
    let url = host(configured(place.path(), file, &[]));
    assert!(url.starts_with("http://127.0.0.2:"), "{url}");
    assert!(place.path().join("from-file/admin.token").is_file());
    let mut command = configured(place.path(), file, &[]);
    command
        .env("BEAMLIVE_LISTEN", "127.0.0.3:0")
        .env("BEAMLIVE_DATA", "from-environment");
    let url = host(command);
    assert!(url.starts_with("http://127.0.0.3:"), "{url}");
    assert!(place.path().join("from-environment/admin.token").is_file());
    let mut command = configured(
        place.path(),
        file,
        &["--listen", "127.0.0.4:0", "--data", "from-flag"],
    );
    command
        .env("BEAMLIVE_LISTEN", "127.0.0.3:0")
        .env("BEAMLIVE_DATA", "from-environment");
    let url = host(command);
    assert!(url.starts_with("http://127.0.0.4:"), "{url}");
    assert!(place.path().join("from-flag/admin.token").is_file());
}

#[actix_web::test]
async fn the_environment_can_name_the_file() {
    let place = TempDir::new().unwrap();
    write(place.path(), "b.toml", "listen = \"127.0.0.5:0\"\n");
    let mut command = beamlive(place.path(), &["serve"]);
    command.env("BEAMLIVE_CONFIG", "b.toml");
    let url = Served::start(command).url.clone();
    assert!(url.starts_with("http://127.0.0.5:"), "{url}");
}

#[actix_web::test]
async fn every_flag_has_an_environment_variable_and_a_key() {
    let place = TempDir::new().unwrap();
    let help = run(place.path(), &["serve", "--help"]).stdout;
    let flags = [
        ("listen", "127.0.0.1:0"),
        ("data", "d"),
        ("facility", "f.toml"),
        ("public-url", "http://x"),
        ("proxy-url", "http://127.0.0.1:9"),
        ("users-root", "/users"),
        ("trusted-proxy", "127.0.0.1/32"),
        ("timezone", "America/Regina"),
        ("schedule", "true"),
    ];
    write(place.path(), "f.toml", "");
    let mut by_environment = beamlive(place.path(), &["serve"]);
    let mut file = String::new();
    let mut arguments = vec!["serve".to_owned()];
    for (flag, value) in flags {
        let key = flag.replace('-', "_");
        let variable = format!("BEAMLIVE_{}", key.to_uppercase());
        assert!(
            help.contains(&format!("--{flag}")) && help.contains(&variable),
            "{flag}: {help}"
        );
        by_environment.env(variable, value);
        file += &match flag {
            "users-root" | "trusted-proxy" => format!("{key} = [\"{value}\"]\n"),
            "schedule" => format!("{key} = {value}\n"),
            _ => format!("{key} = \"{value}\"\n"),
        };
        arguments.extend([format!("--{flag}"), value.to_owned()]);
    }
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    for command in [
        by_environment,
        configured(place.path(), &file, &[]),
        beamlive(place.path(), &arguments),
    ] {
        let mut served = Served::start(command);
        assert_eq!(served.stop("TERM").code, Some(0));
    }
}

#[actix_web::test]
async fn groups_are_set_in_the_file_and_by_the_environment() {
    let place = TempDir::new().unwrap();
    let health = |served: &Served| {
        beamlive::proxy::install_crypto();
        Reply::of(reqwest::Client::new().get(format!("{}/health/live", served.url)))
    };
    let mut served = Served::start(configured(place.path(), "listen = \"127.0.0.1:0\"\n", &[]));
    assert_eq!(health(&served).await.status, 200);
    served.stop("TERM");
    let file =
        "listen = \"127.0.0.1:0\"\n[limits]\nfacility_bytes = 10\n[health]\nlisten = \"127.0.0.1:0\"\n";
    let mut command = configured(place.path(), file, &[]);
    command.env("BEAMLIVE_REGISTRATION__OPEN", "false");
    let mut served = Served::start(command);
    assert_eq!(health(&served).await.status, 404, "health has its own address");
    let long = repository("examples/facility.toml");
    assert!(failed(place.path(), &["apply", &long, "--url", &served.url]).contains("413"));
    write(place.path(), "f.toml", "");
    done(place.path(), &["apply", "f.toml", "--url", &served.url]);
    served.stop("TERM");
}

#[actix_web::test]
async fn mistakes_are_named_by_their_key() {
    let place = TempDir::new().unwrap();
    for (file, named) in [
        ("lisen = \"127.0.0.1:0\"\n", "lisen"),
        ("listen = \"nowhere\"\n", "listen"),
        ("timezone = \"Mars/Olympus\"\n", "timezone"),
        ("schedule = \"perhaps\"\n", "schedule"),
        ("public_url = \"live.example.org\"\n", "public_url"),
        ("proxy_url = \"proxy:9000\"\n", "proxy_url"),
        ("trusted_proxy = [\"10.0.0.0/33\"]\n", "trusted_proxy"),
        ("[limits]\nmailbox = 0\n", "limits.mailbox"),
        ("[limits]\nmailbx = 1\n", "mailbx"),
        ("[tokens]\nmax_age_seconds = -1\n", "max_age_seconds"),
        ("[registration]\nallow_from = [\"x\"]\n", "allow_from"),
        ("[log]\nformat = \"xml\"\n", "format"),
        ("[log]\nfilter = \"beamlive=loudly\"\n", "log.filter"),
        ("listen = [\n", "beamlive.toml"),
    ] {
        write(place.path(), "beamlive.toml", file);
        let arguments = ["serve", "--config", "beamlive.toml"];
        let refusal = run(place.path(), &arguments);
        assert_eq!(
            (refusal.code, refusal.stdout.as_str()),
            (Some(1), ""),
            "{file}: {}",
            refusal.stderr
        );
        assert!(
            refusal.stderr.contains(named),
            "{named} is not in {}",
            refusal.stderr
        );
    }
    let said = refused(place.path(), &["--config", "missing.toml"]);
    assert!(said.contains("missing.toml"), "{said}");
    for (variable, value) in [
        ("BEAMLIVE_LIMITS__MAILBOX", "many"),
        ("BEAMLIVE_LIMITS__MAILBX", "1"),
    ] {
        let mut command = beamlive(place.path(), &["serve", "--listen", "127.0.0.1:0"]);
        command.env(variable, value);
        let refused = ended(command);
        let said = refused.stderr.to_lowercase();
        assert_eq!(refused.code, Some(1), "{said}");
        assert!(said.contains("mailb"), "{variable}: {said}");
    }
    for (flag, value) in [
        ("--timezone", "Mars/Olympus"),
        ("--trusted-proxy", "10.0.0.0/33"),
        ("--schedule", "perhaps"),
        ("--listen", "nowhere"),
    ] {
        let refusal = run(place.path(), &["serve", flag, value]);
        assert_eq!(refusal.code, Some(2), "{}", refusal.stderr);
        assert!(
            refusal.stderr.contains(flag) && refusal.stderr.contains(value),
            "{}",
            refusal.stderr
        );
    }
}

#[actix_web::test]
async fn the_example_configuration_is_valid() {
    let place = TempDir::new().unwrap();
    let file = repository("examples/production.toml");
    let arguments = [
        "serve",
        "--config",
        &file,
        "--listen",
        "127.0.0.1:0",
        "--data",
        "d",
    ];
    let mut command = beamlive(place.path(), &arguments);
    command.env("BEAMLIVE_HEALTH__LISTEN", "127.0.0.1:0");
    let mut served = Served::start(command);
    assert_eq!(
        admin(&served, &place.path().join("d"), "sessions").await,
        serde_json::json!([])
    );
    assert_eq!(served.stop("TERM").code, Some(0));
}

#[actix_web::test]
async fn a_single_address_is_a_network_as_a_flag_and_in_the_file() {
    let place = TempDir::new().unwrap();
    let flag = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--trusted-proxy",
        "127.0.0.1",
        "--trusted-proxy",
        "10.0.0.0/8",
    ];
    Served::start(beamlive(place.path(), &flag)).stop("TERM");
    let file = "listen = \"127.0.0.1:0\"\ntrusted_proxy = [\"127.0.0.1\", \"10.0.0.0/8\"]\n";
    Served::start(configured(place.path(), file, &[])).stop("TERM");
}
