#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use super::*;
use crate::facility::catalog::Catalog;
use crate::facility::place::Mistake;
use crate::facility::plan::{Counters, InUse, Plan, Situation};
use crate::facility::tests::{EXAMPLE, ONE as KEY};
use beamlive_storage::records::ContainerStatus;
use beamlive_storage::Timestamp;
use proptest::prelude::*;
use rstest::rstest;

mod mistakes;

impl Declaration {
    /// Reads a file that has no mistakes outside its entries.
    pub(crate) fn parse(text: &str, format: Format, zone: Tz) -> Result<Self, Vec<Mistake>> {
        let mut mistakes = Mistakes::new();
        match Self::read(text, format, zone, &mut mistakes) {
            Some(declaration) if mistakes.is_empty() => Ok(declaration),
            _ => Err(mistakes.into_list()),
        }
    }
}

/// The facility after a file is applied to `before`.
fn apply(before: &Catalog, text: &str, format: Format, zone: Tz) -> Result<Catalog, Vec<Mistake>> {
    let situation = Situation {
        prune: false,
        in_use: &InUse::default(),
        counters: &Counters::default(),
        now: Timestamp(0),
    };
    Plan::of_file(before, (text, format), zone, &situation).map(|plan| plan.catalog)
}

fn read(text: &str, format: Format) -> Result<Catalog, Vec<Mistake>> {
    apply(&Catalog::default(), text, format, chrono_tz::America::Regina)
}

/// A facility with project a, beamline B and container type P.
fn small() -> Catalog {
    let text = "[[project]]\nusername = 'a'\n[[beamline]]\nacronym = 'B'\n[[container_type]]\nname = 'P'\nlocations = ['1']";
    read(text, Format::Toml).unwrap()
}

/// The mistakes of a file for the small facility.
fn mistakes(text: &str, format: Format) -> Vec<(String, String)> {
    let list = apply(&small(), text, format, chrono_tz::America::Regina).err();
    let list = list.into_iter().flatten();
    list.map(|mistake| (mistake.place, mistake.message)).collect()
}

fn utc(text: &str) -> Timestamp {
    chrono::DateTime::parse_from_rfc3339(text)
        .unwrap()
        .to_utc()
        .into()
}

#[test]
fn reads_every_field_of_the_contract_from_toml_and_from_json() {
    let toml = format!(
        r#"
[[project]]
username = "staff"
[[container_type]]
name = "Dewar"
locations = ["1A"]
[[container]]
project = "staff"
name = "AM-BM"
type = "Dewar"
[[project]]
username = "alice"
name = "Alice's group"
key = "{KEY} alice@home"
ssh_keys = ["{KEY} alice@laptop"]
[[beamline]]
acronym = "BM"
name = "08B1-1"
active = false
[[data_type]]
acronym = "SAXS"
name = "Small-angle scattering"
[[container_type]]
name = "Uni-Puck"
locations = ["1", "2", "3"]
[[container]]
project = "alice"
name = "CLS-0042"
type = "Uni-Puck"
status = "on-site"
parent = {{ project = "staff", name = "AM-BM" }}
location = "1A"
[[automounter]]
beamline = "BM"
container = {{ project = "staff", name = "AM-BM" }}
[[group]]
project = "alice"
name = "native"
priority = -1
[[sample]]
project = "alice"
name = "lys-3"
container = "CLS-0042"
location = "3"
group = "native"
priority = 2
barcode = "B1"
comments = "one\ntwo"
[[access_list]]
name = "nx-bm"
address = "10.45.0.0/24"
users = ["alice"]
beamlines = ["BM"]
active = true
[[beamtime]]
project = "alice"
beamline = "BM"
start = 2026-11-23T08:00:00
end = 2026-11-23T16:00:00-06:00
remote = true
cancelled = false
"#
    );
    let from_toml = read(&toml, Format::Toml).unwrap();

    let (alice, project) = from_toml.project("alice").unwrap();
    assert_eq!(
        project.key.as_deref(),
        Some(KEY),
        "canonical, without its comment"
    );
    assert_eq!(project.ssh_keys, [format!("{KEY} alice@laptop")]);
    assert!(!from_toml.beamlines.get(1).unwrap().record.active);
    assert!(from_toml.automounters.get(1).unwrap().record.active);
    let (_, container) = from_toml
        .containers
        .find(&(alice, "CLS-0042".to_owned()))
        .unwrap();
    let container = &container.record;
    let staff = (from_toml.project("staff").unwrap().0, "AM-BM".to_owned());
    assert_eq!(container.parent.map(|id| id.0), from_toml.containers.id(&staff));
    assert_eq!(container.location.as_deref(), Some("1A"));
    assert_eq!(container.status, ContainerStatus::OnSite);
    assert_eq!(from_toml.groups.get(1).unwrap().record.priority, Some(-1));
    assert_eq!(from_toml.samples.get(1).unwrap().record.comments, "one\ntwo");
    let beamtime = &from_toml.beamtimes.get(1).unwrap().record;
    assert_eq!(beamtime.start, utc("2026-11-23T08:00:00-06:00"));
    assert_eq!(beamtime.end, utc("2026-11-23T16:00:00-06:00"));

    let tables: toml::Table = toml.parse().unwrap();
    let json = serde_json::to_string(&tables).unwrap();
    let json = json.replace(
        r#"{"$__toml_private_datetime":"2026-11-23T08:00:00"}"#,
        r#""2026-11-23T08:00:00""#,
    );
    let json = json.replace(
        r#"{"$__toml_private_datetime":"2026-11-23T16:00:00-06:00"}"#,
        r#""2026-11-23T16:00:00-06:00""#,
    );
    let from_json = read(&json, Format::Json).unwrap();
    macro_rules! same {
        ($($table:ident),*) => {$(
            let (here, there): (Vec<_>, Vec<_>) = (from_json.$table.iter().collect(), from_toml.$table.iter().collect());
            assert_eq!(here, there);
        )*};
    }
    same!(projects, beamlines, data_types, container_types, containers);
    same!(automounters, groups, samples, access_lists, beamtimes);
}

