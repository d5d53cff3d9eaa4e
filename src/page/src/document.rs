//! The frame of a page.

use crate::style::STYLE;
use maud::{html, Markup, PreEscaped, DOCTYPE};

/// A page in a single file: it loads nothing, and has no script. `body` stands in its `main`.
#[must_use]
#[allow(clippy::needless_pass_by_value)] // Markup is passed as maud's macros make it.
pub fn document(title: &str, body: Markup) -> Markup {
    let style = html! { style { (PreEscaped(STYLE)) } };
    shell(title, &style, &html! { main { (body) } })
}

/// A page of a service: `head` has the link to its style sheet, and whatever else it loads.
#[must_use]
pub fn shell(title: &str, head: &Markup, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                (head)
            }
            body { (body) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_loads_nothing_and_escapes_its_title() {
        let page = document("</title><script>", html! { p { "text" } }).into_string();
        assert!(page.contains("<main><p>text</p></main>") && page.contains("prefers-color-scheme"));
        for forbidden in ["<script", "src=", "href=", "url(", "@import", " style=", "<link"] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
    }

    #[test]
    fn every_token_that_is_used_is_defined_for_light_and_dark() {
        let (_, uses) = STYLE.split_once("var(").unwrap_or_default();
        for name in uses
            .split("var(")
            .filter_map(|rest| rest.split([')', ',']).next())
        {
            assert!(STYLE.contains(&format!("{name}:")), "{name} is not defined");
        }
        assert_eq!(STYLE.matches('{').count(), STYLE.matches('}').count());
    }

    /// The tokens stand twice, because a style sheet cannot name a set of them.
    #[test]
    fn the_dark_tokens_are_the_same_by_choice_and_by_preference() {
        let (_, chosen) = STYLE.split_once("color-scheme: dark;").unwrap_or_default();
        let (_, preferred) = STYLE.split_once(":root:not([data-theme]) {").unwrap_or_default();
        let tokens = |text: &str| -> Vec<String> {
            let (tokens, _) = text.split_once('}').unwrap_or_default();
            tokens.split_whitespace().map(str::to_owned).collect()
        };
        assert!(!tokens(chosen).is_empty());
        assert_eq!(tokens(chosen), tokens(preferred));
    }
}
