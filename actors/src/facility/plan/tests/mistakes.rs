//! Mistakes in a file that concern the whole facility.

use super::*;
use rstest::rstest;

#[rstest]
#[case::project_twice(
    "[[project]]\nusername = 'c'\n[[project]]\nusername = 'c'",
    "[[project]] #2 (line 3)",
    "names the same project as [[project]] #1 (line 1)"
)]
#[case::sample_twice(
    "[[sample]]\nproject = 'a'\nname = 's'\ncontainer = 'P'\nlocation = '2'\n[[sample]]\nproject = 'a'\nname = 't'\ncontainer = 'P'\nlocation = '2'",
    "[[sample]] #2 (line 6)",
    "names the same sample as [[sample]] #1 (line 1)"
)]
#[case::no_project(
    "[[group]]\nproject = 'z'\nname = 'g'",
    "[[group]] #1 (line 1), project",
    "there is no project \"z\""
)]
#[case::no_beamline(
    "[[automounter]]\nbeamline = 'Z'\ncontainer = { project = 'a', name = 'DY' }",
    "[[automounter]] #1 (line 1), beamline",
    "there is no beamline \"Z\""
)]
#[case::no_container(
    "[[automounter]]\nbeamline = 'Y'\ncontainer = { project = 'b', name = 'DY' }",
    "[[automounter]] #1 (line 1), container",
    "there is no container \"b/DY\""
)]
#[case::no_parent(
    "[[container]]\nproject = 'a'\nname = 'P'\ntype = 'Puck'\nparent = { project = 'a', name = 'Q' }\nlocation = 'A'",
    "[[container]] #1 (line 1), parent",
    "there is no container \"a/Q\""
)]
#[case::no_type(
    "[[container]]\nproject = 'a'\nname = 'Q'\ntype = 'Cane'",
    "[[container]] #1 (line 1), type",
    "there is no container type \"Cane\""
)]
#[case::no_group(
    "[[sample]]\nproject = 'a'\nname = 's'\ncontainer = 'P'\nlocation = '2'\ngroup = 'h'",
    "[[sample]] #1 (line 1), group",
    "there is no group \"a/h\""
)]
#[case::no_user(
    "[[access_list]]\nname = 'm'\naddress = '::1'\nusers = ['a', 'z']",
    "[[access_list]] #1 (line 1), users",
    "there is no project \"z\""
)]
#[case::no_location(
    "[[container]]\nproject = 'a'\nname = 'P'\ntype = 'Puck'\nparent = { project = 'a', name = 'AD' }\nlocation = 'C'",
    "[[container]] #1 (line 1), location",
    "a/P in container a/AD is at \"C\": container type \"Adaptor\" has no such location"
)]
#[case::location_taken(
    "[[container]]\nproject = 'a'\nname = 'Q'\ntype = 'Puck'\nparent = { project = 'a', name = 'AD' }\nlocation = 'A'",
    "[[container]] #1 (line 1), location",
    "\"A\" of container a/AD is taken by a/P"
)]
#[case::location_lost(
    "[[container_type]]\nname = 'Adaptor'\nlocations = ['B']",
    "[[container_type]] #1 (line 1), locations",
    "a/P in container a/AD is at \"A\": container type \"Adaptor\" has no such location"
)]
#[case::type_changed(
    "[[container]]\nproject = 'a'\nname = 'AD'\ntype = 'Puck'\nparent = { project = 'a', name = 'DX' }\nlocation = '1'",
    "[[container]] #1 (line 1), type",
    "a/P in container a/AD is at \"A\": container type \"Puck\" has no such location"
)]
#[case::sample_location(
    "[[sample]]\nproject = 'a'\nname = 's'\ncontainer = 'P'\nlocation = '4'",
    "[[sample]] #1 (line 1), location",
    "sample \"s\" in container a/P is at \"4\": container type \"Puck\" has no such location"
)]
#[case::alias_that_is_an_acronym(
    "[[data_type]]\nacronym = 'MAD'\n[[data_type]]\nacronym = 'NEW'\naliases = ['MAD']",
    "[[data_type]] #2 (line 3), aliases",
    "data type \"NEW\" has the alias \"MAD\", which is the acronym of a data type"
)]
#[case::alias_of_two(
    "[[data_type]]\nacronym = 'NEW'\naliases = ['N']\n[[data_type]]\nacronym = 'NEWER'\naliases = ['N']",
    "[[data_type]] #2 (line 4), aliases",
    "data types \"NEW\" and \"NEWER\" both have the alias \"N\""
)]
#[case::in_itself(
    "[[container]]\nproject = 'a'\nname = 'DY'\ntype = 'Dewar'\nparent = { project = 'a', name = 'DY' }\nlocation = '1'",
    "[[container]] #1 (line 1), parent",
    "is in itself: a/DY in a/DY"
)]
#[case::circle(
    "[[container]]\nproject = 'a'\nname = 'DX'\ntype = 'Dewar'\nparent = { project = 'a', name = 'P' }\nlocation = '1'\n[[automounter]]\nbeamline = 'X'\ncontainer = { project = 'a', name = 'DX' }\nactive = false",
    "[[container]] #1 (line 1), parent",
    "is in itself: a/DX in a/P in a/AD in a/DX"
)]
#[case::second_automounter(
    "[[automounter]]\nbeamline = 'X'\ncontainer = { project = 'a', name = 'DY' }",
    "[[automounter]] #1 (line 1), beamline",
    "beamline \"X\" has two active automounters"
)]
#[case::shared_automounter(
    "[[automounter]]\nbeamline = 'Y'\ncontainer = { project = 'a', name = 'DX' }",
    "[[automounter]] #1 (line 1), container",
    "container \"a/DX\" is the automounter of two beamlines"
)]
#[case::held_automounter(
    "[[automounter]]\nbeamline = 'Y'\ncontainer = { project = 'a', name = 'AD' }",
    "[[automounter]] #1 (line 1), container",
    "container \"a/AD\" is in another, so it is no automounter"
)]
#[case::same_network(
    "[[access_list]]\nname = 'm'\naddress = '10.0.0.0/8'",
    "[[access_list]] #1 (line 1), address",
    "the active access list \"l\" has the same address"
)]
fn names_the_mistake_and_its_place(#[case] text: &str, #[case] place: &str, #[case] message: &str) {
    let mistakes = plan(&base(), text, false).unwrap_err();
    let expected = Mistake {
        place: place.to_owned(),
        message: message.to_owned(),
    };
    assert_eq!(mistakes, [expected]);
}

