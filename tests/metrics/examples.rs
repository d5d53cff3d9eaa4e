//! The alert rules and the dashboard name only metrics and labels that exist.

use super::{exposed, Known};
use serde_json::Value;
use std::collections::BTreeSet;

const ALERTS: &str = include_str!("../../examples/alerts.yml");
const DASHBOARD: &str = include_str!("../../examples/grafana-dashboard.json");

/// Other words of expressions.
const WORDS: [&str; 18] = [
    "sum",
    "max",
    "min",
    "rate",
    "increase",
    "histogram_quantile",
    "predict_linear",
    "by",
    "on",
    "group_left",
    "or",
    "and",
    "unless",
    "label_values",
    "time",
    "instance",
    "job",
    "le",
];
/// Labels that Prometheus puts on every sample.
const EVERYWHERE: [&str; 2] = ["instance", "job"];
/// The alerts that an operator needs.
const ALARMS: [&str; 11] = [
    "BeamliveDown",
    "BeamliveWritesOff",
    "BeamliveOutboxOld",
    "BeamliveErrors",
    "BeamliveSlow",
    "BeamliveStoreTrouble",
    "BeamliveActorLost",
    "BeamliveDiskFull",
    "BeamliveUsersRootDown",
    "BeamliveQueueNearlyFull",
    "BeamliveCertificateEnds",
];

/// A word of an expression, or the text between braces or brackets.
#[derive(Debug, PartialEq)]
enum Part<'a> {
    Word(&'a str),
    Matchers(&'a str),
    Other(char),
}

/// The words of an expression. Strings outside of braces and durations hold no names.
fn parts(expression: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        let length = match first {
            '{' => {
                let end = rest.find('}').unwrap_or_else(|| panic!("{expression}"));
                parts.push(Part::Matchers(&rest[1..end]));
                end + 1
            }
            '[' => rest.find(']').unwrap_or_else(|| panic!("{expression}")) + 1,
            c if is_name(c) => {
                let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
                if !c.is_ascii_digit() {
                    parts.push(Part::Word(&rest[..end]));
                }
                end
            }
            c => {
                if !c.is_whitespace() {
                    parts.push(Part::Other(c));
                }
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    parts
}

/// The labels of the metric with this name in an expression. `None` when there is no such metric.
fn labels_of(known: &Known, name: &str) -> Option<BTreeSet<String>> {
    let everywhere = EVERYWHERE.map(str::to_owned);
    if name == "up" {
        return Some(everywhere.into());
    }
    let (kind, labels) = known.get(name).or_else(|| {
        let suffix = ["_bucket", "_sum", "_count"]
            .iter()
            .find(|suffix| name.ends_with(*suffix))?;
        known
            .get(name.strip_suffix(suffix)?)
            .filter(|(kind, _)| kind == "histogram")
    })?;
    assert!(
        kind != "histogram" || !known.contains_key(name),
        "{name} is a histogram: an expression needs its buckets, sum or count"
    );
    let mut labels: BTreeSet<_> = labels.iter().cloned().chain(everywhere).collect();
    if name.ends_with("_bucket") {
        labels.insert("le".to_owned());
    }
    Some(labels)
}

/// Checks that the names of an expression exist. Returns the labels of its samples.
fn check(known: &Known, expression: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let parts = parts(expression);
    let mut grouping = Vec::new();
    for (place, part) in parts.iter().enumerate() {
        let Part::Word(word) = part else { continue };
        let after = &parts[place + 1..];
        if ["by", "on", "group_left"].contains(word) {
            let inside = after.iter().take_while(|part| **part != Part::Other(')'));
            grouping.extend(inside.filter_map(|part| match part {
                Part::Word(label) => Some(*label),
                _ => None,
            }));
        } else if let Some(labels) = labels_of(known, word) {
            if let Some(Part::Matchers(matchers)) = after.first() {
                for matcher in matchers.split("\",").flat_map(|text| text.split_once('=')) {
                    let label = matcher.0.trim().trim_end_matches('!');
                    assert!(
                        labels.contains(label),
                        "{word} has no label {label}: {expression}"
                    );
                }
            }
            all.extend(labels);
        } else {
            let a_label = grouping.contains(word);
            assert!(
                a_label || WORDS.contains(word),
                "there is no metric {word}: {expression}"
            );
        }
    }
    for label in grouping {
        assert!(all.contains(label), "nothing has the label {label}: {expression}");
    }
    assert!(!all.is_empty(), "{expression} names no metric");
    all
}

/// The labels that a text uses between `open` and `close`.
fn named<'a>(text: &'a str, open: &'a str, close: char) -> impl Iterator<Item = &'a str> {
    let ends = move |rest: &'a str| rest.split(close).next().unwrap_or(rest).trim();
    text.split(open).skip(1).map(ends)
}

#[actix_web::test]
async fn the_alert_rules_name_existing_metrics() {
    let known = exposed().await;
    let rules: Vec<_> = ALERTS.split("- alert: ").skip(1).collect();
    let names: Vec<_> = rules.iter().filter_map(|rule| rule.lines().next()).collect();
    for alarm in ALARMS {
        assert!(names.contains(&alarm), "{alarm} is missing among {names:?}");
    }
    for rule in rules {
        let expressions: Vec<_> = rule
            .lines()
            .filter_map(|line| line.trim().strip_prefix("expr: "))
            .collect();
        let [expression] = expressions[..] else {
            panic!("one expression on one line: {rule}");
        };
        let labels = check(&known, expression);
        for label in named(rule, "$labels.", ' ') {
            assert!(labels.contains(label), "no {label} in {expression}");
        }
        for key in ["severity: ", "summary: ", "advice: "] {
            assert!(rule.contains(key), "{key} is missing in {rule}");
        }
    }
}

#[actix_web::test]
async fn the_dashboard_names_existing_metrics_and_shows_all_of_them() {
    let known = exposed().await;
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let mut shown = String::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        let targets = panel["targets"].as_array().map_or(&[][..], Vec::as_slice);
        assert!(
            panel["type"] == "row" || !targets.is_empty(),
            "{} shows nothing",
            panel["title"]
        );
        for target in targets {
            let expression = target["expr"].as_str().unwrap();
            let labels = check(&known, expression);
            for label in named(target["legendFormat"].as_str().unwrap(), "{{", '}') {
                assert!(labels.contains(label), "no {label} in {expression}");
            }
            shown.push_str(expression);
        }
    }
    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        if let Some(definition) = variable["definition"].as_str() {
            check(&known, definition);
        }
    }
    for name in known.keys() {
        assert!(shown.contains(name.as_str()), "{name} is on no panel");
    }
}

#[actix_web::test]
async fn an_expression_with_an_unknown_metric_or_label_is_noticed() {
    let known = exposed().await;
    for wrong in [
        "beamlive_no_such_metric > 0",
        "sum by (route) (rate(beamlive_store_groups_total[5m]))",
        "beamlive_store_groups_total{beamline=\"BM\"}",
        "rate(beamlive_store_commit_duration_seconds[5m])",
        "beamlive_store_groups_total_bucket",
        "vector(1)",
    ] {
        let checked = std::panic::catch_unwind(|| check(&known, wrong));
        assert!(checked.is_err(), "{wrong} was accepted");
    }
    check(
        &known,
        "sum by (route) (rate(beamlive_http_requests_total{status=~\"5..\",method!=\"GET\"}[5m]))",
    );
}