#[test]
fn names_every_mistake_at_once_in_the_order_of_the_lines() {
    let text = "
[[sample]]
name = 5
container = ''
[[project]]
username = 'a b'
key = 'ssh-ed25519 nonsense'
ssh_keys = ['x']
[[beamline]]
";
    let places: Vec<_> = mistakes(text, Format::Toml)
        .into_iter()
        .map(|(place, _)| place)
        .collect();
    assert_eq!(
        places,
        [
            "[[sample]] #1 (line 2), project",
            "[[sample]] #1 (line 2), name",
            "[[sample]] #1 (line 2), container",
            "[[sample]] #1 (line 2), location",
            "[[project]] #1 (line 5), username",
            "[[project]] #1 (line 5), key",
            "[[project]] #1 (line 5), ssh_keys[1]",
            "[[beamline]] #1 (line 9), acronym",
        ]
    );
}

#[test]
fn a_key_that_is_refused_is_not_repeated() {
    let secret = "-----BEGIN OPENSSH PRIVATE KEY----- c2VjcmV0";
    let text = format!("[[project]]\nusername = 'a'\nkey = '{secret}'\nssh_keys = ['{secret}']");
    let found = mistakes(&text, Format::Toml);
    assert_eq!(found.len(), 2);
    assert!(
        found.iter().all(|(_, message)| !message.contains("c2VjcmV0")),
        "{found:?}"
    );
}

#[rstest]
#[case("10.45.0.7", Ok("10.45.0.7"))]
#[case("10.45.0.7/32", Ok("10.45.0.7"))]
#[case("2001:DB8::/32", Ok("2001:db8::/32"))]
#[case("::ffff:10.45.0.0/120", Ok("10.45.0.0/24"))]
#[case("::1/128", Ok("::1"))]
#[case("10.45.0.0/33", Err(()))]
#[case("10.45.0", Err(()))]
#[case("", Err(()))]
fn writes_networks_in_one_way(#[case] given: &str, #[case] written: Result<&str, ()>) {
    assert_eq!(
        values::network(given).map_err(|_| ()).as_deref(),
        written.as_deref()
    );
}

