#![allow(clippy::unwrap_used)]

use super::*;
use crate::shadow::compare::Difference;
use crate::shadow::report::{Counted, Latency, Row, Sample};
use rstest::rstest;

fn report() -> Report {
    let counted = |why: &str| Counted {
        count: 2,
        why: why.to_owned(),
    };
    let row = Row {
        method: "POST".to_owned(),
        route: "/api/v2/{token}/data/{beamline}/".to_owned(),
        requests: 7,
        copied: 5,
        same: 2,
        explained: vec![counted("as it should be")],
        different: 1,
        samples: vec![Sample {
            count: 1,
            difference: Difference {
                theirs: 200,
                ours: 400,
                lines: vec!["<b>: text / missing".to_owned()],
                hint: Some("look here"),
            },
        }],
        dropped: vec![counted("too many copies waited")],
        theirs: Some(Latency {
            p50_ms: 12.345,
            p99_ms: 150.0,
        }),
        ours: Some(Latency {
            p50_ms: 1.0,
            p99_ms: 2.5,
        }),
    };
    Report {
        upstream: "http://mxlive/".to_owned(),
        service: "http://beamlive/".to_owned(),
        requests: 7,
        copied: 5,
        same: 2,
        explained: 2,
        different: 1,
        dropped: 2,
        notes: vec!["a note".to_owned()],
        routes: vec![row],
        ..Report::default()
    }
}

#[test]
fn the_text_says_everything() {
    let text = report().text();
    for part in [
        "7 requests, 5 copied, 2 dropped: 2 same, 2 explained, 1 different\n",
        "Note: a note\n",
        "\nPOST /api/v2/{token}/data/{beamline}/\n",
        "real server p50 12.3 ms, p99 150 ms; beamlive p50 1.00 ms, p99 2.50 ms\n",
        "dropped 2 ×: too many copies waited\n",
        "explained 2 ×: as it should be\n",
        "different 1 × status 200 / 400; <b>: text / missing\n    look here\n",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

#[rstest]
#[case("report.txt", "1 × status 200 / 400; <b>: text / missing")]
#[case("report.json", "\"theirs\": 200,")]
#[case("report.html", "1 × status 200 / 400; &lt;b&gt;: text / missing")]
fn the_name_chooses_the_format_and_the_file_is_replaced(#[case] name: &str, #[case] part: &str) {
    let place = tempfile::TempDir::new().unwrap();
    let path = place.path().join(name);
    let target: Target = path.to_str().unwrap().parse().unwrap();
    std::fs::write(&path, "old").unwrap();
    target.write(&report()).unwrap();
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(written.contains(part), "{written}");
    let names: Vec<_> = std::fs::read_dir(place.path()).unwrap().collect();
    assert_eq!(names.len(), 1, "{names:?}");
}

#[rstest]
#[case("report")]
#[case("report.pdf")]
fn other_names_are_refused(#[case] name: &str) {
    assert!(name.parse::<Target>().is_err());
}
