//! The survey page that users open when their session ends: pure functions from form fields to
//! answers, and from answers to HTML.
//!
//! `maud` escapes all texts, and the content security policy forbids scripts.

use beamlive_page::shell;
use maud::{html, Markup};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// The style sheet.
pub use beamlive_page::STYLE;
/// What the page may load and where its form may go: this service, and no script.
pub const POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// Longest comment, in characters.
const MAX_COMMENT: usize = 4000;
/// What users are asked about: a name and a label.
const AREAS: [(&str, &str); 6] = [
    ("beamline", "Beamline"),
    ("automounter", "Automounter"),
    ("collection", "Data collection"),
    ("processing", "Data processing"),
    ("remote", "Remote access"),
    ("support", "Support"),
];
const RATINGS: [(&str, &str); 5] = [
    ("1", "poor"),
    ("2", ""),
    ("3", "fair"),
    ("4", ""),
    ("5", "excellent"),
];
/// The field of the comment on the session as a whole.
const OVERALL: &str = "comments";

/// The field with the rating of an area.
fn rating_field(area: &str) -> String {
    format!("{area}-rating")
}

/// The field with the comment on an area.
fn comment_field(area: &str) -> String {
    format!("{area}-comments")
}

/// The form's fields, for the OpenAPI document.
#[derive(Debug)]
pub struct SurveyForm;

impl PartialSchema for SurveyForm {
    fn schema() -> RefOr<Schema> {
        let comment = |about: String| {
            ObjectBuilder::new()
                .schema_type(Type::String)
                .max_length(Some(MAX_COMMENT))
                .description(Some(about))
        };
        let mut form = ObjectBuilder::new()
            .description(Some(
                "An answer to a session's survey. At least one field is filled in.",
            ))
            .property(
                OVERALL,
                comment("A comment on the session as a whole.".to_owned()),
            );
        for (name, label) in AREAS {
            let rating = ObjectBuilder::new()
                .schema_type(Type::Integer)
                .minimum(Some(1))
                .maximum(Some(5))
                .description(Some(format!("{label}: a rating, from poor to excellent.")));
            form = form
                .property(rating_field(name), rating)
                .property(comment_field(name), comment(format!("{label}: a comment.")));
        }
        form.into()
    }
}

impl ToSchema for SurveyForm {
    fn name() -> Cow<'static, str> {
        "SurveyForm".into()
    }
}

/// A checked answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The label, rating from 1 to 5, and comment of each area that was rated or commented on.
    pub areas: Vec<(String, Option<u8>, String)>,
    /// A comment on the session as a whole.
    pub comments: String,
}

/// What a user typed and what is wrong with it, by field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Typed {
    fields: HashMap<String, String>,
    wrong: BTreeMap<String, String>,
}

impl Typed {
    fn of(&self, field: &str) -> &str {
        self.fields.get(field).map_or("", String::as_str)
    }
}

/// Checks an answer. The first value of each field counts; unknown fields are ignored.
///
/// # Errors
/// What was typed and what is wrong with it, for the form to show again.
pub fn parse(form: &[(String, String)]) -> Result<Answer, Typed> {
    let mut typed = Typed::default();
    for (field, value) in form {
        let text: String = value.replace("\r\n", "\n");
        let text = text
            .chars()
            .filter(|c| !c.is_control() || *c == '\n' || *c == '\t')
            .collect();
        typed.fields.entry(field.clone()).or_insert(text);
    }
    let mut areas = Vec::new();
    for (name, label) in AREAS {
        let rating = rating(&mut typed, &rating_field(name));
        let comment = comment(&mut typed, &comment_field(name));
        if rating.is_some() || !comment.is_empty() {
            areas.push((label.to_owned(), rating, comment));
        }
    }
    let comments = comment(&mut typed, OVERALL);
    if areas.is_empty() && comments.is_empty() && typed.wrong.is_empty() {
        typed.wrong.insert(
            OVERALL.to_owned(),
            "Please rate an area or write a word before you send.".to_owned(),
        );
    }
    if typed.wrong.is_empty() {
        Ok(Answer { areas, comments })
    } else {
        Err(typed)
    }
}

fn rating(typed: &mut Typed, field: &str) -> Option<u8> {
    let text = typed.of(field);
    let rating = text.parse().ok().filter(|rating| (1..=5).contains(rating));
    if rating.is_none() && !text.is_empty() {
        typed
            .wrong
            .insert(field.to_owned(), "A rating is a number from 1 to 5.".to_owned());
    }
    rating
}

fn comment(typed: &mut Typed, field: &str) -> String {
    let text = typed.of(field).trim().to_owned();
    if text.chars().count() > MAX_COMMENT {
        let mistake = format!("Please keep a comment below {MAX_COMMENT} characters.");
        typed.wrong.insert(field.to_owned(), mistake);
    }
    text
}

