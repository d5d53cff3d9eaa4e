#![allow(clippy::unwrap_used)]
use super::*;
use serde_json::json;
use std::io::Write;

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[test]
fn flags_override_the_file() {
    let file = file("listen = \"127.0.0.1:1\"\ntimezone = \"America/Regina\"\n[limits]\nmailbox = 7\n");
    let settings = Settings::load(Some(file.path()), json!({"listen": "127.0.0.1:2"})).unwrap();
    assert_eq!(settings.listen.tcp().unwrap().port(), 2);
    assert_eq!(settings.timezone, chrono_tz::America::Regina);
    assert_eq!(settings.limits.mailbox, 7);
    assert_eq!(settings.limits.write_queue, Limits::default().write_queue);
}

#[test]
fn unknown_keys_are_named() {
    let file = file("lisen = \"127.0.0.1:1\"\n");
    let error = Settings::load(Some(file.path()), json!({}))
        .unwrap_err()
        .to_string();
    assert!(error.contains("lisen"), "{error}");
}

#[test]
fn urls_must_be_whole_and_lose_their_last_slash() {
    let settings = Settings::load(None, json!({"public_url": "https://live.example.org/"})).unwrap();
    assert_eq!(settings.public_url.as_deref(), Some("https://live.example.org"));
    let error = Settings::load(None, json!({"proxy_url": "proxy:9000"})).unwrap_err();
    assert!(error.to_string().contains("proxy_url"), "{error}");
}

#[test]
fn networks_are_read_as_access_lists_read_them() {
    let file =
        file("trusted_proxy = [\"10.0.0.1\"]\n[registration]\nallow_from = [\"::ffff:10.45.0.0/112\"]\n");
    let flags = json!({"proxy": {"allow_from": "10.1.0.0/16,10.2.0.3"}});
    let settings = Settings::load(Some(file.path()), flags).unwrap();
    let shown = |nets: &[IpNet]| nets.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(shown(&settings.trusted_proxy), ["10.0.0.1/32"]);
    assert_eq!(shown(&settings.registration.allow_from), ["10.45.0.0/16"]);
    assert_eq!(shown(&settings.proxy.allow_from), ["10.1.0.0/16", "10.2.0.3/32"]);
    let error = Settings::load(None, json!({"trusted_proxy": ["proxy"]})).unwrap_err();
    assert!(error.to_string().contains("proxy"), "{error}");
}

#[test]
fn no_error_repeats_the_secret() {
    let settings = Settings::load(None, json!({"proxy": {"secret": 12_345_678}})).unwrap();
    assert_eq!(settings.proxy.secret.as_deref(), Some("12345678"));
    let error = Settings::load(None, json!({"proxy": {"secret": ["hush-hush"]}})).unwrap_err();
    assert!(!error.to_string().contains("hush"), "{error}");
}

#[test]
fn no_limit_may_be_0() {
    let file = file("[limits]\nwrite_queue = 0\n");
    assert!(Settings::load(Some(file.path()), json!({})).is_err());
}

#[test]
fn a_service_listens_at_an_address_or_on_a_unix_socket() {
    for text in ["[::1]:443", "unix:/run/beamlive/beamlive.sock"] {
        let settings = Settings::load(None, json!({"listen": text})).unwrap();
        assert_eq!(settings.listen.to_string(), text);
    }
    for (text, advice) in [
        ("localhost", "127.0.0.1:8000"),
        ("unix:beamlive.sock", "unix:/run/beamlive/beamlive.sock"),
    ] {
        let error = Settings::load(None, json!({"listen": text}))
            .unwrap_err()
            .to_string();
        assert!(error.contains(text.trim_start_matches("unix:")), "{error}");
        assert!(error.contains(advice), "{error}");
    }
}

#[test]
fn tls_is_on_with_both_files_and_at_an_address_only() {
    let files = |tls: serde_json::Value, listen: &str| {
        let settings = Settings::load(None, json!({"tls": tls, "listen": listen})).unwrap();
        settings
            .tls
            .files(&settings.listen)
            .map_err(|error| error.to_string())
    };
    let address = "127.0.0.1:0";
    assert_eq!(files(json!({}), address), Ok(None));
    let both = json!({"certificate": "c", "key": "k", "client_ca": "a"});
    let found = files(both.clone(), address).unwrap().unwrap();
    assert_eq!(
        [found.certificate, found.key, found.client_ca.unwrap()],
        ["c", "k", "a"].map(PathBuf::from)
    );
    for (tls, listen, key) in [
        (json!({"certificate": "c"}), address, "tls.key"),
        (json!({"key": "k"}), address, "tls.certificate"),
        (json!({"client_ca": "a"}), address, "tls.certificate"),
        (both, "unix:/run/s", "front end"),
    ] {
        let error = files(tls, listen).unwrap_err();
        assert!(error.contains(key), "{error}");
    }
}
