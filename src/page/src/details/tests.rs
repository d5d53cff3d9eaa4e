#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
use super::*;
use proptest::prelude::*;
use serde_json::json;

/// The parts of markup that are no text.
fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<').skip(1).filter_map(|rest| rest.split('>').next())
}

/// The names of the attributes of a tag, and their values.
fn attributes(tag: &str) -> Vec<(String, String)> {
    let parts: Vec<_> = tag.split('"').collect();
    parts
        .chunks(2)
        .filter_map(|pair| match pair {
            [before, value] => {
                let name = before.trim_end_matches('=').split_whitespace().last()?;
                Some((name.to_lowercase(), (*value).to_owned()))
            }
            _ => None,
        })
        .collect()
}

fn assert_harmless(html: &str) {
    for tag in tags(html) {
        let name = tag
            .split([' ', '/'])
            .find(|name| !name.is_empty())
            .unwrap_or_default();
        for bad in [
            "script",
            "iframe",
            "img",
            "object",
            "embed",
            "form",
            "input",
            "base",
            "meta",
            "foreignObject",
        ] {
            assert!(!name.eq_ignore_ascii_case(bad), "<{tag}>");
        }
        for (name, value) in attributes(tag) {
            assert!(!name.starts_with("on") && name != "style", "<{tag}>");
            if ["color", "class", "d", "transform"].contains(&name.as_str()) {
                assert!(!value.contains("url") && !value.contains(':'), "<{tag}>");
            }
            if ["href", "src", "xlink:href"].contains(&name.as_str()) {
                let fine = ["https:", "http:", "mailto:"]
                    .iter()
                    .any(|scheme| value.starts_with(scheme));
                assert!(fine, "<{tag}>");
            }
        }
    }
    for bad in ["<script", "NaN"] {
        assert!(!html.contains(bad), "{bad}");
    }
}

const HOSTILE: [&str; 60] = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//x>",
    "</title><script>",
    "</svg><script>",
    "</style><script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg/onload=alert(1)>",
    "<body onload=x>",
    "<a onclick=x>y</a>",
    "<iframe src=javascript:alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html,x)",
    "[x](vbscript:x)",
    "<javascript:alert(1)>",
    "![x](javascript:x)",
    "![x](https://x/y.png)",
    "[x]: javascript:x\n[x]",
    "<a href=\"java\nscript:x\">y</a>",
    "<a href=' javascript:x'>y</a>",
    "<a href=\"&#106;avascript:x\">y</a>",
    "\" onload=\"x",
    "' onload='x",
    "\"><script>",
    "'><script>",
    "`onload=x`",
    "<div style=\"x:expression(1)\">",
    "<p style='color:red'>x</p>",
    "<style>*{}</style>",
    "<link rel=stylesheet href=//x>",
    "<base href=//x>",
    "<meta http-equiv=refresh content=0>",
    "<form action=//x><input name=y>",
    "<object data=x>",
    "<embed src=x>",
    "<math><mtext><script>",
    "<noscript><p title=\"</noscript><img src=x onerror=x>\">",
    "<template><script>x</script></template>",
    "<details open ontoggle=x>",
    "<video><source onerror=x>",
    "<marquee onstart=x>",
    "<!--><script>",
    "<![CDATA[<script>]]>",
    "<?xml?><script>",
    "&lt;script&gt;alert(1)",
    "&#60;script&#62;",
    "\u{0}<script>",
    "<scr<script>ipt>",
    "<svg><a xlink:href=javascript:x>",
    "<foreignObject><script>",
    "<table background=javascript:x>",
    "<td onclick=x>",
    "url(javascript:x)",
    "#fff\" onload=\"x",
    "red;background:url(x)",
    "\u{202e}<script>",
    "𝒳\u{feff}",
    "=cmd|' /C calc'!A0",
    "<sub onclick=x>2</sub>",
];

