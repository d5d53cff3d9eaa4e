//! Mistakes in the entries of a file, and their messages.

use super::*;
use rstest::rstest;

#[rstest]
#[case::no_toml("[[project]]\nusername = alice", "line 2", "is not TOML: ")]
#[case::not_a_list(
    "[project]\nusername = 'a'",
    "[[project]]",
    "must be a list of tables, each under a header [[project]]"
)]
#[case::not_a_table("project = [1]", "[[project]] #1", "must be a table of fields, not 1")]
#[case::unknown_section("[[sampel]]", "[[sampel]]", "is not a known section; did you mean `sample`?")]
#[case::unknown_field(
    "[[project]]\nusername = 'a'\nusernmae = 'b'",
    "[[project]] #1 (line 1), usernmae",
    "is not a known field; did you mean `username`?"
)]
#[case::missing("\n[[beamline]]\n", "[[beamline]] #1 (line 2), acronym", "is missing")]
#[case::wrong_type(
    "[[beamline]]\nacronym = 'B'\nactive = 'yes'",
    "[[beamline]] #1 (line 1), active",
    "must be true or false, not \"yes\""
)]
#[case::not_a_text(
    "[[beamline]]\nacronym = 7",
    "[[beamline]] #1 (line 1), acronym",
    "must be a text in quotes, not 7"
)]
#[case::fraction(
    "[[group]]\nproject = 'a'\nname = 'g'\npriority = 1.5",
    "[[group]] #1 (line 1), priority",
    "must be a whole number, not 1.5"
)]
#[case::no_number(
    "[[group]]\nproject = 'a'\nname = 'g'\npriority = nan",
    "[[group]] #1 (line 1), priority",
    "must be a whole number, not \"NaN\""
)]
#[case::ids_list("[[ids]]\nfirst = 1", "[ids]", "must be one table with the field first")]
#[case::ids_missing(
    "\n[ids]",
    "[ids] (line 2), first",
    "is missing: name the greatest id of the earlier server"
)]
#[case::ids_unknown(
    "[ids]\nfirst = 1\nfrist = 2",
    "[ids] (line 1)",
    "\"frist\" is not a known field; did you mean `first`?"
)]
#[case::ids_negative(
    "[ids]\nfirst = -1",
    "[ids] (line 1), first",
    "must be a whole number from 0 to 9007199254740992, not -1"
)]
#[case::ids_too_great(
    "[ids]\nfirst = 9007199254740993",
    "[ids] (line 1), first",
    "must be a whole number from 0 to 9007199254740992, not 9007199254740993"
)]
#[case::ids_fraction(
    "[ids]\nfirst = 1.5",
    "[ids] (line 1), first",
    "must be a whole number from 0 to 9007199254740992, not 1.5"
)]
#[case::ids_misspelt("[id]\nfirst = 1", "[[id]]", "is not a known section; did you mean `ids`?")]
#[case::username(
    "[[project]]\nusername = 'al ice'",
    "[[project]] #1 (line 1), username",
    "must be 1 to 150 letters, digits, `_` or `-`, not \"al ice\""
)]
#[case::acronym(
    "[[beamline]]\nacronym = 'a/b'",
    "[[beamline]] #1 (line 1), acronym",
    "must be 1 to 64 letters, digits, `_`, `.` or `-`, not \"a/b\""
)]
#[case::dots(
    "[[beamline]]\nacronym = '..'",
    "[[beamline]] #1 (line 1), acronym",
    "must be more than dots, not \"..\""
)]
#[case::empty_name(
    "[[data_type]]\nacronym = 'A'\nname = ' '",
    "[[data_type]] #1 (line 1), name",
    "must not be empty"
)]
#[case::control(
    "[[data_type]]\nacronym = 'A'\nname = \"a\\u0007\"",
    "[[data_type]] #1 (line 1), name",
    "must not hold control characters: \"a\\u{7}\""
)]
#[case::no_locations(
    "[[container_type]]\nname = 'P'\nlocations = []",
    "[[container_type]] #1 (line 1), locations",
    "must name at least one location"
)]
#[case::location_twice(
    "[[container_type]]\nname = 'P'\nlocations = ['1', '2', '1']",
    "[[container_type]] #1 (line 1), locations[3]",
    "stands in the list twice: \"1\""
)]
#[case::location_number(
    "[[container_type]]\nname = 'P'\nlocations = ['1', 2]",
    "[[container_type]] #1 (line 1), locations[2]",
    "must be a text in quotes, not 2"
)]
#[case::status(
    "[[container]]\nproject = 'a'\nname = 'c'\ntype = 'P'\nstatus = 'onsite'",
    "[[container]] #1 (line 1), status",
    "must be one of draft, sent, on-site, returned, archived, not \"onsite\"; did you mean `on-site`?"
)]
#[case::parent_alone(
    "[[container]]\nproject = 'a'\nname = 'c'\ntype = 'P'\nparent = { project = 'a', name = 'b' }",
    "[[container]] #1 (line 1), location",
    "is missing: say where in the parent"
)]
#[case::location_alone(
    "[[container]]\nproject = 'a'\nname = 'c'\ntype = 'P'\nlocation = '1'",
    "[[container]] #1 (line 1), parent",
    "is missing: say which container the location is in"
)]
#[case::within(
    "[[automounter]]\nbeamline = 'B'\ncontainer = { project = 'a', nam = 'b', name = 'c' }",
    "[[automounter]] #1 (line 1), container.nam",
    "is not a known field; did you mean `name`?"
)]
#[case::host_bits(
    "[[access_list]]\nname = 'l'\naddress = '10.45.0.7/24'",
    "[[access_list]] #1 (line 1), address",
    "has bits set beyond the network's: write 10.45.0.0/24 or a single address"
)]
#[case::no_address(
    "[[access_list]]\nname = 'l'\naddress = 'host'",
    "[[access_list]] #1 (line 1), address",
    "must be an address or a network such as 10.45.0.0/24, not \"host\""
)]
#[case::no_time_of_day(
    "[[beamtime]]\nproject = 'a'\nbeamline = 'B'\nstart = 2026-11-23\nend = 2026-11-24T00:00:00",
    "[[beamtime]] #1 (line 1), start",
    "must have a time of day too, such as 2026-11-23T08:00:00, not \"2026-11-23\""
)]
#[case::no_time(
    "[[beamtime]]\nproject = 'a'\nbeamline = 'B'\nstart = 'soon'\nend = 2026-11-24T00:00:00",
    "[[beamtime]] #1 (line 1), start",
    "must be a date and time, such as 2026-11-23T08:00:00, not \"soon\""
)]
#[case::reversed(
    "[[beamtime]]\nproject = 'a'\nbeamline = 'B'\nstart = 2026-11-23T08:00:00\nend = 2026-11-23T14:00:00Z",
    "[[beamtime]] #1 (line 1), end",
    "must be later than the start"
)]
fn names_the_mistake_and_its_place(#[case] text: &str, #[case] place: &str, #[case] message: &str) {
    let found = mistakes(text, Format::Toml);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, place);
    assert!(found[0].1.starts_with(message), "{}", found[0].1);
    assert!(
        found[0].1.len() == message.len() || message.ends_with(": "),
        "{}",
        found[0].1
    );
}

