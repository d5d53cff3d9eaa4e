//! Settings that can't be used: the service says why, and does not start.

use crate::support::process::run;
use rstest::rstest;
use std::fs;
use tempfile::TempDir;

const ISSUER: &str = "issuer = \"https://login.example.org\"";

#[rstest]
#[case("client_id = \"beamlive\"", "the other settings of [oidc] need oidc.issuer")]
#[case("ISSUER", "oidc.issuer needs oidc.client_id")]
#[case(
    "ISSUER\nclient_id = \"beamlive\"",
    "oidc.issuer needs public_url or oidc.redirect_url"
)]
#[case("ISSUER\nCLIENT\nclient_secret_file = \"missing\"", "can't read missing")]
#[case(
    "ISSUER\nCLIENT\nclient_secret_file = \"empty\"",
    "oidc.client_secret_file is empty"
)]
#[case("ISSUER\nCLIENT\nca_file = \"missing\"", "can't read missing")]
#[case("ISSUER\nCLIENT\nca_file = \"empty\"", "oidc.ca_file: holds no certificate")]
#[case("issuer = \"login.example.org\"", "is no whole URL")]
fn settings_that_cant_be_used_are_named(#[case] settings: &str, #[case] words: &str) {
    let place = TempDir::new().unwrap();
    fs::write(place.path().join("empty"), "\n").unwrap();
    let client = "client_id = \"beamlive\"\nredirect_url = \"https://live.example.org/callback\"";
    let settings = settings.replace("ISSUER", ISSUER).replace("CLIENT", client);
    fs::write(
        place.path().join("beamlive.toml"),
        format!("[oidc]\n{settings}\n"),
    )
    .unwrap();
    let ended = run(
        place.path(),
        &["serve", "--config", "beamlive.toml", "--listen", "127.0.0.1:0"],
    );
    assert_ne!(ended.code, Some(0));
    assert!(ended.stderr.contains(words), "{}", ended.stderr);
}