/// All kinds of entries, with this text wherever a text may stand.
fn everywhere(text: &str) -> Value {
    let kinds = [
        "table",
        "lineplot",
        "scatterplot",
        "columnchart",
        "barchart",
        "histogram",
        "pie",
        "timeline",
        "gauge",
        "none",
        text,
    ];
    let data = |kind: &str| match kind {
        "table" => json!([[text, text], [text, 1]]),
        "lineplot" | "scatterplot" => json!({
            "x": [text, 1, 2, 3], "y1": [[text, 1, 2, text]], "y2": [[text, 3, 4, 5]], "y1-label": text, "x-label": text,
            "y2-label": text, "x-scale": text, "interpolation": text, "annotations": [{"value": 2, "text": text}],
        }),
        "columnchart" | "barchart" => json!({
            "x-label": text, "line": "l", "color-by": text, "stack": [[text, "b"]],
            "data": [{text: text, "a": 1, "b": 2, "l": 3}, {text: "y", "a": -1, "l": 2}],
        }),
        "histogram" => json!({"data": [{"x": 1, "y": 2}], "x-label": text, "y-label": text}),
        "timeline" => json!([{"type": text, "start": 0, "end": 1e12, "label": text}]),
        _ => json!([{"label": text, "value": 3, "start": 4, "color": text}]),
    };
    let entries: Vec<_> = kinds
        .iter()
        .map(|kind| {
            json!({"id": text, "title": text, "kind": kind, "style": text, "description": text, "notes": text,
                "header": "row column", "colors": {text: text}, "time-format": text, "data": data(kind)})
        })
        .collect();
    json!([{"title": text, "style": text, "description": text, "notes": text, "content": entries}, text, [text]])
}

#[test]
fn nothing_of_a_report_runs_or_loads() {
    for text in HOSTILE {
        let details = everywhere(text);
        assert_harmless(&report(&details).into_string());
        let found = figures(&details);
        assert_eq!(found.len(), 8, "{text}");
        for chart in found {
            let svg = figure_svg(&details, chart.section, chart.entry).unwrap_or_default();
            assert_harmless(&svg.replacen("<style>", "", 1));
        }
        for entry in 0..11 {
            let csv = figure_csv(&details, 0, entry).unwrap_or_default();
            assert!(!csv.lines().any(|line| line.starts_with(['=', '@'])), "{csv}");
        }
    }
}

#[rstest::rstest]
#[case::mx(include_str!("../../tests/reports/mx.json"), include_str!("../../tests/reports/mx.html"), "mx.html")]
#[case::screen(include_str!("../../tests/reports/screen.json"), include_str!("../../tests/reports/screen.html"), "screen.html")]
#[case::kinds(include_str!("../../tests/reports/kinds.json"), include_str!("../../tests/reports/kinds.html"), "kinds.html")]
fn reports_look_as_they_did(#[case] json: &str, #[case] expected: &str, #[case] name: &str) {
    let details: Value = serde_json::from_str(json).unwrap();
    let html = report(&details).into_string().replace("><", ">\n<");
    let first = html
        .lines()
        .zip(expected.lines())
        .find(|(now, before)| now != before);
    assert!(html.trim() == expected.trim(), "{name} differs: {first:?}");
}

#[test]
fn a_figure_is_a_file_of_its_own() {
    let details: Value = serde_json::from_str(include_str!("../../tests/reports/mx.json")).unwrap();
    let svg = figure_svg(&details, 0, 1).unwrap();
    assert_eq!(svg.trim(), include_str!("../../tests/reports/mx.svg").trim());
    assert_eq!(
        figure_csv(&details, 0, 1).unwrap(),
        "Resolution Shell,Completeness (%),R-meas\r\n8,99.1,2.1\r\n4,99.8,4.5\r\n2,97.2,38\r\n"
    );
    assert_eq!(
        figure_csv(&details, 0, 0).unwrap(),
        ",A1-s2_xtal\r\nScore,0.87\r\nSpace Group,P2_1_2_1_2_1\r\n"
    );
    assert_eq!(figure_svg(&details, 0, 0), None);
    assert_eq!(figure_svg(&details, 9, 9), None);
}

