use super::*;

#[test]
fn suggests_the_most_similar_name() {
    let known = ["location", "priority", "group"];
    assert_eq!(suggestion("loaction", &known), "; did you mean `location`?");
    assert_eq!(suggestion("Group", &known), "; did you mean `group`?");
    assert_eq!(suggestion("barcode", &known), "");
    assert_eq!(suggestion("", &["on"]), "");
    assert_eq!(suggestion(&"x".repeat(1_000_000), &known), "");
}

#[test]
fn quotes_on_one_line_and_not_too_long() {
    assert_eq!(quoted("a\n\"b\""), r#""a\n\"b\"""#);
    assert_eq!(quoted(&"é".repeat(500)).chars().count(), QUOTED + 3);
}

#[test]
fn lists_mistakes_by_line_and_counts_the_rest() {
    let mut mistakes = Mistakes::new();
    for line in (1..=LISTED + 5).rev() {
        let place = Place {
            section: Section::Sample,
            number: line,
            line: Some(line),
        };
        mistakes.note(place, "name", "is missing");
    }
    let list = mistakes.into_list();
    assert_eq!(list.len(), LISTED + 1);
    assert_eq!(
        list.first().map(|m| m.place.as_str()),
        Some("[[sample]] #6 (line 6), name")
    );
    assert_eq!(
        list.last().map(ToString::to_string).as_deref(),
        Some("the file: has 5 more mistakes")
    );
}