#[rstest]
#[case::before_the_gap("2026-03-08T01:59:59", Ok("2026-03-08T07:59:59Z"))]
#[case::in_the_gap(
    "2026-03-08T02:30:00",
    Err("2026-03-08 02:30:00 does not exist in America/Winnipeg: the clocks skip it")
)]
#[case::after_the_gap("2026-03-08T03:00:00", Ok("2026-03-08T08:00:00Z"))]
#[case::twice("2026-11-01T01:30:00", Ok("2026-11-01T06:30:00Z"))]
#[case::offset_in_the_gap("2026-03-08T02:30:00-06:00", Ok("2026-03-08T08:30:00Z"))]
#[case::no_seconds("2026-07-01T08:00", Ok("2026-07-01T13:00:00Z"))]
#[case::no_seconds_with_offset("2026-07-01T08:00Z", Ok("2026-07-01T08:00:00Z"))]
fn reads_times_on_the_clocks_of_the_facility(#[case] given: &str, #[case] expected: Result<&str, &str>) {
    let zone = chrono_tz::America::Winnipeg;
    let end = "2027-01-01T00:00:00Z";
    let text = format!("[[beamtime]]\nproject = 'a'\nbeamline = 'B'\nstart = '{given}'\nend = '{end}'");
    let read = match apply(&small(), &text, Format::Toml, zone) {
        Err(mut mistakes) => Err(mistakes.remove(0).message),
        Ok(catalog) => Ok(catalog.beamtimes.get(1).unwrap().record.start),
    };
    assert_eq!(read, expected.map(utc).map_err(str::to_owned));
}

#[test]
fn lines_are_left_out_where_entries_have_no_headers_of_their_own() {
    let text = "sample = [{}, {}]\nnote = '''\n[[sample]]\n'''";
    let places: Vec<_> = mistakes(text, Format::Toml)
        .into_iter()
        .map(|(place, _)| place)
        .collect();
    assert!(places.contains(&"[[sample]] #2, name".to_owned()), "{places:?}");
}

#[test]
fn a_deep_file_is_a_mistake_and_not_a_crash() {
    let deep = "[".repeat(200_000);
    assert!(mistakes(&deep, Format::Json)[0].1.starts_with("is not JSON"));
    assert!(mistakes(&format!("a = {deep}"), Format::Toml)[0]
        .1
        .starts_with("is not TOML"));
}

proptest! {
    #[test]
    fn never_panics_on_noise(text in "(?s).{0,200}") {
        let _ = read(&text, Format::Toml);
        let _ = read(&text, Format::Json);
    }

    #[test]
    fn never_panics_on_a_damaged_file(at in 0..EXAMPLE.len(), length in 0..40_usize, noise in "(?s).{0,20}") {
        let mut bytes = EXAMPLE.as_bytes().to_vec();
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, noise.into_bytes());
        let _ = read(&String::from_utf8_lossy(&bytes), Format::Toml);
    }

    #[test]
    fn never_panics_on_values_of_any_kind(value in value(), section in 0..Section::ALL.len()) {
        let text = serde_json::json!({ Section::ALL[section].name(): [value] }).to_string();
        let _ = read(&text, Format::Json);
    }
}

/// Tables with the names of real fields and values of any kind.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z0-9:./ -]{0,12}".prop_map(Value::from),
        Just(Value::from("2026-11-23T08:00:00")),
        Just(Value::from("10.0.0.0/8")),
    ];
    let fields = [
        "username",
        "name",
        "key",
        "ssh_keys",
        "acronym",
        "active",
        "locations",
        "project",
        "type",
        "status",
        "parent",
        "location",
        "beamline",
        "container",
        "priority",
        "group",
        "address",
        "users",
        "beamlines",
        "start",
        "end",
    ];
    leaf.prop_recursive(3, 40, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(proptest::sample::select(fields.to_vec()), inner, 0..8).prop_map(
                |map| Value::Object(
                    map.into_iter()
                        .map(|(name, value)| (name.to_owned(), value))
                        .collect()
                )
            ),
        ]
    })
}

#[test]
fn key_lines_with_windows_line_ends_are_read() {
    let text = format!(
        "\u{feff}[[project]]\r\nusername = 'a'\r\nkey = \"{KEY}\\r\\n\"\r\nssh_keys = [\"{KEY} a\\r\\n\", \"{KEY} b\\n\"]\r\n"
    );
    let catalog = read(&text, Format::Toml).unwrap();
    let (_, project) = catalog.project("a").unwrap();
    assert_eq!(project.key.as_deref(), Some(KEY));
    assert_eq!(project.ssh_keys, [format!("{KEY} a"), format!("{KEY} b")]);
    let two = format!("[[project]]\nusername = 'a'\nssh_keys = [\"{KEY}\\r\\n{KEY}\"]");
    assert!(read(&two, Format::Toml).is_err(), "one line is one key");
}
