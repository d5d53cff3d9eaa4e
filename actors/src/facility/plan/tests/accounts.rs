//! Persons, passwords, ids of an earlier server, and how containers are drawn.

use super::*;
use beamlive_storage::ids::{Account, PersonId, ProjectId};
use beamlive_storage::records::{Layout, Role, Staff};
use rstest::rstest;

const ANNA: &str = "
[[person]]
username = 'anna'
name = 'Anna Berg'
email = 'anna@example.org'
staff = 'operator'
member_of = [{ project = 'a', role = 'leader' }, { project = 'b' }]
";

/// Hashes of the form that the rule takes.
const FIRST: &str = "pbkdf2_sha256$600000$c2FsdHNhbHQ$tL6XSnB4zTKxqIYqEzyBDNQjUWpP0ZNYxrTyVbBSkVk=";
const SECOND: &str = "pbkdf2_sha256$600000$c2FsdHNhbHR0$tL6XSnB4zTKxqIYqEzyBDNQjUWpP0ZNYxrTyVbBSkVk=";

#[test]
fn a_person_is_a_member_of_projects() {
    let plan = plan(&base(), ANNA, false).unwrap();
    let (id, entry) = plan.catalog.persons.find("anna").unwrap();
    let person = &entry.record;
    // Projects have the ids 1 and 2, and persons share them.
    assert_eq!(id, 3);
    assert_eq!((person.active, person.staff), (true, Some(Staff::Operator)));
    let members: Vec<_> = person
        .member_of
        .iter()
        .map(|member| (member.project, member.role))
        .collect();
    assert_eq!(
        members,
        [(ProjectId(1), Role::Leader), (ProjectId(2), Role::Member)]
    );
    assert_eq!(plan.catalog.account("anna"), Some(Account::Person(PersonId(3))));
    let again = super::plan(&plan.catalog, ANNA, false).unwrap();
    assert!(again.batch.is_empty(), "{:?}", again.changes);
    let next = super::plan(&plan.catalog, "[[project]]\nusername = 'c'", false).unwrap();
    assert_eq!(next.catalog.projects.id("c"), Some(4));
}

#[test]
fn a_person_can_be_on_an_access_list_that_comes_with_them() {
    let list = "[[access_list]]\nname = 'm'\naddress = '::1'\nusers = ['anna', 'b']";
    let catalog = plan(&base(), &format!("{list}\n{ANNA}"), false).unwrap().catalog;
    let users = &catalog.access_lists.find("m").unwrap().1.record.users;
    assert_eq!(*users, [Account::from(ProjectId(2)), Account::from(PersonId(3))]);
}

#[test]
fn a_person_that_connections_refer_to_is_kept_without_rights() {
    let catalog = plan(&base(), ANNA, false).unwrap().catalog;
    let in_use = InUse([(Section::Person, 3)].into());
    let options = Options {
        prune: true,
        in_use: &in_use,
        now: LATER,
    };
    let pruned = plan_with(&catalog, BASE, &options).unwrap();
    let anna = &pruned.catalog.persons.find("anna").unwrap().1.record;
    assert_eq!((anna.active, anna.staff, anna.member_of.len()), (false, None, 0));
    let gone = plan(&catalog, BASE, true).unwrap();
    assert!(gone.catalog.persons.is_empty());
}

#[test]
fn a_hash_is_taken_over_once() {
    let file = |hash| format!("[[project]]\nusername = 'a'\npassword_hash = '{hash}'");
    let mut catalog = plan(&base(), &file(FIRST), false).unwrap().catalog;
    let (id, entry) = catalog.projects.find("a").unwrap();
    assert_eq!(entry.record.sign_in.hash.as_deref(), Some(FIRST));
    let mut changed = entry.clone();
    changed.record.sign_in.hash = Some(SECOND.to_owned());
    catalog.projects.put(id, changed);
    let again = plan(&catalog, &file(FIRST), false).unwrap();
    assert!(again.batch.is_empty(), "{:?}", again.changes);
    let new = plan(&catalog, &file(SECOND), false).unwrap();
    assert_eq!(new.changes, ["update project a: password_hash"]);
    let without = plan(&catalog, "[[project]]\nusername = 'a'", false).unwrap();
    assert!(without.batch.is_empty());
}

