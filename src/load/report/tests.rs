#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::*;
use crate::load::measure::Tally;
use crate::load::program::Outcome;
use serde_json::Value;

fn report(books: Verdict) -> Report {
    let mut course = Course::default();
    for second in 1..=10 {
        let mut tally = Tally::default();
        for millis in 1..=100 {
            tally.enter(
                Operation::Dataset,
                Outcome::Status(200),
                Duration::from_millis(millis),
            );
        }
        tally.enter(Operation::Dataset, Outcome::Status(503), Duration::from_millis(1));
        tally.enter(Operation::Keys, Outcome::TimedOut, Duration::from_secs(30));
        course.enter(&tally, Duration::from_secs(second));
    }
    // The end of a run, which is too short to say anything of the rate.
    let mut tally = Tally::default();
    tally.enter(Operation::Close, Outcome::Status(200), Duration::from_millis(1));
    course.enter(&tally, Duration::from_millis(10_004));
    let about = About {
        url: "http://127.0.0.1:8000/<b>".to_owned(),
        options: vec![("mix".to_owned(), "uploads".to_owned())],
        ..About::default()
    };
    Report::new(about, &course, Duration::from_secs(10), false, books)
}

fn unchecked() -> Verdict {
    Verdict::Unchecked {
        reason: "nobody asked".to_owned(),
    }
}

#[test]
fn json_has_the_numbers() {
    let json: Value = serde_json::from_str(&report(unchecked()).to_json().unwrap()).unwrap();
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
    assert_eq!(json["course"].as_array().unwrap().len(), 10, "without the end");
    assert_eq!(json["course"][0]["rates"]["dataset"], 100.0);
    assert_eq!(json["books"]["verdict"], "unchecked");
    assert_eq!(json["url"], "http://127.0.0.1:8000/<b>");
}

#[test]
fn text_has_a_row_for_each_operation_and_the_books() {
    let text = table(&report(unchecked()));
    let row = text.lines().find(|line| line.starts_with("dataset")).unwrap();
    let words: Vec<_> = row.split_whitespace().collect();
    assert_eq!(words[1..3], ["1010", "100"]);
    assert!(row.ends_with("200 ×1000, 503 ×10"), "{row}");
    assert!(text.contains("note: 20 requests did not succeed"), "{text}");
    assert!(text.contains("books: not checked: nobody asked"), "{text}");
    let wrong = Findings {
        missing: 3,
        named: vec!["dataset x is missing".to_owned()],
        ..Findings::default()
    };
    let text = table(&report(Verdict::of(wrong)));
    assert!(
        text.contains("books: WRONG") && text.contains("3 are missing"),
        "{text}"
    );
    assert!(text.ends_with("  dataset x is missing\n  and 2 more\n"), "{text}");
}

#[test]
fn the_page_stands_alone_and_shows_the_numbers() {
    let page = page(&report(Verdict::Right(Findings::default())));
    for needed in [
        "Books right",
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
    // A curve of the datasets and a dot of the only close, a line for each operation in the course, and two more charts.
    assert_eq!(page.matches("class=\"line ").count(), 1 + 3 + 1 + 1);
    assert_eq!(page.matches("class=\"dot ").count(), 1);
}

#[test]
fn a_page_of_nothing_is_a_page_all_the_same() {
    let empty = Report::new(
        About::default(),
        &Course::default(),
        Duration::ZERO,
        true,
        unchecked(),
    );
    let page = page(&empty);
    assert!(page.contains("Books not checked") && page.contains("ended before its time"));
    assert!(!page.contains("NaN") && !page.contains("inf"));
}
