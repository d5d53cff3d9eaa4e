//! Prometheus' text format.

use std::collections::{BTreeMap, BTreeSet};

/// A family's type, and its samples by their labels.
pub type Family<'a> = (&'a str, Vec<(&'a str, f64)>);

/// Parses the format strictly.
pub fn families(text: &str) -> BTreeMap<&str, Family<'_>> {
    let mut families = BTreeMap::<&str, Family<'_>>::new();
    let mut helped = None;
    let mut current: Option<(&str, &str)> = None;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(!help.is_empty(), "{line}");
            helped = Some(name);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(helped, Some(name), "{line}");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(
                families.insert(name, (kind, Vec::new())).is_none(),
                "{name} occurs twice"
            );
            current = Some((name, kind));
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let value: f64 = value.parse().unwrap_or_else(|error| panic!("{line}: {error}"));
            let (name, labels) = series.split_once('{').unwrap_or((series, ""));
            let (family, kind) = current.unwrap();
            let suffixes: &[&str] = if kind == "histogram" {
                &["_bucket", "_sum", "_count"]
            } else {
                &[""]
            };
            assert!(
                suffixes.iter().any(|suffix| name == format!("{family}{suffix}")),
                "{line} does not belong to {family}"
            );
            assert!(labels.is_empty() || labels.ends_with('}'), "{line}");
            families
                .get_mut(family)
                .unwrap()
                .1
                .push((labels.trim_end_matches('}'), value));
        }
    }
    families
}

/// The names of the labels of a sample.
pub fn label_names(labels: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    let mut rest = labels;
    while let Some((name, value)) = rest.split_once("=\"") {
        names.insert(name.trim_start_matches(','));
        let end = value
            .match_indices('"')
            .find(|(at, _)| !value[..*at].ends_with('\\'))
            .unwrap_or_else(|| panic!("{labels}: a value has no closing quote"));
        rest = &value[end.0 + 1..];
    }
    names
}
