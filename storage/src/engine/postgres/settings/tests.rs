#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use std::io::Write;
use tokio_postgres::config::SslMode;

fn settings(url: &str) -> PostgresSettings {
    PostgresSettings {
        url: url.to_owned(),
        password: None,
        ca_file: None,
        hold: Duration::from_secs(60),
        node: "one".to_owned(),
    }
}

#[test]
fn each_host_is_a_configuration_of_its_own() {
    let url = "postgres://beamlive:secret@db1:5433,db2:5434/facility?sslmode=require&connect_timeout=7";
    let target = settings(url).target().unwrap();
    assert_eq!(target.name, "beamlive@db1,db2/facility");
    let [first, second] = target.hosts.as_slice() else {
        panic!("{} hosts", target.hosts.len());
    };
    assert_eq!(first.get_hosts(), [Host::Tcp("db1".to_owned())]);
    assert_eq!(second.get_hosts(), [Host::Tcp("db2".to_owned())]);
    assert_eq!(
        (first.get_ports(), second.get_ports()),
        (&[5433][..], &[5434][..])
    );
    for host in [first, second] {
        assert_eq!(host.get_password(), Some(b"secret".as_slice()));
        assert_eq!(host.get_dbname(), Some("facility"));
        assert_eq!(host.get_ssl_mode(), SslMode::Require);
        assert_eq!(host.get_connect_timeout(), Some(&Duration::from_secs(7)));
        assert_eq!(host.get_application_name(), Some("beamlive one"));
    }
}

#[test]
fn the_password_of_the_file_counts_and_nothing_shows_it() {
    let settings = PostgresSettings {
        password: Some("from-file".to_owned()),
        ..settings("postgres://beamlive:in-url@db/facility")
    };
    let target = settings.target().unwrap();
    assert_eq!(target.hosts[0].get_password(), Some(b"from-file".as_slice()));
    let shown = format!("{settings:?}{}", settings.name());
    assert!(
        !shown.contains("from-file") && !shown.contains("in-url"),
        "{shown}"
    );
}

#[test]
fn what_is_wrong_is_said() {
    let message = |url: &str| settings(url).check().unwrap_err().to_string();
    assert!(message("").contains("store.url is missing"));
    assert!(message("postgres://beamlive@/facility").contains("no host"));
    assert!(
        message("postgres://a:1,b:2/x?port=1,2,3").contains("ports"),
        "{}",
        message("postgres://a:1,b:2/x?port=1,2,3")
    );
    assert!(message("mysql://db").contains("can't be read"));
}

#[test]
fn certificates_come_from_the_file() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let with = |path: &Path| PostgresSettings {
        ca_file: Some(path.to_owned()),
        ..settings("postgres://db/facility")
    };
    let message = |path: &Path| with(path).check().unwrap_err().to_string();
    assert!(message(file.path()).contains("it holds none"));
    writeln!(
        file,
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"
    )
    .unwrap();
    assert!(message(file.path()).contains("can't read the certificates"));
    assert!(message(Path::new("/nowhere")).contains("/nowhere"));
}
