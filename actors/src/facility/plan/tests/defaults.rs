//! What an entry leaves out.

use super::*;

#[test]
fn fills_in_what_is_left_out() {
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
