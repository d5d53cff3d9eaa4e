//! The survey page that a client opens when its session ends: pure, from fields to answers and from answers to HTML.
//!
//! `maud` escapes whatever is shown, and the policy lets the page run no script at all.

use maud::{html, Markup, DOCTYPE};
use std::collections::{BTreeMap, HashMap};

/// The style sheet.
pub const STYLE: &str = include_str!("survey/style.css");
/// What the page may load and where its form may go: this service, and no script.
pub const POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// Longest comment, in characters.
const MAX_COMMENT: usize = 4000;
/// What users are asked about: the field's name and what it says.
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
const OVERALL: &str = "comments";

/// A checked answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Per area with something said: its name, a rating from 1 to 5, a comment.
    pub areas: Vec<(String, Option<u8>, String)>,
    /// A comment on the whole.
    pub comments: String,
}

/// What a user has typed, and what is wrong with it, by field.
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

/// Checks an answer. Of a field sent twice the first counts; unknown fields are ignored.
///
/// # Errors
/// What was typed, with what is wrong, to be shown again.
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
        let rating = rating(&mut typed, &format!("{name}-rating"));
        let comment = comment(&mut typed, &format!("{name}-comments"));
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

/// The form, with what was typed before, and what is wrong with it.
#[must_use]
pub fn form(session: &str, beamline: &str, project: &str, typed: &Typed) -> String {
    let content = html! {
        h1 { "How was your session?" }
        p.session { (session) " at " (beamline) ", " (project) }
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
            button type="submit" { "Send" }
        }
    };
    page("How was your session?", &content)
}

fn area(name: &str, label: &str, typed: &Typed) -> Markup {
    let (rated, commented) = (format!("{name}-rating"), format!("{name}-comments"));
    html! {
        fieldset {
            legend { (label) }
            div.rating {
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

/// What is shown once an answer is kept.
#[must_use]
pub fn thanks(session: &str) -> String {
    let content = html! {
        h1 { "Thank you" }
        p { "Your answer on session " (session) " is with the beamline's staff. You may close this page." }
    };
    page("Thank you", &content)
}

/// What is shown when a key opens no survey.
#[must_use]
pub fn not_found() -> String {
    let content = html! {
        h1 { "There is no such survey" }
        p { "The address may be incomplete. Open it from your data-collection program again." }
    };
    page("There is no such survey", &content)
}

fn page(title: &str, content: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) }
                // Relative to `survey/{key}/`, for the service may be mounted below a path.
                link rel="stylesheet" href="../style.css";
            }
            body { main { (content) } }
        }
    }
    .into_string()
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
