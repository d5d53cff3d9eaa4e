//! Connections by TLS: only to a server whose certificate is signed by whom the settings trust.

use crate::cluster::Postgres;
use crate::support::{cluster, settings, write, NOW};
use beamlive_storage::{EngineKind, OpenError, PostgresSettings, Store, StoreConfig};
use std::fs;
use std::os::unix::fs::{chown, MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// Makes `name.key` and `name.crt` in `home`, signed by `ca` or by itself.
fn certificate(home: &Path, name: &str, subject: &str, ca: Option<&str>) {
    let run = |arguments: &[&str]| {
        let output = Command::new("openssl")
            .args(arguments)
            .current_dir(home)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    let (key, request, made) = (
        format!("{name}.key"),
        format!("{name}.csr"),
        format!("{name}.crt"),
    );
    let new = [
        "req",
        "-nodes",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
    ];
    let Some(ca) = ca else {
        let more = [
            "-x509", "-days", "2", "-keyout", &key, "-out", &made, "-subj", subject,
        ];
        return run(&[new.as_slice(), &more].concat());
    };
    let more = ["-keyout", &key, "-out", &request, "-subj", subject];
    run(&[new.as_slice(), &more].concat());
    fs::write(home.join("names"), "subjectAltName=DNS:localhost\n").unwrap();
    let (ca_key, ca_made) = (format!("{ca}.key"), format!("{ca}.crt"));
    run(&[
        "x509",
        "-req",
        "-days",
        "2",
        "-in",
        &request,
        "-CA",
        &ca_made,
        "-CAkey",
        &ca_key,
        "-CAcreateserial",
        "-extfile",
        "names",
        "-out",
        &made,
    ]);
}

/// Lets the server speak TLS with the certificate `server`.
fn speak_tls(cluster: &mut Postgres, home: &Path) {
    let data = cluster.socket_directory().join("data");
    let owner = fs::metadata(&data).unwrap();
    for file in ["server.key", "server.crt"] {
        let to = data.join(file);
        fs::copy(home.join(file), &to).unwrap();
        fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).unwrap();
        chown(&to, Some(owner.uid()), Some(owner.gid())).unwrap();
    }
    let configuration = data.join("postgresql.conf");
    let before = fs::read_to_string(&configuration).unwrap();
    fs::write(&configuration, format!("{before}\nssl = on\n")).unwrap();
    fs::write(
        data.join("pg_hba.conf"),
        "local all all trust\nhostssl all all all trust\n",
    )
    .unwrap();
    cluster.restart();
}

fn open(settings: PostgresSettings) -> Result<Store, OpenError> {
    let config = StoreConfig {
        engine: EngineKind::Postgres,
        postgres: Some(settings),
        ..StoreConfig::default()
    };
    Store::open(&config, NOW)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_trusted_server_is_used() {
    let Some(mut cluster) = cluster() else { return };
    let home = TempDir::new().unwrap();
    certificate(home.path(), "ca", "/CN=facility", None);
    certificate(home.path(), "other", "/CN=other", None);
    certificate(home.path(), "server", "/CN=localhost", Some("ca"));
    let url = cluster.database();
    speak_tls(&mut cluster, home.path());
    let with = |host: &str, ca: &str| PostgresSettings {
        ca_file: Some(home.path().join(ca)),
        ..settings(
            &(url.replace("127.0.0.1", host) + "?sslmode=require"),
            Duration::from_millis(300),
        )
    };
    let store = open(with("localhost", "ca.crt")).unwrap();
    assert_eq!(write(store, 1, 5).await, 5);
    for (host, ca) in [("localhost", "other.crt"), ("127.0.0.1", "ca.crt")] {
        let refused = open(with(host, ca)).map(drop).unwrap_err();
        let OpenError::Unreachable { reason, .. } = &refused else {
            panic!("{refused:?}");
        };
        assert!(reason.contains("certificate"), "{reason}");
    }
    let plain = open(settings(
        &(url.clone() + "?sslmode=disable"),
        Duration::from_millis(300),
    ));
    assert!(plain.map(drop).unwrap_err().to_string().contains("pg_hba.conf"));
}
