//! `GET` and `POST /api/admin/projects/{username}/samples`

use crate::support::{Reply, Site};
use reqwest::Method;
use rstest::rstest;
use rust_xlsxwriter::{Formula, Workbook};
use serde_json::{json, Value};
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::ZipWriter;

const CSV: &str = "text/csv";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const HEADINGS: &str = "Container,Container type,Location,Name,Barcode,Group,Priority,Comments\n";

async fn import_as(site: &Site, project: &str, query: &str, kind: &str, sheet: impl Into<Vec<u8>>) -> Reply {
    let path = format!("/api/admin/projects/{project}/samples{query}");
    let request = site.request(Method::POST, &path);
    Reply::of(
        request
            .bearer_auth(site.admin_token())
            .header("content-type", kind)
            .body(sheet.into()),
    )
    .await
}

async fn import(site: &Site, sheet: impl Into<Vec<u8>>) -> Reply {
    import_as(site, "alice", "", CSV, sheet).await
}

async fn export(site: &Site, kind: &str) -> Vec<u8> {
    let request = site.request(Method::GET, "/api/admin/projects/alice/samples");
    let reply = Reply::of(request.bearer_auth(site.admin_token()).header("accept", kind)).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(reply.header("content-type").unwrap().starts_with(kind));
    reply.body.to_vec()
}

/// A workbook with these cells.
fn workbook(rows: &[&[&str]]) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, cells) in (0..).zip(rows) {
        for (column, text) in (0..).zip(*cells) {
            match (text.strip_prefix('='), text.parse::<f64>()) {
                (Some(_), _) => sheet.write_formula(row, column, Formula::new(*text).set_result("computed")),
                (None, Ok(number)) => sheet.write_number(row, column, number),
                (None, Err(_)) => sheet.write_string(row, column, *text),
            }
            .unwrap();
        }
    }
    workbook.save_to_buffer().unwrap()
}

fn counts(created: usize, updated: usize, unchanged: usize) -> Value {
    json!({"created": created, "updated": updated, "unchanged": unchanged})
}

#[actix_web::test]
async fn a_sheet_creates_containers_groups_and_samples_once() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let sheet = format!(
        "{HEADINGS}NEW-1,Uni-Puck,1,thau-1,B1,thaumatin,3,first\nNEW-1,,2,thau-2,,thaumatin,,\n\
         CLS-0042,,5,lys-5,,native,1,\n"
    );
    let reply = import(&site, sheet.clone()).await;
    assert_eq!((reply.status, reply.json()), (200, counts(5, 0, 0)));
    let listed = alice.samples("BM").await.json();
    let row = |name: &str| {
        let rows = listed.as_array().unwrap();
        rows.iter().find(|row| row["name"] == name).unwrap().clone()
    };
    let first = row("thau-1");
    assert_eq!(
        [
            &first["container"],
            &first["container_type"],
            &first["group"],
            &first["barcode"],
            &first["comments"]
        ],
        ["NEW-1", "Uni-Puck", "thaumatin", "B1", "first"]
    );
    assert_eq!(first["port"], "", "a new container is in no other");
    assert_eq!(
        row("lys-5")["port"],
        "1A5",
        "a container that exists stays where it is"
    );
    let (written, again) = (site.written(), import(&site, sheet).await);
    assert_eq!(again.json(), counts(0, 0, 3));
    assert_eq!(site.written(), written, "nothing is written");
    let activity = site.admin("activity").await;
    let entry = activity
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["action"] == "apply");
    assert!(entry.unwrap()["note"].as_str().unwrap().starts_with("5 created"));
}

#[actix_web::test]
async fn a_workbook_is_read_with_its_numbers_and_computed_values() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let sheet = workbook(&[
        &["Sample Name", "PUCK", "Port", "priority", "Notes"],
        &["lys-7", "CLS-0042", "7", "-2", "=A1"],
    ]);
    let reply = import_as(&site, "alice", "", XLSX, sheet).await;
    assert_eq!((reply.status, reply.json()), (200, counts(1, 0, 0)));
    let listed = alice.samples("BM").await.json();
    let row = listed
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["name"] == "lys-7")
        .unwrap()
        .clone();
    assert_eq!([&row["location"], &row["comments"]], ["7", "computed"]);
    let exported = String::from_utf8(export(&site, CSV).await).unwrap();
    assert!(
        exported.contains("CLS-0042,Uni-Puck,7,lys-7,,,-2,computed\n"),
        "{exported}"
    );
}

