//! Changes of the facility that a form asks for. Each is a facility file of a few entries, so it
//! keeps the same rules as one that `beamlive apply` sends, is one atomic change, and is in the
//! activity log under its person's name.

use super::refusal::PageError;
use super::visitor::Visitor;
use crate::app::AppData;
use actix_web::http::StatusCode;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_actors::facility::place::Mistake;
use beamlive_actors::facility::{Applied, File, Make};
use serde_json::{Map, Value};
use std::fmt;
use std::sync::Arc;

/// Makes the entries from the facility as it is when they are applied.
struct Entries<F>(F);

impl<F: Fn(&Catalog) -> Value + Send + Sync> Make for Entries<F> {
    fn file(&self, catalog: &Catalog) -> String {
        (self.0)(catalog).to_string()
    }

    fn mistakes(&self, _: &Catalog, found: Vec<Mistake>) -> Vec<Mistake> {
        found
    }
}

impl<F> fmt::Debug for Entries<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entries")
    }
}

/// Applies the entries that `make` makes of the facility.
///
/// # Errors
/// 400 with all mistakes, and nothing was changed; 503 when the store can't be written.
pub(super) async fn apply(
    app: &AppData,
    visitor: &Visitor,
    make: impl Fn(&Catalog) -> Value + Send + Sync + 'static,
) -> Result<Applied, PageError> {
    let file = File::Made(Arc::new(Entries(make)));
    let applied = app
        .directory
        .apply(file, false, false, visitor.origin.clone())
        .await?;
    applied.map_err(|mistakes| PageError::Refused(StatusCode::BAD_REQUEST, words(&mistakes)))
}

/// The mistakes as sentences. Of a place only the field means something to people.
fn words(mistakes: &[Mistake]) -> String {
    let words = mistakes.iter().map(|mistake| {
        let field = mistake.place.rsplit_once(", ").map_or("", |(_, field)| field);
        format!("{field} {}.", mistake.message).trim().to_owned()
    });
    words.collect::<Vec<_>>().join(" ")
}

/// An entry of a facility file. What is `Null` or an empty text is left out.
pub(super) fn entry<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let given = fields
        .into_iter()
        .filter(|(_, value)| !value.is_null() && value != "");
    Value::Object(
        given
            .map(|(name, value)| (name.to_owned(), value))
            .collect::<Map<_, _>>(),
    )
}

/// The texts of a field with one in each line, or separated by commas or spaces.
pub(super) fn words_of(text: &str) -> Vec<String> {
    let parts = text.split(|c: char| c == ',' || c.is_whitespace());
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// The lines of a field that are not empty.
pub(super) fn lines_of(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn empty_fields_are_left_out() {
        let made = entry([
            ("name", json!("x")),
            ("group", json!("")),
            ("priority", Value::Null),
        ]);
        assert_eq!(made, json!({"name": "x"}));
    }

    #[test]
    fn fields_hold_several_texts() {
        assert_eq!(words_of(" alice, bob\ncarol ,"), ["alice", "bob", "carol"]);
        assert_eq!(
            lines_of("ssh-ed25519 A\n\n  ssh-rsa B\n"),
            ["ssh-ed25519 A", "ssh-rsa B"]
        );
    }

    #[test]
    fn mistakes_name_their_field() {
        let mistake = |place: &str, message: &str| Mistake {
            place: place.to_owned(),
            message: message.to_owned(),
        };
        let found = [
            mistake("[[container]] #1, location", "is taken"),
            mistake("[[container]] #1", "is missing"),
        ];
        assert_eq!(words(&found), "location is taken. is missing.");
    }
}
