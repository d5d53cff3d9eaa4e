//! The values of fields that an entry leaves out.

use super::*;
use crate::facility::tests::ONE;

#[test]
fn fills_in_fields_that_are_left_out() {
    let text = r#"{
        "project": [{"username": "alice", "name": null}],
        "beamline": [{"acronym": "BM"}],
        "data_type": [{"acronym": "SAXS"}],
        "container_type": [{"name": "T", "locations": ["1"]}],
        "container": [{"project": "alice", "name": "C", "type": "T"}],
        "automounter": [{"beamline": "BM", "container": {"project": "alice", "name": "C"}}],
        "sample": [{"project": "alice", "name": "s", "container": "C", "location": "1"}],
        "access_list": [{"name": "l", "address": "::ffff:10.1.2.3"}],
        "beamtime": [{"project": "alice", "beamline": "BM", "start": "2026-11-23 08:00", "end": "2026-11-23T15:00:00.5Z"}]
    }"#;
    let declaration = Declaration::parse(text, Format::Json, chrono_tz::America::Regina).unwrap();
    let situation = Situation {
        prune: false,
        in_use: &InUse::default(),
        counters: &Counters::default(),
        now: NOW,
    };
    let catalog = Plan::make(&Catalog::default(), &declaration, &situation)
        .unwrap()
        .catalog;
    let project = &catalog.projects.get(1).unwrap().record;
    assert_eq!(
        (project.name.as_str(), &project.key, &project.ssh_keys),
        ("alice", &None, &Vec::new())
    );
    let beamline = &catalog.beamlines.get(1).unwrap().record;
    assert_eq!((beamline.name.as_str(), beamline.active), ("BM", true));
    let data_type = &catalog.data_types.get(1).unwrap().record;
    assert_eq!(
        (data_type.name.as_str(), &data_type.aliases),
        ("SAXS", &Vec::new())
    );
    let container = &catalog.containers.get(1).unwrap().record;
    assert_eq!(
        (container.status, container.parent, &container.location),
        (ContainerStatus::Draft, None, &None)
    );
    assert!(catalog.automounters.get(1).unwrap().record.active);
    let sample = &catalog.samples.get(1).unwrap().record;
    assert_eq!((sample.barcode.as_str(), sample.comments.as_str()), ("", ""));
    assert_eq!((&sample.group, sample.priority), (&None, None));
    let list = &catalog.access_lists.get(1).unwrap().record;
    assert_eq!((list.address.as_str(), list.active), ("10.1.2.3", true));
    assert!(list.users.is_empty() && list.beamlines.is_empty());
    let beamtime = &catalog.beamtimes.get(1).unwrap().record;
    assert_eq!((beamtime.remote, beamtime.cancelled), (false, false));
    let start = chrono::DateTime::parse_from_rfc3339("2026-11-23T14:00:00Z").unwrap();
    assert_eq!(beamtime.start, start.to_utc().into());
}

#[test]
fn keeps_registered_keys_and_login_keys_that_the_file_leaves_out() {
    let keyless = base();
    let set = plan(
        &keyless,
        &format!("[[project]]\nusername = 'a'\nkey = '{ONE} a@b'\nssh_keys = ['{ONE}']"),
        false,
    )
    .unwrap();
    let expected = KeyChange {
        project: ProjectId(1),
        line: ONE.to_owned(),
        replaced: false,
    };
    assert_eq!(set.keys, [expected]);
    assert_eq!(set.changes, ["update project a: key, ssh_keys"]);
    assert!(set.catalog.signing_key(ProjectId(1)).is_some());
    assert!(keyless.signing_key(ProjectId(1)).is_none());

    let absent = plan(&set.catalog, BASE, false).unwrap();
    assert!(absent.batch.is_empty() && absent.keys.is_empty());
    let emptied = plan(&set.catalog, "[[project]]\nusername = 'a'\nssh_keys = []", false).unwrap();
    let project = &emptied.catalog.projects.get(1).unwrap().record;
    assert_eq!((project.key.as_deref(), project.ssh_keys.len()), (Some(ONE), 0));
}