#[test]
fn a_cell_is_no_formula() {
    let details = json!([{"content": [{"kind": "table", "data":
        [["=1+1", "-5", "+1e3", "@x", " =x"], ["a,b", "say \"x\"", "-x", "\t=x", "2"]]}]}]);
    assert_eq!(
        figure_csv(&details, 0, 0).unwrap(),
        "'=1+1,-5,+1e3,'@x,' =x\r\n\"a,b\",\"say \"\"x\"\"\",'-x,\"'\t=x\",2\r\n"
    );
}

#[test]
fn what_is_long_is_cut_and_says_so() {
    let rows: Vec<_> = (0..900).map(|row| vec![row; 60]).collect();
    let table = json!({"kind": "table", "data": rows});
    let details = json!([{"content": vec![table; 2]}]);
    let html = report(&details).into_string();
    assert!(html.contains("The first 500 of 900 rows") && html.contains("The first 50 of 60 columns"));
    let sections = json!(vec![json!({"title": "t", "content": []}); 300]);
    let html = report(&sections).into_string();
    assert!(html.contains("The first 100 of 300 sections") && html.len() < 100_000);
    let long: Vec<_> = std::iter::once(json!("x"))
        .chain((0..50_000).map(|n| json!(n)))
        .collect();
    let plot = json!([{"content": [{"kind": "lineplot", "data": {"x": long, "y1": [long, long]}}]}]);
    assert!(report(&plot).into_string().len() < 300_000);
    let nested = json!([{"description": ">".repeat(100_000), "content": []}]);
    assert!(report(&nested).into_string().contains("first 20000 characters"));
}

#[test]
fn mistakes_are_told_in_place() {
    let cases = [
        (json!({"kind": "lineplot", "data": {}}), "it has no list x"),
        (
            json!({"kind": "lineplot", "data": {"x": ["x", 1], "y1": [["y", "n/a"]]}}),
            "no values that can be drawn",
        ),
        (json!({"kind": "table", "title": "T"}), "<h3>T</h3>"),
        (
            json!({"kind": "pie", "data": [{"label": "a", "value": 0}]}),
            "no values above zero",
        ),
        (json!({"kind": "hologram"}), "“hologram” are unknown"),
        (json!({"kind": "none", "title": "Kept"}), "<h3>Kept</h3>"),
        (json!(7), "it is no object"),
    ];
    for (entry, said) in cases {
        let html = report(&json!([{"content": [entry]}])).into_string();
        assert!(html.contains(said), "{html}");
    }
    for details in [
        json!(null),
        json!("x"),
        json!({}),
        json!([]),
        json!([null, 1, {"content": 3}]),
    ] {
        assert!(report(&details).into_string().contains("report"));
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "table",
        "lineplot",
        "columnchart",
        "barchart",
        "pie",
        "gauge",
        "timeline",
        "histogram",
        "inv-square",
        "time",
        "a",
        "<b>",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-9..9).prop_map(Value::from),
        words.prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 6, |inner| {
        let keys = prop::sample::select(vec![
            "kind",
            "data",
            "x",
            "y1",
            "y2",
            "content",
            "title",
            "style",
            "stack",
            "line",
            "x-label",
            "colors",
            "color-by",
            "label",
            "value",
            "start",
            "end",
            "annotations",
            "x-limits",
            "header",
            "notes",
            "x-scale",
            "aspect-ratio",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((keys, inner), 0..6).prop_map(|pairs| Value::Object(
                pairs
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect()
            )),
        ]
    })
}

proptest! {
    #[test]
    fn any_details_have_a_page(content in any_json(), kind in 0_usize..8, data in any_json()) {
        let kinds = ["table", "lineplot", "columnchart", "barchart", "pie", "gauge", "timeline", "histogram"];
        assert_harmless(&report(&content).into_string());
        let details = json!([{"content": [{"kind": kinds[kind], "data": data}, content]}]);
        assert_harmless(&report(&details).into_string());
        let _ = (figure_svg(&details, 0, 0), figure_csv(&details, 0, 0), figures(&details));
    }
}
