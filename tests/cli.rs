//! The binary itself: `serve`, `apply`, `check`, `client`, `backup`, `restore`, `verify`.
//! The binary itself: `serve`, `apply`, `check`, `client`, `load`.

mod backup;
mod client;
mod configuration;
mod facility;
mod load;
mod restore;
mod serve;
mod verify;

use crate::support::process::{beamlive, run, Ended, Served};
use crate::support::Reply;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A file of this repository.
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

/// `beamlive serve` that must not start: it says why on standard error and nothing on standard output.
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

/// A command that succeeds; what it printed.
fn done(directory: &Path, arguments: &[&str]) -> String {
    let Ended { code, stdout, stderr } = run(directory, arguments);
    assert_eq!(code, Some(0), "{arguments:?}: {stdout}{stderr}");
    stdout
}

/// A command that fails with exit code 1; what it said on standard error.
fn failed(directory: &Path, arguments: &[&str]) -> String {
    let Ended { code, stdout, stderr } = run(directory, arguments);
    assert_eq!(code, Some(1), "{arguments:?}: {stdout}{stderr}");
    assert!(stderr.starts_with("beamlive: "), "{stderr}");
    stderr
}

/// GET from a process' admin API.
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