#[test]
fn entries_keep_the_ids_of_an_earlier_server() {
    let text = "
[[project]]
username = 'old'
id = 70
[[person]]
username = 'anna'
id = 9
[[sample]]
project = 'a'
name = 't'
container = 'P'
location = '2'
id = 5000
[[sample]]
project = 'a'
name = 'u'
container = 'P'
location = '3'
";
    let first = plan(&base(), text, false).unwrap();
    assert_eq!(first.catalog.projects.id("old"), Some(70));
    assert_eq!(first.catalog.persons.id("anna"), Some(9));
    assert_eq!(ids(&first.catalog.samples), [1, 5000, 5001]);
    let again = plan(&first.catalog, text, false).unwrap();
    assert!(again.batch.is_empty(), "{:?}", again.changes);
    let next = plan(&first.catalog, "[[person]]\nusername = 'new'", false).unwrap();
    assert_eq!(next.catalog.persons.id("new"), Some(71));
}

#[test]
fn a_new_id_is_never_one_that_a_later_entry_asks_for() {
    let none = Catalog::default();
    let text = "
[[project]]
username = 'first'
[[project]]
username = 'second'
id = 1
[[person]]
username = 'anna'
id = 2
";
    let planned = plan(&none, text, false).unwrap().catalog;
    assert_eq!(planned.projects.id("second"), Some(1));
    assert_eq!(planned.persons.id("anna"), Some(2));
    assert_eq!(planned.projects.id("first"), Some(3));
}

#[test]
fn entries_of_every_section_keep_their_ids() {
    let text = "
[[beamline]]
acronym = 'Z'
id = 12
[[data_type]]
acronym = 'NEW'
id = 13
[[container_type]]
name = 'Rack'
locations = ['1']
id = 14
[[container]]
project = 'a'
name = 'inner'
type = 'Puck'
parent = { project = 'a', name = 'outer' }
location = '1'
id = 16
[[container]]
project = 'a'
name = 'outer'
type = 'Rack'
id = 15
[[automounter]]
beamline = 'Z'
container = { project = 'a', name = 'outer' }
id = 17
[[group]]
project = 'b'
name = 'h'
id = 18
[[access_list]]
name = 'other'
address = '10.0.0.1'
id = 19
[[beamtime]]
project = 'b'
beamline = 'Z'
start = '2026-01-01 08:00'
end = '2026-01-01 16:00'
id = 20
";
    let first = plan(&base(), text, false).unwrap();
    let catalog = &first.catalog;
    assert_eq!(catalog.beamlines.id("Z"), Some(12));
    assert_eq!(catalog.data_types.id("NEW"), Some(13));
    assert_eq!(catalog.container_types.id("Rack"), Some(14));
    assert_eq!(ids(&catalog.containers), [1, 2, 3, 4, 15, 16]);
    let inner = catalog.containers.get(16).unwrap();
    assert_eq!(inner.record.parent.unwrap().0, 15);
    assert!(catalog.automounters.get(17).is_some() && catalog.groups.get(18).is_some());
    assert!(catalog.access_lists.get(19).is_some() && catalog.beamtimes.get(20).is_some());
    let again = plan(catalog, text, false).unwrap();
    assert!(again.batch.is_empty(), "{:?}", again.changes);
}

#[test]
fn locations_have_coordinates() {
    let text = "
[[container_type]]
name = 'Round'
layout = 'circle'
radius = 9
locations = [{ name = '1', x = 0.36, y = 3.1 }, { name = '2', x = 0.8, y = 0 }]
";
    let catalog = plan(&base(), text, false).unwrap().catalog;
    let round = &catalog.container_types.find("Round").unwrap().1.record;
    assert_eq!(round.locations, ["1", "2"]);
    let drawing = round.drawing.as_ref().unwrap();
    assert_eq!(drawing.layout, Layout::Circle);
    assert_eq!(drawing.places, [(0.36, 3.1), (0.8, 0.0)]);
    assert_eq!((drawing.height, drawing.radius), (1.0, 9.0));
}