#[actix_web::test]
async fn a_dry_run_lists_every_change_and_makes_none() {
    let site = Site::new().await;
    let written = site.written();
    let sheet = format!("{HEADINGS}NEW-1,Uni-Puck,1,thau-1,,thaumatin,,\nCLS-0042,,3,renamed,,,,\n");
    let reply = import_as(&site, "alice", "?dry_run=true", CSV, sheet).await;
    let json = reply.json();
    assert_eq!(
        (reply.status, &json["created"], &json["updated"]),
        (200, &json!(3), &json!(1))
    );
    let changes = json["changes"].to_string();
    for change in [
        "create container alice/NEW-1",
        "create group alice/thaumatin",
        "update sample alice/CLS-0042/3: name",
    ] {
        assert!(changes.contains(change), "{changes}");
    }
    assert_eq!(site.written(), written);
}

#[actix_web::test]
async fn a_column_that_is_absent_changes_nothing_and_an_empty_cell_clears() {
    let site = Site::new().await;
    import(&site, format!("{HEADINGS}CLS-0042,,5,lys-5,B5,native,4,note\n")).await;
    let reply = import(&site, "container,location,name\nCLS-0042,5,renamed\n").await;
    assert_eq!(reply.json(), counts(0, 1, 0));
    let text = String::from_utf8(export(&site, CSV).await).unwrap();
    assert!(
        text.contains("CLS-0042,Uni-Puck,5,renamed,B5,native,4,note\n"),
        "{text}"
    );
    import(
        &site,
        "container,location,name,barcode,group,priority\nCLS-0042,5,renamed,,,\n",
    )
    .await;
    let text = String::from_utf8(export(&site, CSV).await).unwrap();
    assert!(text.contains("CLS-0042,Uni-Puck,5,renamed,,,,note\n"), "{text}");
}

#[rstest]
#[case::no_container(",Uni-Puck,1,a,,,,", &["A2"])]
#[case::no_type("NEW,,1,a,,,,", &["B2"])]
#[case::unknown_type("NEW,Cane,1,a,,,,", &["B2"])]
#[case::another_type("CLS-0042,Dewar,5,a,,,,", &["B2"])]
#[case::two_types("NEW,Dewar,1,a,,,,\nNEW,Uni-Puck,2,b,,,,", &["B3"])]
#[case::no_location("CLS-0042,,,a,,,,", &["C2"])]
#[case::no_such_location("CLS-0042,,99,a,,,,", &["C2"])]
#[case::no_name("CLS-0042,,5,,,,,", &["D2"])]
#[case::a_long_barcode("CLS-0042,,5,a,{long},,,", &["E2"])]
#[case::a_long_group("CLS-0042,,5,a,,{long},,", &["F2"])]
#[case::no_number("CLS-0042,,5,a,,,high,", &["G2"])]
#[case::a_control_character("CLS-0042,,5,a,,,,\u{1}", &["H2"])]
#[case::twice("CLS-0042,,5,a,,,,\n\nCLS-0042,,5,b,,,,", &["C4"])]
#[case::several("CLS-0042,,99,a,,,high,\n,,1,b,,,,\nNEW,,1,c,,,,", &["A3", "B4", "C2", "G2"])]
#[actix_web::test]
async fn every_mistake_is_named_with_its_cell(#[case] rows: &str, #[case] cells: &[&str]) {
    let site = Site::new().await;
    let written = site.written();
    let rows = rows.replace("{long}", &"x".repeat(300));
    let reply = import(&site, format!("{HEADINGS}{rows}\n")).await;
    assert_eq!(
        (reply.status, reply.fields()),
        (400, cells.iter().map(|cell| (*cell).to_owned()).collect()),
        "{}",
        reply.text()
    );
    assert_eq!(site.written(), written, "nothing was changed");
}

#[rstest]
#[case(CSV)]
#[case(XLSX)]
#[actix_web::test]
async fn importing_an_export_changes_nothing(#[case] kind: &str) {
    let site = Site::new().await;
    let odd = "[[group]]\nproject = \"alice\"\nname = \" =odd, group\"\n\
        [[container]]\nproject = \"alice\"\nname = \"-P \\\"1\\\"\"\ntype = \"Uni-Puck\"\nstatus = \"returned\"\n\
        [[sample]]\nproject = \"alice\"\nname = \" '=cmd() \"\ncontainer = \"-P \\\"1\\\"\"\nlocation = \"2\"\n\
        barcode = \"00012345678901234567890\"\ngroup = \" =odd, group\"\npriority = -7\n\
        comments = \"\\n@two\\r\\nlines; \\t\"\n";
    site.apply(odd).await;
    let written = site.written();
    let sheet = export(&site, kind).await;
    let reply = import_as(&site, "alice", "", kind, sheet.clone()).await;
    assert_eq!((reply.status, reply.json()), (200, counts(0, 0, 3)));
    assert_eq!(
        (site.written(), export(&site, kind).await.len()),
        (written, sheet.len())
    );
}

