#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;

const MS: Duration = Duration::from_millis(1);

fn difference(theirs: u16, ours: u16, line: &str) -> Verdict {
    Verdict::Different(Difference {
        theirs,
        ours,
        lines: vec![line.to_owned()],
        hint: None,
    })
}

/// A request that passed and was copied.
fn compared(tally: &mut Tally, target: &str, verdict: Verdict) {
    let route = Route::of(target).unwrap();
    tally.seen("GET", route.pattern, Some(10 * MS));
    tally.compared("GET", &route, true, 2 * MS, verdict);
}

#[test]
fn the_sums_are_right() {
    let mut tally = Tally::default();
    let list = "/api/v2/accesslist/";
    compared(&mut tally, list, Verdict::Same);
    compared(&mut tally, list, Verdict::Explained("so"));
    compared(&mut tally, "/api/v2/keys/bob", difference(200, 500, "x"));
    tally.seen("BREW", NOT_COPIED, Some(MS));
    tally.seen("GET", list, None);
    tally.dropped("GET", list, Dropped::QueueFull);
    tally.seen("GET", list, Some(MS));
    let report = tally.report(1);
    assert_eq!((report.requests, report.copied, report.dropped), (6, 3, 1));
    assert_eq!((report.same, report.explained, report.different), (1, 1, 1));
    assert_eq!((report.waiting, report.not_copied), (1, 1));
    let methods: Vec<_> = report.routes.iter().map(|row| row.method.as_str()).collect();
    assert_eq!(methods, ["GET", "GET", "other"]);
    let latency = report.routes[1].theirs.unwrap();
    assert!((9.9..10.2).contains(&latency.p50_ms), "{latency:?}");
    assert!((1.9..2.1).contains(&report.routes[1].ours.unwrap().p99_ms));
}

#[test]
fn equal_differences_are_one_sample_and_only_five_are_kept() {
    let mut tally = Tally::default();
    for number in [1, 1, 2, 3, 4, 5, 6, 1] {
        compared(
            &mut tally,
            "/api/v2/accesslist/",
            difference(200, 200, &number.to_string()),
        );
    }
    let row = tally.report(0).routes.remove(0);
    assert_eq!(row.different, 8);
    let counts: Vec<_> = row.samples.iter().map(|sample| sample.count).collect();
    assert_eq!(counts, [3, 1, 1, 1, 1]);
}

#[test]
fn tokens_that_are_all_refused_are_one_note() {
    for (status, words) in [(403, "same secret"), (404, "no such routes")] {
        let mut tally = Tally::default();
        for _ in 0..1000 {
            compared(&mut tally, "/api/v3/data/BM/", difference(200, status, "x"));
            compared(&mut tally, "/api/v3/samples/BM/", difference(200, status, "x"));
        }
        compared(&mut tally, "/api/v3/auth/", Verdict::Same);
        let report = tally.report(0);
        assert_eq!((report.different, report.explained, report.same), (0, 2000, 1));
        assert_eq!(report.notes.len(), 1);
        assert!(
            report.notes[0].starts_with(&format!("{status} to all 2000 ")),
            "{:?}",
            report.notes
        );
        assert!(report.notes[0].contains(words), "{:?}", report.notes);
        // If the answer to one of them is the same, all others count as differences.
        compared(&mut tally, "/api/v3/report/BM/", Verdict::Same);
        let report = tally.report(0);
        assert_eq!((report.different, report.explained), (2000, 0));
        assert_eq!((report.notes.len(), report.routes[1].samples[0].count), (0, 1000));
    }
}

#[test]
fn other_refusals_of_tokens_are_differences() {
    let mut tally = Tally::default();
    compared(&mut tally, "/api/v3/data/BM/", difference(200, 400, "x"));
    compared(&mut tally, "/api/v3/auth/", difference(200, 403, "x"));
    let report = tally.report(0);
    assert_eq!((report.different, report.notes.len()), (2, 0));
}