/// The form, with what was typed before and what is wrong with it.
#[must_use]
pub fn form(session: &str, beamline: &str, project: &str, typed: &Typed) -> String {
    let content = html! {
        h1 { "How was your session?" }
        p.sub { (session) " at " (beamline) ", " (project) }
        p { "Every answer is optional. The beamline's staff read all of them." }
        form method="post" {
            @for (name, label) in AREAS {
                (area(name, label, typed))
            }
            fieldset {
                legend { label for=(OVERALL) { "Anything else" } }
                textarea id=(OVERALL) name=(OVERALL) maxlength=(MAX_COMMENT) { (typed.of(OVERALL)) }
                (wrong(typed, OVERALL))
            }
            button.primary type="submit" { "Send" }
        }
    };
    page("How was your session?", &content)
}

fn area(name: &str, label: &str, typed: &Typed) -> Markup {
    let (rated, commented) = (rating_field(name), comment_field(name));
    html! {
        fieldset {
            legend { (label) }
            div.choices {
                @for (value, meaning) in RATINGS {
                    label {
                        input type="radio" name=(rated) value=(value) checked[typed.of(&rated) == value];
                        (value)
                        @if !meaning.is_empty() { " " (meaning) }
                    }
                }
            }
            textarea name=(commented) aria-label={ "Comments on " (label) } placeholder="Comments"
                maxlength=(MAX_COMMENT) { (typed.of(&commented)) }
            (wrong(typed, &rated))
            (wrong(typed, &commented))
        }
    }
}

fn wrong(typed: &Typed, field: &str) -> Markup {
    html! {
        @if let Some(mistake) = typed.wrong.get(field) {
            p.wrong role="alert" { (mistake) }
        }
    }
}

/// The page after an answer was stored.
#[must_use]
pub fn thanks(session: &str) -> String {
    let content = html! {
        h1 { "Thank you" }
        p { "Your answer on session " (session) " is with the beamline's staff. You may close this page." }
    };
    page("Thank you", &content)
}

/// The page for a key that opens no survey.
#[must_use]
pub fn not_found() -> String {
    let content = html! {
        h1 { "There is no such survey" }
        p { "The address may be incomplete. Open it from your data-collection program again." }
    };
    page("There is no such survey", &content)
}

fn page(title: &str, content: &Markup) -> String {
    let head = html! {
        meta name="robots" content="noindex";
        // Relative to `survey/{key}/`, because the service may be mounted below a path.
        link rel="stylesheet" href="../style.css";
    };
    shell(title, &head, &html! { main.narrow { (content) } }).into_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use rstest::rstest;

    const SCRIPT: &str = "</textarea><script>alert('x')</script>\"' onload=\"";

    fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn an_answer_holds_what_was_said() {
        let answer = parse(&fields(&[
            ("beamline-rating", "5"),
            ("support-comments", "  quick\r\nand kind \u{7}"),
            ("comments", "more of it"),
            ("unknown", "x"),
        ]));
        let areas = vec![
            ("Beamline".to_owned(), Some(5), String::new()),
            ("Support".to_owned(), None, "quick\nand kind".to_owned()),
        ];
        let comments = "more of it".to_owned();
        assert_eq!(answer, Ok(Answer { areas, comments }));
    }

    #[rstest]
    #[case::nothing(&[], "rate an area")]
    #[case::blank(&[("comments", "  ")], "rate an area")]
    #[case::six(&[("remote-rating", "6")], "from 1 to 5")]
    #[case::zero(&[("remote-rating", "0")], "from 1 to 5")]
    #[case::word(&[("remote-rating", "good")], "from 1 to 5")]
    fn mistakes_are_told_in_the_form(#[case] sent: &[(&str, &str)], #[case] told: &str) {
        let typed = parse(&fields(sent)).unwrap_err();
        assert!(form("day", "BM", "alice", &typed).contains(told));
    }

    #[test]
    fn every_input_of_the_form_is_described_and_no_other() {
        let html = form("day", "BM", "alice", &Typed::default());
        let inputs = html.split(" name=\"").skip(1);
        let mut names: Vec<_> = inputs.filter_map(|input| input.split('"').next()).collect();
        names.retain(|name| !["viewport", "color-scheme", "robots"].contains(name));
        names.sort_unstable();
        names.dedup();
        let schema = serde_json::to_value(SurveyForm::schema()).unwrap();
        let fields = schema
            .get("properties")
            .and_then(|fields| fields.as_object())
            .unwrap();
        assert_eq!(names, fields.keys().collect::<Vec<_>>());
    }

    #[test]
    fn a_comment_has_a_length() {
        assert!(parse(&fields(&[("comments", &"é".repeat(MAX_COMMENT))])).is_ok());
        assert!(parse(&fields(&[("comments", &"é".repeat(MAX_COMMENT + 1))])).is_err());
    }

    #[test]
    fn what_was_typed_is_shown_again_and_nothing_of_it_is_markup() {
        let mut sent = vec![("beamline-rating", SCRIPT), ("comments", SCRIPT)];
        let names: Vec<_> = AREAS.iter().map(|(name, _)| format!("{name}-comments")).collect();
        sent.extend(names.iter().map(|name| (name.as_str(), SCRIPT)));
        let typed = parse(&fields(&sent)).unwrap_err();
        let html = form(SCRIPT, SCRIPT, SCRIPT, &typed);
        assert!(!html.contains("<script"), "{html}");
        assert_eq!(html.matches("&lt;script&gt;").count(), AREAS.len() + 1 + 3);
        assert!(!thanks(SCRIPT).contains("<script"));
    }
}
