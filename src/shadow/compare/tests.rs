#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::shadow::route::Route;
use rstest::rstest;
use serde_json::json;

const NOW: u64 = 1_767_225_600;
/// Signed at [`NOW`].
const SIGNED: &str = "/api/v2/alice:1vb66i:AAAA";

struct Case {
    target: String,
    theirs: (u16, Content),
    ours: (u16, Content),
    now: u64,
    launched: bool,
}

fn case(route: &str, theirs: (u16, Value), ours: (u16, Value)) -> Case {
    let target = match route.strip_prefix("signed") {
        Some(rest) => format!("{SIGNED}{rest}"),
        None => route.to_owned(),
    };
    let content = |(status, value): (u16, Value)| match value {
        Value::Null => (status, Content::Empty),
        Value::String(text) => (status, Content::Text(text)),
        value => (status, Content::Data(value)),
    };
    Case {
        target,
        theirs: content(theirs),
        ours: content(ours),
        now: NOW,
        launched: false,
    }
}

impl Case {
    fn verdict(&self) -> Verdict {
        let route = Route::of(&self.target).unwrap();
        let facts = Facts {
            route: &route,
            theirs: self.theirs.0,
            ours: self.ours.0,
            now: self.now,
            launched: self.launched,
            only_ours_is_empty: only_ours_is_empty(&self.theirs.1, &self.ours.1),
        };
        let headers = Headers::default();
        let answer = |content| Answer {
            headers: &headers,
            content,
        };
        compare(&facts, answer(&self.theirs.1), answer(&self.ours.1))
    }

    fn difference(&self) -> Difference {
        match self.verdict() {
            Verdict::Different(difference) => difference,
            other => panic!("{other:?}"),
        }
    }
}

#[rstest]
#[case::ids(case("signed/data/BM/", (200, json!({"id": 9})), (200, json!({"id": 1}))))]
#[case::times_and_urls(case("signed/launch/BM/s/",
    (200, json!({"session": "s", "duration": "1 hour", "survey": "http://a/", "end_time": null})),
    (200, json!({"session": "s", "duration": "0 minutes", "survey": "http://b/", "end_time": null}))))]
#[case::refusals(case("signed/data/XX/", (404, Value::Null), (404, Value::Null)))]
#[case::lists(case("/api/v2/accesslist/", (200, json!(["a", "b"])), (200, json!(["b", "a"]))))]
fn expected_values_differ(#[case] case: Case) {
    assert_eq!(case.verdict(), Verdict::Same);
}

#[rstest]
#[case::second_key(case("signed/project/", (304, Value::Null), (409, json!({}))), "second key")]
#[case::two_sessions(case("signed/launch/BM/s/", (500, json!("x")), (200, json!({}))), "two sessions")]
#[case::early_session(case("signed/close/BM/s/", (200, json!({})), (404, json!({}))), "not seen the launch")]
#[case::no_automounter(case("signed/samples/BM/", (404, json!("x")), (200, json!([]))), "without an automounter")]
#[case::data_proxy(case("signed/data/BM/", (500, json!("x")), (200, json!({"id": 1}))), "Data Proxy is away")]
#[case::wrong_field(case("signed/data/BM/", (500, json!("x")), (400, json!({}))), "says what is wrong")]
#[case::no_slash(case("signed/data/BM", (301, Value::Null), (200, json!({"id": 1}))), "without its last slash")]
#[case::basiclive(case("signed/data/BM/", (403, Value::Null), (405, json!({}))), "BasicLIVE answers 403")]
#[case::refresh(case("/api/v3/token/refresh/", (404, Value::Null), (401, json!({}))), "newer clients")]
#[case::keys(case("/api/v2/keys/bob", (404, Value::Null), (200, Value::Null)), "gets an empty answer")]
#[case::words(case("signed/data/XX/", (404, json!("<html>")), (404, json!({"error": {}}))), "status is the same")]
#[case::end_time(case("signed/launch/BM/s/", (200, json!({"end_time": "2026"})), (200, json!({"end_time": null}))),
    "--schedule")]
fn intended_differences_are_explained(#[case] case: Case, #[case] words: &str) {
    let Verdict::Explained(said) = case.verdict() else {
        panic!("{:?}", case.verdict());
    };
    assert!(said.contains(words), "{said}");
}

#[test]
fn a_stale_token_explains_a_405_and_a_fresh_one_does_not() {
    let mut case = case("signed/samples/BM/", (200, json!([])), (405, json!({})));
    assert!(case.difference().hint.unwrap().contains("another key"));
    for now in [NOW + 61, NOW - 61] {
        case.now = now;
        assert!(matches!(case.verdict(), Verdict::Explained(words) if words.contains("60 s")));
    }
}

#[test]
fn a_close_of_a_session_that_a_copy_launched_must_succeed() {
    let mut case = case("signed/close/BM/s/", (200, json!({})), (404, json!({})));
    case.launched = true;
    assert_eq!((case.difference().theirs, case.difference().ours), (200, 404));
}

#[rstest]
#[case::shape(case("signed/data/BM/", (200, json!({"id": 9})), (200, json!({"id": "9"}))), &["id: number / text"], "")]
#[case::fields(case("signed/data/BM/", (200, json!({"id": 9})),
    (400, json!({"error": {"fields": {"energy": "is secret", "name": "x"}}}))),
    &["beamlive names these fields: energy, name"], "refuses an upload")]
#[case::no_list(case("/api/v2/accesslist/", (200, json!(["a"])), (200, json!([]))),
    &["[]: text / nothing", "users: 1 missing from beamlive's list, 0 more on it"], "trusted_proxy")]
#[case::other_list(case("/access/accesslist/", (200, json!(["a", "b"])), (200, json!(["a", "c"]))),
    &["users: 1 missing from beamlive's list, 1 more on it"], "trusted_proxy")]
#[case::no_keys(case("/api/v2/keys/alice", (200, json!("k1\nk2\n")), (200, Value::Null)),
    &["the body: text / no body"], "trusted_proxy")]
#[case::samples(case("signed/samples/BM/", (200, json!([{"id": 1}, {"id": 2}])), (200, json!([{"id": 1}]))),
    &["samples: 2 / 1"], "containers")]
#[case::html(case("signed/samples/BM/", (200, json!("<html>")), (200, json!([]))), &["the body: text / data"], "")]
#[case::no_beamline(case("signed/launch/BM/s/", (200, json!({})), (404, json!({}))), &[], "this beamline")]
#[case::ours_fails(case("signed/data/BM/", (200, json!({"id": 9})), (503, json!({}))), &[], "beamlive failed")]
fn others_are_named_with_a_hint(#[case] case: Case, #[case] lines: &[&str], #[case] hint: &str) {
    let difference = case.difference();
    assert_eq!(difference.lines, lines);
    assert!(
        difference.hint.unwrap_or_default().contains(hint),
        "{difference:?}"
    );
}

#[test]
fn errors_of_version_3_are_compared() {
    let case = case(
        "/api/v3/auth/",
        (401, json!({"detail": "x"})),
        (401, json!({"error": "x"})),
    );
    assert_eq!(
        case.difference().lines,
        ["detail: text / missing", "error: missing / text"]
    );
}