#[rstest]
#[case::same_name(
    "[[person]]\nusername = 'a'",
    "[[person]] #1 (line 1), username",
    "\"a\" is a project and a person: one needs another name"
)]
#[case::no_project(
    "[[person]]\nusername = 'p'\nmember_of = [{ project = 'z' }]",
    "[[person]] #1 (line 1), member_of[1].project",
    "there is no project \"z\""
)]
#[case::twice(
    "[[person]]\nusername = 'p'\nmember_of = [{ project = 'a' }, { project = 'a' }]",
    "[[person]] #1 (line 1), member_of",
    "names a project twice"
)]
#[case::role(
    "[[person]]\nusername = 'p'\nmember_of = [{ project = 'a', role = 'boss' }]",
    "[[person]] #1 (line 1), member_of[1].role",
    "must be member or leader"
)]
#[case::staff(
    "[[person]]\nusername = 'p'\nstaff = 'root'",
    "[[person]] #1 (line 1), staff",
    "must be viewer or operator"
)]
#[case::email(
    "[[person]]\nusername = 'p'\nemail = 'anna'",
    "[[person]] #1 (line 1), email",
    "must be an address such as anna@example.org, not \"anna\""
)]
#[case::other_id(
    "[[project]]\nusername = 'a'\nid = 7",
    "[[project]] #1 (line 1), id",
    "has the id 1 already, and ids never change"
)]
#[case::taken_id(
    "[[project]]\nusername = 'c'\nid = 2",
    "[[project]] #1 (line 1), id",
    "2 is the id of project b"
)]
#[case::other_id_of_a_container(
    "[[container]]\nproject = 'a'\nname = 'P'\ntype = 'Puck'\nid = 9",
    "[[container]] #1 (line 1), id",
    "has the id 4 already, and ids never change"
)]
#[case::taken_id_of_a_container(
    "[[container]]\nproject = 'a'\nname = 'N'\ntype = 'Puck'\nid = 4",
    "[[container]] #1 (line 1), id",
    "4 is the id of container a/P"
)]
#[case::id_of_two_containers(
    "[[container]]\nproject = 'a'\nname = 'N'\ntype = 'Puck'\nid = 5\n[[container]]\nproject = 'a'\nname = 'M'\ntype = 'Puck'\nid = 5",
    "[[container]] #2 (line 6), id",
    "5 is the id of container a/N"
)]
#[case::bad_id(
    "[[project]]\nusername = 'c'\nid = 0",
    "[[project]] #1 (line 1), id",
    "must be a whole number from 1 to 9007199254740992, not 0"
)]
#[case::no_layout(
    "[[container_type]]\nname = 'R'\nlocations = [{ name = '1', x = 0, y = 0 }]",
    "[[container_type]] #1 (line 1), layout",
    "is missing: say whether x and y are of a circle or a rect"
)]
#[case::no_coordinate(
    "[[container_type]]\nname = 'R'\nlayout = 'rect'\nlocations = [{ name = '1', x = nan }]",
    "[[container_type]] #1 (line 1), locations[1].x",
    "must be a number, not \"NaN\""
)]
#[case::same_location("[[container_type]]\nname = 'R'\nlayout = 'rect'\nlocations = [{ name = '1', x = 0, y = 0 }, { name = '1', x = 1, y = 0 }]", "[[container_type]] #1 (line 1), locations", "two of them have the name \"1\"")]
#[case::energy(
    "[[beamline]]\nacronym = 'X'\nenergy = [18, 4]",
    "[[beamline]] #1 (line 1), energy",
    "must be the lowest and the highest energy in keV, both above 0"
)]
fn mistakes(#[case] text: &str, #[case] place: &str, #[case] message: &str) {
    let mistakes = plan(&base(), text, false).unwrap_err();
    assert_eq!(mistakes[0].place, place, "{mistakes:?}");
    assert_eq!(mistakes[0].message, message);
}