#[actix_web::test]
async fn other_projects_media_types_and_parameters_are_refused() {
    let site = Site::new().await;
    let good = format!("{HEADINGS}CLS-0042,,5,a,,,,\n");
    assert_eq!(
        import_as(&site, "nobody", "", CSV, good.clone()).await.status,
        404
    );
    assert_eq!(site.admin_reply("projects/nobody/samples").await.status, 404);
    let other = import_as(&site, "alice", "", "application/json", good.clone()).await;
    assert_eq!(
        (other.status, other.fields()),
        (400, vec!["Content-Type".to_owned()])
    );
    let typo = import_as(&site, "alice", "?dryrun=true", CSV, good.clone()).await;
    assert_eq!((typo.status, typo.fields()), (400, vec!["dryrun".to_owned()]));
    let of_bob = import_as(&site, "bob", "", CSV, good.clone()).await;
    assert_eq!(
        (of_bob.status, of_bob.fields()),
        (400, vec!["B2".to_owned()]),
        "bob has no such container"
    );
    let path = "/api/admin/projects/alice/samples";
    let anonymous = site
        .request(Method::POST, path)
        .header("content-type", CSV)
        .body(good);
    assert_eq!(Reply::of(anonymous).await.status, 401);
    assert_eq!(Reply::of(site.request(Method::GET, path)).await.status, 401);
}

/// A zip file of parts with these contents.
fn zip(parts: &[(&str, &[u8], usize)]) -> Vec<u8> {
    let mut file = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text, times) in parts {
        file.start_file(*name, SimpleFileOptions::default()).unwrap();
        for _ in 0..*times {
            file.write_all(text).unwrap();
        }
    }
    file.finish().unwrap().into_inner()
}

/// A workbook as programs write it that compute nothing: `B2` is a formula without a value.
fn formula_without_value() -> Vec<u8> {
    let relation = |target: &str, kind: &str| {
        format!(
            r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" Target="{target}"/></Relationships>"#
        )
    };
    let book = r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>"#;
    let sheet = r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="2"><c r="B2"><f>A1</f></c></row></sheetData></worksheet>"#;
    zip(&[
        (
            "_rels/.rels",
            relation("xl/workbook.xml", "officeDocument").as_bytes(),
            1,
        ),
        ("xl/workbook.xml", book.as_bytes(), 1),
        (
            "xl/_rels/workbook.xml.rels",
            relation("worksheets/sheet1.xml", "worksheet").as_bytes(),
            1,
        ),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes(), 1),
    ])
}

#[actix_web::test]
async fn hostile_workbooks_are_refused() {
    let site = Site::new().await;
    let bomb = zip(&[("xl/workbook.xml", &[b' '; 1 << 20], 80)]);
    assert!(bomb.len() < 1 << 20, "{}", bomb.len());
    let parts: Vec<_> = (0..1001).map(|number| format!("part-{number}")).collect();
    let parts: Vec<_> = parts.iter().map(|name| (name.as_str(), &b"x"[..], 1)).collect();
    let mut far = Workbook::new();
    far.add_worksheet()
        .write_string(1_048_575, 16_383, "far")
        .unwrap();
    let mut tall = Workbook::new();
    let sheet = tall.add_worksheet();
    for row in 0..20_002 {
        sheet.write_string(row, 0, "x").unwrap();
    }
    for (what, bytes, expected) in [
        ("random bytes", vec![0x7f; 5000], "workbook"),
        ("nothing", Vec::new(), "workbook"),
        ("a bomb", bomb, "unpacks to more than"),
        ("many parts", zip(&parts), "parts"),
        ("a zip that is no workbook", zip(&[("a", b"b", 1)]), "workbook"),
        (
            "a formula without a value",
            formula_without_value(),
            r#""B2":"is a formula"#,
        ),
        ("the last cell", far.save_to_buffer().unwrap(), "columns"),
        ("many rows", tall.save_to_buffer().unwrap(), "20000 rows"),
    ] {
        let reply = import_as(&site, "alice", "", XLSX, bytes).await;
        assert_eq!(reply.status, 400, "{what}: {}", reply.text());
        assert!(reply.text().contains(expected), "{what}: {}", reply.text());
    }
    let long = import(&site, vec![b'x'; 16 * 1024 * 1024 + 1]).await;
    assert_eq!(long.status, 413);
    let good = import(&site, format!("{HEADINGS}CLS-0042,,5,a,,,,\n")).await;
    assert_eq!(good.status, 200);
}
