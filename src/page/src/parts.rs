//! Parts that pages share. Other parts are only classes of the style sheet: `.card`, `.badge`,
//! `.notice`, `.empty`, `.button`, `.table`.

use maud::{html, Markup};

/// A link of the navigation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What is read.
    pub text: String,
    /// Where it leads. The caller makes it; it is not checked.
    pub href: String,
}

/// The top of a page: a link over the navigation, the name of the service, and its parts.
/// `here` is the address of the current part; `who` stands at the right.
#[must_use]
pub fn top(brand: &Link, links: &[Link], here: &str, who: &Markup) -> Markup {
    html! {
        a.skip.visually-hidden href="#content" { "To the content" }
        header.top {
            a.brand href=(brand.href) { (brand.text) }
            input #menu .visually-hidden type="checkbox" aria-label="Show the navigation";
            label.toggle for="menu" aria-hidden="true" { "Menu" }
            nav aria-label="Parts" {
                @for link in links {
                    a href=(link.href) aria-current=[(link.href == here).then_some("page")] { (link.text) }
                }
            }
            div.who { (who) }
        }
    }
}

/// The pages of a part. `here` is the address of the current one.
#[must_use]
pub fn tabs(links: &[Link], here: &str) -> Markup {
    html! {
        nav.tabs aria-label="Pages of this part" {
            @for link in links {
                a href=(link.href) aria-current=[(link.href == here).then_some("page")] { (link.text) }
            }
        }
    }
}

/// The way to a page. The last text is the page itself.
#[must_use]
pub fn crumbs(above: &[Link], page: &str) -> Markup {
    html! {
        nav.crumbs aria-label="Breadcrumbs" {
            ol {
                @for link in above { li { a href=(link.href) { (link.text) } } }
                li aria-current="page" { (page) }
            }
        }
    }
}

/// The links between the pages of a list, around what is shown now.
#[must_use]
pub fn pages(earlier: Option<&str>, shown: &str, later: Option<&str>) -> Markup {
    html! {
        nav.pages aria-label="Pages" {
            @if let Some(href) = earlier { a rel="prev" href=(href) { "← Earlier" } }
            span { (shown) }
            @if let Some(href) = later { a rel="next" href=(href) { "Later →" } }
        }
    }
}

/// A number with its unit and its name, for `.tiles`.
#[must_use]
pub fn tile(value: &str, unit: &str, name: &str) -> Markup {
    html! {
        div.tile {
            p.value { (value) @if !unit.is_empty() { span.unit { (unit) } } }
            p.name { (name) }
        }
    }
}

/// Names and values.
#[must_use]
pub fn facts<N: maud::Render, V: maud::Render>(facts: &[(N, V)]) -> Markup {
    html! {
        dl.facts { @for (name, value) in facts { div { dt { (name) } dd { (value) } } } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(text: &str, href: &str) -> Link {
        Link {
            text: text.to_owned(),
            href: href.to_owned(),
        }
    }

    #[test]
    fn the_current_part_is_marked_and_texts_are_escaped() {
        let links = [link("Data", "/data"), link("<b>", "/reports\"x")];
        let html = top(&link("beamlive", "/"), &links, "/data", &html! {}).into_string();
        assert_eq!(html.matches("aria-current").count(), 1);
        assert!(
            html.contains("href=\"/data\" aria-current=\"page\">Data<"),
            "{html}"
        );
        assert!(
            html.contains("&lt;b&gt;") && html.contains("/reports&quot;x"),
            "{html}"
        );
        assert!(!html.contains("<b>"), "{html}");
    }

    #[test]
    fn a_list_of_one_page_has_no_links() {
        assert!(!pages(None, "1 to 3 of 3", None).into_string().contains("<a"));
    }
}