#[rstest]
#[case::no_json(
    "{\n  \"project\": [,]\n}",
    "line 2, column 15",
    "is not JSON: expected value"
)]
#[case::no_object("[]", "the file", "must be a JSON object whose keys are sections")]
#[case::twice(
    r#"{"project": [], "project": []}"#,
    "line 1, column 25",
    "is not JSON: \"project\" stands here twice"
)]
#[case::no_line(r#"{"project": [{}]}"#, "[[project]] #1, username", "is missing")]
fn names_the_mistake_in_json(#[case] text: &str, #[case] place: &str, #[case] message: &str) {
    let found = mistakes(text, Format::Json);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, place);
    assert!(found[0].1.starts_with(message), "{}", found[0].1);
}

#[test]
fn names_every_mistake_within_tables_and_lists() {
    let text = "
[[automounter]]
container = { nam = 'b', name = 5 }
active = 1
[[access_list]]
name = 'l'
address = 'x'
users = ['a b', 2, 'ok', 'ok']
";
    let found = mistakes(text, Format::Toml);
    let places: Vec<_> = found.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(
        places,
        [
            "[[automounter]] #1 (line 2), beamline",
            "[[automounter]] #1 (line 2), container.project",
            "[[automounter]] #1 (line 2), container.name",
            "[[automounter]] #1 (line 2), container.nam",
            "[[automounter]] #1 (line 2), active",
            "[[access_list]] #1 (line 5), address",
            "[[access_list]] #1 (line 5), users[1]",
            "[[access_list]] #1 (line 5), users[2]",
            "[[access_list]] #1 (line 5), users[4]",
        ]
    );
}
