//! `beamlive export mxlive`, and the way back with `beamlive import mxlive`.

use super::{done, failed, serve};
use crate::support::{assert_clean, busy_site, until_free};
use beamlive_storage::Store;
use compare::{assert_same, contents};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

#[path = "../../src/mxlive/tests/suite/compare.rs"]
mod compare;

/// Exports a data directory: what was said, the dump, that of the Data Proxy.
fn export(home: &Path, data: &str, name: &str) -> (String, String, String) {
    let (dump, proxy) = (format!("{name}.json"), format!("{name}-proxy.json"));
    let said = done(
        home,
        &["export", "mxlive", &dump, "--proxy-dump", &proxy, "--data", data],
    );
    let read = |file: &str| std::fs::read_to_string(home.join(file)).unwrap();
    (said, read(&dump), read(&proxy))
}

async fn all(data: &Path) -> Vec<String> {
    until_free(data).await;
    let store = Store::open_to_read(&data.join("store"), 8 * 1024 * 1024).unwrap();
    contents(&store)
}

#[actix_web::test]
async fn a_store_that_a_service_made_comes_back() {
    let site = busy_site().await;
    assert_clean(site.data()).await;
    let home = site.data().parent().unwrap();
    let (said, dump, proxy) = export(home, "data", "first");
    let mode = std::fs::metadata(home.join("first.json"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(
        said.contains("lims.data ") && said.contains("survey keys"),
        "{said}"
    );
    let imported = done(
        home,
        &[
            "import",
            "mxlive",
            "first.json",
            "--proxy-dump",
            "first-proxy.json",
            "--data",
            "second",
        ],
    );
    assert!(!imported.contains("that beamlive does not have"), "{imported}");
    assert_clean(&home.join("second")).await;
    assert!(done(home, &["verify", "--data", "second"]).contains("clean: "));
    assert_same(&all(site.data()).await, &all(&home.join("second")).await);
    let import = [
        "import",
        "mxlive",
        "first.json",
        "--proxy-dump",
        "first-proxy.json",
        "--data",
        "second",
    ];
    done(home, &import);
    assert_same(&all(site.data()).await, &all(&home.join("second")).await);
    let again = export(home, "second", "second");
    assert_eq!((again.1, again.2), (dump.clone(), proxy));
    let output = done(home, &["export", "mxlive", "--data", "second"]);
    assert_eq!(output, dump);
    let said = failed(home, &["export", "mxlive", "first.json", "--data", "second"]);
    assert!(said.contains("--force"), "{said}");
    done(
        home,
        &["export", "mxlive", "first.json", "--data", "second", "--force"],
    );
}

#[test]
fn a_store_in_use_is_not_exported() {
    let home = TempDir::new().unwrap();
    let said = failed(
        home.path(),
        &["export", "mxlive", "dump.json", "--data", "nothing"],
    );
    assert!(said.contains("there is no store in nothing/store"), "{said}");
    let served = serve(home.path(), &["--data", "data"]);
    let said = failed(home.path(), &["export", "mxlive", "dump.json", "--data", "data"]);
    assert!(said.contains("stop the service first"), "{said}");
    assert!(!home.path().join("dump.json").exists());
    drop(served);
}
