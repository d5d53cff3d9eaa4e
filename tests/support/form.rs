//! Reads the form of an HTML page.

use std::collections::BTreeSet;

/// The form of a page.
#[derive(Debug)]
pub struct Form {
    /// Its attributes as they are written in the page.
    pub attributes: String,
    /// The names of all fields.
    pub names: BTreeSet<String>,
    /// The names and values of all choices.
    pub choices: Vec<(String, String)>,
}

impl Form {
    /// The only form of `page`.
    pub fn of(page: &str) -> Self {
        let mut forms = page.split("<form").skip(1);
        let form = forms.next().unwrap_or_else(|| panic!("no form: {page}"));
        assert!(forms.next().is_none(), "more than one form: {page}");
        let (attributes, form) = form.split_once('>').unwrap();
        let (form, _) = form.split_once("</form>").unwrap();
        let mut found = Self {
            attributes: attributes.to_owned(),
            names: BTreeSet::new(),
            choices: Vec::new(),
        };
        let mut select = None;
        for tag in form.split('<').skip(1) {
            let (tag, _) = tag.split_once('>').unwrap();
            let name = attribute(tag, "name").map(str::to_owned);
            let value = attribute(tag, "value").map(str::to_owned);
            if tag.starts_with("select") {
                select.clone_from(&name);
            }
            let chosen = tag.starts_with("option") || attribute(tag, "type") == Some("radio");
            if let (true, Some(name), Some(value)) = (chosen, name.as_ref().or(select.as_ref()), value) {
                found.choices.push((name.clone(), value));
            }
            found.names.extend(name);
        }
        found
    }

    /// The names of the fields for text.
    pub fn texts(&self) -> Vec<&str> {
        let chosen: BTreeSet<_> = self.choices.iter().map(|(name, _)| name.as_str()).collect();
        self.names
            .iter()
            .map(String::as_str)
            .filter(|name| !chosen.contains(name))
            .collect()
    }
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}
