//! docs/CONFIGURATION.md lists every setting once, with its default.

use beamlive::config::Settings;
use serde_json::Value;
use std::collections::BTreeMap;

const DOCUMENT: &str = include_str!("../docs/CONFIGURATION.md");

/// Every setting with its default, as the document writes it.
fn settings(prefix: &str, value: &Value, found: &mut BTreeMap<String, String>) {
    let Value::Object(group) = value else {
        found.insert(prefix.to_owned(), shown(prefix, value));
        return;
    };
    for (key, value) in group {
        let key = match prefix {
            "" => key.clone(),
            prefix => format!("{prefix}.{key}"),
        };
        settings(&key, value, found);
    }
}

fn shown(key: &str, value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Array(all) if all.is_empty() => "none".to_owned(),
        Value::Array(all) => {
            let all: Vec<_> = all.iter().map(|one| shown(key, one)).collect();
            all.join(", ")
        }
        Value::String(text) => format!("`{text}`"),
        Value::Bool(yes) => format!("`{yes}`"),
        Value::Number(number) => {
            let number = number.as_u64().unwrap();
            let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
            let unit = units
                .iter()
                .find(|(_, size)| key.contains("_bytes") && number > 0 && number % size == 0);
            match unit {
                Some((unit, size)) => format!("{} {unit}", number / size),
                None => with_commas(number),
            }
        }
        Value::Object(_) => unreachable!("settings() descends into groups"),
    }
}

fn with_commas(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The rows of the document's tables: key and default.
fn documented() -> Vec<(String, String)> {
    DOCUMENT
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let mut cells = line.trim_matches('|').split(" | ").map(str::trim);
            let key = cells.next().unwrap().trim_matches('`').to_owned();
            (key, cells.next().unwrap().to_owned())
        })
        .collect()
}

#[test]
fn every_setting_is_documented_once_with_its_default() {
    let mut expected = BTreeMap::new();
    settings(
        "",
        &serde_json::to_value(Settings::default()).unwrap(),
        &mut expected,
    );
    assert!(expected.len() > 40, "{expected:?}");
    let documented = documented();
    let once: BTreeMap<_, _> = documented.iter().cloned().collect();
    assert_eq!(once.len(), documented.len(), "a key is documented twice");
    assert_eq!(once, expected);
}
