//! `beamlive samples import`, `export` and `template`.

use super::{done, failed, repository, serve, write};
use tempfile::TempDir;

#[actix_web::test]
async fn samples_are_imported_and_exported_through_a_running_service() {
    let place = TempDir::new().unwrap();
    let mut served = serve(
        place.path(),
        &["--facility", &repository("examples/facility.toml")],
    );
    let example = repository("examples/samples.csv");
    let run = |command: &[&str]| {
        let service = ["--project", "alice", "--url", served.url.as_str()];
        done(place.path(), &[&["samples"], command, &service[..]].concat())
    };
    let foreseen = run(&["import", &example, "--dry-run"]);
    assert!(
        foreseen.contains("create container alice/CLS-0107\n"),
        "{foreseen}"
    );
    let imported = run(&["import", &example]);
    assert!(imported.contains(" created, "), "{imported}");
    assert!(foreseen.ends_with(&imported), "{foreseen}{imported}");
    for name in ["all.xlsx", "all.csv"] {
        assert_eq!(run(&["export", name]), "");
        let again = run(&["import", name]);
        assert!(again.starts_with("0 created, 0 updated, "), "{name}: {again}");
    }
    let printed = run(&["export"]);
    assert_eq!(
        printed,
        std::fs::read_to_string(place.path().join("all.csv")).unwrap()
    );
    let service = ["--project", "alice", "--url", served.url.as_str()];
    let kept = failed(
        place.path(),
        &[&["samples", "export", "all.csv"], &service[..]].concat(),
    );
    assert!(kept.contains("can't write all.csv"), "{kept}");
    write(place.path(), "bad.csv", "container,location,name\nNOWHERE,1,a\n");
    let said = failed(
        place.path(),
        &[&["samples", "import", "bad.csv"], &service[..]].concat(),
    );
    assert!(said.contains("row 2: the container type must be given"), "{said}");
    let unnamed = failed(
        place.path(),
        &[&["samples", "import", "bad.ods"], &service[..]].concat(),
    );
    assert!(unnamed.contains("*.xlsx or *.csv"), "{unnamed}");
    served.stop("TERM");
}

#[test]
fn a_template_has_the_headings() {
    let place = TempDir::new().unwrap();
    let headings = "Container,Container type,Location,Name,Barcode,Group,Priority,Comments\n";
    assert_eq!(done(place.path(), &["samples", "template"]), headings);
    done(place.path(), &["samples", "template", "t.csv"]);
    assert_eq!(
        std::fs::read_to_string(place.path().join("t.csv")).unwrap(),
        headings
    );
    done(place.path(), &["samples", "template", "t.xlsx"]);
    assert!(std::fs::read(place.path().join("t.xlsx"))
        .unwrap()
        .starts_with(b"PK"));
}