#[test]
fn four_containers_nest_and_a_fifth_does_not() {
    let fourth = container("E", Some(("P", "1")));
    let four = plan(&base(), &fourth, false).unwrap().catalog;
    let fifth = plan(&four, &container("F", Some(("E", "1"))), false).unwrap_err();
    let expected = Mistake {
        place: "[[container]] #1 (line 1), parent".to_owned(),
        message: "a/F is the 5th container in another: at most 4 nest".to_owned(),
    };
    assert_eq!(fifth, [expected]);

    // Moving the outer container makes the inner ones too deep. The mistake is that of the moved
    // container.
    let base = plan(
        &base(),
        &(container("T", None) + &container("U", Some(("T", "1")))),
        false,
    )
    .unwrap()
    .catalog;
    let pushed = "[[automounter]]\nbeamline = 'X'\ncontainer = { project = 'a', name = 'DX' }\nactive = false
[[container]]\nproject = 'a'\nname = 'DX'\ntype = 'Dewar'\nparent = { project = 'a', name = 'U' }\nlocation = '1'";
    let pushed = plan(&base, pushed, false).unwrap_err();
    assert_eq!(pushed.len(), 1, "{pushed:?}");
    assert_eq!(pushed[0].place, "[[container]] #1 (line 5), parent");
    assert_eq!(
        pushed[0].message,
        "a/P is the 5th container in another: at most 4 nest"
    );
}

#[test]
fn one_mistake_causes_no_others() {
    // The type is unknown. Its container, the containers in that and its location are not reported.
    let text = "[[container]]\nproject = 'a'\nname = 'P'\ntype = 'Cane'\nparent = { project = 'a', name = 'AD' }\nlocation = 'Z'
[[container]]\nproject = 'a'\nname = 'Q'\ntype = 'Puck'\nparent = { project = 'a', name = 'AD' }\nlocation = 'A'
[[sample]]\nproject = 'a'\nname = 's'\ncontainer = 'P'\nlocation = '99'";
    let mistakes = plan(&base(), text, false).unwrap_err();
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    assert_eq!(mistakes[0].message, "there is no container type \"Cane\"");
}

#[test]
fn mistakes_of_reading_and_of_planning_are_reported_together_and_once() {
    let text = "
[[project]]
username = 'c'
name = ''
[[container]]
project = 'c'
name = 'P'
type = 'Puck'
[[sample]]
project = 'c'
name = 's'
container = 'P'
location = '1'
group = 'none'
[[group]]
project = 'z'
name = 'none'
";
    let mut mistakes = Mistakes::new();
    let declaration = Declaration::read(text, Format::Toml, chrono_tz::UTC, &mut mistakes).unwrap();
    let situation = Situation {
        prune: true,
        in_use: &InUse::default(),
        counters: &Counters::default(),
        now: NOW,
    };
    let types = "[[container_type]]\nname = 'Puck'\nlocations = ['1']";
    let catalog = plan(&Catalog::default(), types, false).unwrap().catalog;
    assert!(Plan::make_noting(&catalog, &declaration, &situation, &mut mistakes).is_none());
    let places: Vec<_> = mistakes
        .into_list()
        .into_iter()
        .map(|mistake| mistake.place)
        .collect();
    assert_eq!(
        places,
        ["[[project]] #1 (line 2), name", "[[group]] #1 (line 15), project"]
    );
}

#[test]
fn a_long_chain_and_a_long_circle_take_no_longer_than_their_length() {
    let link = |n: usize, parent: usize| container(&format!("c{n}"), Some((&format!("c{parent}"), "1")));
    let chain: Vec<_> = (1..20_000).map(|n| link(n, n - 1)).collect();
    let open = container("c0", None) + &chain.concat();
    let mistakes = plan(&base(), &open, false).unwrap_err();
    assert_eq!(
        mistakes[0].message,
        "a/c4 is the 5th container in another: at most 4 nest"
    );
    assert_eq!(
        mistakes.last().unwrap().message,
        "has 9996 more mistakes".replace("9996", &(20_000 - 4 - 10_000).to_string())
    );

    let closed = link(0, 19_999) + &chain.concat();
    let mistakes = plan(&base(), &closed, false).unwrap_err();
    assert_eq!(mistakes.len(), 1);
    assert!(
        mistakes[0]
            .message
            .starts_with("is in itself: a/c0 in a/c19999 in"),
        "{mistakes:?}"
    );
    assert!(mistakes[0].message.ends_with(" in …"));
}
