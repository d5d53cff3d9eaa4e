#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::*;
use crate::about::About;
use crate::audit::Findings;
use crate::measure::{Tally, TimeSeries};
use crate::program::{Operation, Outcome};
use crate::results::{Results, Verdict};
use serde_json::Value;
use std::time::Duration;

fn results(audit: Verdict) -> Results {
    let mut series = TimeSeries::default();
    for second in 1..=10 {
        let mut tally = Tally::default();
        for millis in 1..=100 {
            tally.count(
                Operation::Dataset,
                Outcome::Status(200),
                Duration::from_millis(millis),
            );
        }
        tally.count(Operation::Dataset, Outcome::Status(503), Duration::from_millis(1));
        tally.count(Operation::Keys, Outcome::TimedOut, Duration::from_secs(30));
        series.add(&tally, Duration::from_secs(second));
    }
    // The end of a run, which is too short for a rate.
    let mut tally = Tally::default();
    tally.count(Operation::Close, Outcome::Status(200), Duration::from_millis(1));
    series.add(&tally, Duration::from_millis(10_004));
    let about = About {
        url: "http://127.0.0.1:8000/<b>".to_owned(),
        options: vec![("mix", "uploads".to_owned())],
        ..About::default()
    };
    Results::new(about, &series, Duration::from_secs(10), false, audit)
}

fn unchecked() -> Verdict {
    Verdict::Unchecked {
        reason: "nobody asked".to_owned(),
    }
}

#[test]
fn json_has_the_numbers() {
    let json: Value = serde_json::to_value(results(unchecked())).unwrap();
    let rows = json["operations"].as_array().unwrap();
    let names: Vec<_> = rows
        .iter()
        .map(|row| row["operation"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["close", "dataset", "keys"]);
    let dataset = &rows[1];
    assert_eq!(
        (&dataset["count"], &dataset["failed"]),
        (&Value::from(1_010), &Value::from(10))
    );
    assert_eq!(dataset["rate"], 100.0);
    assert_eq!(dataset["statuses"], serde_json::json!({"200": 1_000, "503": 10}));
    for (name, expected) in [
        ("p50_ms", 50.0),
        ("p90_ms", 90.0),
        ("p99_ms", 99.0),
        ("p999_ms", 100.0),
        ("max_ms", 100.0),
    ] {
        let ms = dataset[name].as_f64().unwrap();
        assert!((ms - expected).abs() < 0.2, "{name}: {ms}");
    }
    assert_eq!(rows[2]["statuses"], serde_json::json!({"timed out": 10}));
    assert_eq!(json["series"].as_array().unwrap().len(), 10, "without the end");
    assert_eq!(json["series"][0]["rates"]["dataset"], 100.0);
    assert_eq!(json["audit"]["verdict"], "unchecked");
    assert_eq!(json["url"], "http://127.0.0.1:8000/<b>");
}

#[test]
fn text_has_a_row_for_each_operation_and_the_audit() {
    let text = table(&results(unchecked()));
    let row = text.lines().find(|line| line.starts_with("dataset")).unwrap();
    let words: Vec<_> = row.split_whitespace().collect();
    assert_eq!(words[1..3], ["1010", "100"]);
    assert!(row.ends_with("200 ×1000, 503 ×10"), "{row}");
    assert!(text.contains("note: 20 requests did not succeed"), "{text}");
    assert!(text.contains("audit: not checked: nobody asked"), "{text}");
    let wrong = Findings {
        missing: 3,
        named: vec!["dataset x is missing".to_owned()],
        ..Findings::default()
    };
    let text = table(&results(Verdict::of(wrong)));
    assert!(
        text.contains("audit: WRONG") && text.contains("3 are missing"),
        "{text}"
    );
    assert!(text.ends_with("  dataset x is missing\n  and 2 more\n"), "{text}");
}

#[test]
fn the_page_loads_nothing_and_shows_the_numbers() {
    let page = page(&results(Verdict::Right(Findings::default())));
    for needed in [
        "Records right",
        "1\u{2009}010",
        "200 ×1000, 503 ×10",
        "<svg",
        "prefers-color-scheme: dark",
        "@media print",
        "99.9",
    ] {
        assert!(page.contains(needed), "{needed}");
    }
    for forbidden in [
        "<script", "src=", "href=", "url(", "@import", "/<b>", "NaN", "inf",
    ] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    // A curve of the datasets and a dot of the only close, a line for each operation in the course,
    // and two more charts.
    assert_eq!(page.matches("class=\"line ").count(), 1 + 3 + 1 + 1);
    assert_eq!(page.matches("class=\"dot ").count(), 1);
}

#[test]
fn a_run_without_requests_has_a_page() {
    let empty = Results::new(
        About::default(),
        &TimeSeries::default(),
        Duration::ZERO,
        true,
        unchecked(),
    );
    let page = page(&empty);
    assert!(page.contains("Records not checked") && page.contains("ended before its time"));
    assert!(!page.contains("NaN") && !page.contains("inf"));
}
