//! Compares two answers to one request. Pure.

use super::content::{media_type, Content};
use super::head::Headers;
use super::known::{self, Facts};
use super::route::{Kind, Proof};
use super::shape::Shape;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// One of the two answers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer<'a> {
    pub(super) headers: &'a Headers,
    pub(super) content: &'a Content,
}

/// What differs, without a value of either side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Difference {
    /// The status of the real server.
    pub(super) theirs: u16,
    /// The status of beamlive.
    pub(super) ours: u16,
    /// What differs in the bodies, as `place: theirs / ours`.
    pub(super) lines: Vec<String>,
    /// What to look at first.
    pub(super) hint: Option<&'static str>,
}

/// The result of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Same,
    /// It differs as intended, for this reason.
    Explained(&'static str),
    Different(Difference),
}

/// Whether beamlive lists nothing where the real server lists something.
pub(super) fn only_ours_is_empty(theirs: &Content, ours: &Content) -> bool {
    let is_empty = |content: &Content| match content {
        Content::Empty => true,
        Content::Data(Value::Array(items)) => items.is_empty(),
        Content::Text(text) => text.trim().is_empty(),
        _ => false,
    };
    is_empty(ours) && !is_empty(theirs)
}

/// Compares.
pub(super) fn compare(facts: &Facts<'_>, theirs: Answer<'_>, ours: Answer<'_>) -> Verdict {
    let kind = facts.route.kind;
    let is_error = facts.theirs >= 300;
    if facts.theirs != facts.ours {
        if let Some(words) = known::explanation(facts) {
            return Verdict::Explained(words);
        }
        return different(facts, refused_fields(ours.content));
    }
    let mut lines = body(kind, theirs, ours);
    if lines.is_empty() {
        return Verdict::Same;
    }
    if is_error && facts.route.proof != Proof::Bearer {
        return Verdict::Explained(known::ERROR_BODIES);
    }
    let mut explained = None;
    lines.retain(|line| {
        let words = known::shape_explanation(kind, line);
        explained = explained.or(words);
        words.is_none()
    });
    match explained {
        Some(words) if lines.is_empty() => Verdict::Explained(words),
        _ => different(facts, lines),
    }
}

fn different(facts: &Facts<'_>, lines: Vec<String>) -> Verdict {
    Verdict::Different(Difference {
        theirs: facts.theirs,
        ours: facts.ours,
        lines,
        hint: known::hint(facts),
    })
}

/// The fields that an error of beamlive names.
fn refused_fields(content: &Content) -> Vec<String> {
    let Content::Data(value) = content else {
        return Vec::new();
    };
    let fields = value
        .pointer("/error/fields")
        .and_then(Value::as_object)
        .filter(|fields| !fields.is_empty());
    let line = fields.map(|fields| {
        let names: Vec<_> = fields
            .keys()
            .take(10)
            .map(|name| {
                name.chars()
                    .take(40)
                    .collect::<String>()
                    .escape_debug()
                    .to_string()
            })
            .collect();
        format!("beamlive names these fields: {}", names.join(", "))
    });
    line.into_iter().collect()
}

/// What differs in the bodies.
fn body(kind: Kind, theirs: Answer<'_>, ours: Answer<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    let both_have_one = ![theirs.content, ours.content].contains(&&Content::Empty);
    let types = (media_type(theirs.headers), media_type(ours.headers));
    if both_have_one && types.0 != types.1 {
        let name = |name: Option<String>| {
            name.map_or_else(|| "none".to_owned(), |name| name.escape_debug().to_string())
        };
        lines.push(format!("Content-Type: {} / {}", name(types.0), name(types.1)));
    }
    match (theirs.content, ours.content) {
        (Content::Data(theirs), Content::Data(ours)) => {
            lines.extend(Shape::of(theirs).differences(&Shape::of(ours)));
            lines.extend(values(kind, theirs, ours));
        }
        (Content::Text(theirs), Content::Text(ours)) if kind == Kind::Keys => {
            lines.extend(counts("keys", theirs.lines().count(), ours.lines().count()));
        }
        (theirs, ours) if theirs.name() != ours.name() => {
            lines.push(format!("the body: {} / {}", theirs.name(), ours.name()));
        }
        _ => {}
    }
    lines
}

fn counts(what: &str, theirs: usize, ours: usize) -> Option<String> {
    (theirs != ours).then(|| format!("{what}: {theirs} / {ours}"))
}

/// Lists whose values are compared: an access list decides who is logged off, and a sample that is
/// missing can't be measured.
fn values(kind: Kind, theirs: &Value, ours: &Value) -> Option<String> {
    let (theirs, ours) = (theirs.as_array()?, ours.as_array()?);
    match kind {
        Kind::Samples => counts("samples", theirs.len(), ours.len()),
        Kind::AccessList => {
            let names = |list: &[Value]| -> BTreeSet<String> { list.iter().map(Value::to_string).collect() };
            let (theirs, ours) = (names(theirs), names(ours));
            let (missing, more) = (theirs.difference(&ours).count(), ours.difference(&theirs).count());
            (missing + more > 0)
                .then(|| format!("users: {missing} missing from beamlive's list, {more} more on it"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
