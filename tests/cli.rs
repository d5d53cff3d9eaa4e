//! The commands of the binary: `serve`, `apply`, `check`, `client`, `passwd`, `samples`, `load`,
//! `backup`, `restore`, `verify`, `import`, `export`.

mod backup;
mod client;
mod configuration;
mod doctor;
mod export;
mod facility;
mod import;
mod init;
mod load;
mod manual;
mod restore;
mod samples;
mod serve;
mod status;
mod verify;

use crate::support::process::{beamlive, run, Ended, Served};
use crate::support::Reply;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The path of a file in this repository.
fn repository(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(path)
        .to_str()
        .unwrap()
        .to_owned()
}

/// Writes a file into a test's directory.
fn write(directory: &Path, name: &str, text: &str) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// `beamlive serve` in `directory`, on a free port.
fn serve(directory: &Path, more: &[&str]) -> Served {
    Served::start(beamlive(
        directory,
        &[&["serve", "--listen", "127.0.0.1:0"], more].concat(),
    ))
}

/// Runs `beamlive serve`, which must fail, and returns its standard error. Its standard output must
/// be empty.
fn refused(directory: &Path, more: &[&str]) -> String {
    let ended = run(directory, &[&["serve", "--listen", "127.0.0.1:0"], more].concat());
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(1), ""),
        "{}",
        ended.stderr
    );
    ended.stderr
}

/// Runs a command, which must succeed, and returns its standard output.
fn done(directory: &Path, arguments: &[&str]) -> String {
    let Ended { code, stdout, stderr } = run(directory, arguments);
    assert_eq!(code, Some(0), "{arguments:?}: {stdout}{stderr}");
    stdout
}

/// Runs a command, which must fail with exit code 1, and returns its standard error.
fn failed(directory: &Path, arguments: &[&str]) -> String {
    let Ended { code, stdout, stderr } = run(directory, arguments);
    assert_eq!(code, Some(1), "{arguments:?}: {stdout}{stderr}");
    assert!(stderr.starts_with("beamlive: "), "{stderr}");
    stderr
}

/// GET from the admin API of a process.
async fn admin(served: &Served, data: &Path, path: &str) -> Value {
    beamlive::proxy::install_crypto();
    let token = std::fs::read_to_string(data.join("admin.token")).unwrap();
    let request = reqwest::Client::new()
        .get(format!("{}/api/admin/{path}", served.url))
        .bearer_auth(token.trim());
    let reply = Reply::of(request).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()
}
