#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
use super::marks::thin;
use super::*;
use proptest::prelude::*;
use rstest::rstest;

fn series(name: &str) -> Series {
    Series {
        name: name.to_owned(),
        colour: Colour::Series(0),
    }
}

fn line(points: Vec<(f64, f64)>) -> Line {
    Line {
        series: series("shell"),
        points,
        curve: Curve::Linear,
        right: false,
        filled: false,
        dotted: true,
    }
}

fn figure(x: Axis, y: Axis, marks: Vec<Mark>) -> Figure {
    Figure {
        title: "Title".to_owned(),
        summary: "Summary".to_owned(),
        width: 800.0,
        aspect: 2.0,
        x,
        y,
        y2: None,
        marks,
        annotations: Vec::new(),
        legend: true,
    }
}

/// The value of each attribute of this name.
fn attributes<'a>(svg: &'a str, name: &str) -> Vec<&'a str> {
    let begin = format!(" {name}=\"");
    svg.split(&begin)
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect()
}

/// By hand: 1/8² = 1/64 and 1/2² = 1/4 are the ends, which are 15/64 apart. 1/4² = 4/64 is 3/64
/// from the first, a fifth of the way.
#[rstest]
#[case(8.0, 100.0)]
#[case(4.0, 300.0)]
#[case(2.0, 1100.0)]
// 1/2.5² = 0.16; (0.16 − 1/64) / (15/64) = 0.616.
#[case(2.5, 716.0)]
fn resolution_is_where_its_inverse_square_says(#[case] value: f64, #[case] place: f64) {
    let axis = Axis::over("Å", Scale::InvSquare, [8.0, 4.0, 2.0], None, 10);
    let placed = axis.place(value, 100.0, 1100.0).unwrap();
    assert!((placed - place).abs() < 1e-9, "{placed}");
}

#[rstest]
#[case(Scale::Linear, (0.0, 10.0), 2.5, 0.25)]
#[case(Scale::Identity, (0.0, 4.0), 1.0, 0.25)]
#[case(Scale::Time, (0.0, 4000.0), 1000.0, 0.25)]
#[case(Scale::Pow, (0.0, 10.0), 5.0, 0.25)]
#[case(Scale::Log, (1.0, 10_000.0), 10.0, 0.25)]
fn a_value_is_where_its_scale_says(
    #[case] scale: Scale,
    #[case] span: (f64, f64),
    #[case] value: f64,
    #[case] share: f64,
) {
    let axis = Axis::over("", scale, [span.0, span.1], None, 10);
    assert!((axis.place(value, 0.0, 1.0).unwrap() - share).abs() < 1e-12);
    assert!((scale.unwarp(scale.warp(value).unwrap()) - value).abs() < 1e-9);
}

#[test]
fn the_pixel_is_the_one_that_the_scale_says() {
    let x = Axis::over("", Scale::InvSquare, [8.0, 2.0], None, 10);
    let y = Axis::over("", Scale::Linear, [0.0, 100.0], None, 5);
    let svg = figure(
        x,
        y,
        vec![Mark::Line(line(vec![(8.0, 0.0), (4.0, 50.0), (2.0, 100.0)]))],
    )
    .render()
    .into_string();
    let plot: Vec<f64> = attributes(&svg, "data-plot")[0]
        .split(' ')
        .map(|text| text.parse().unwrap())
        .collect();
    let path = attributes(&svg, "d")
        .into_iter()
        .find(|d| d.starts_with('M') && d.matches('L').count() == 2);
    let places: Vec<f64> = path
        .unwrap()
        .split(['M', 'L', ' '])
        .filter_map(|text| text.parse().ok())
        .collect();
    let [left, top, width, height] = plot[..] else {
        panic!()
    };
    let expected = [
        left,
        top + height,
        left + 0.2 * width,
        top + height / 2.0,
        left + width,
        top,
    ];
    for (place, expected) in places.iter().zip(expected) {
        assert!((place - expected).abs() < 0.011, "{places:?} {expected}");
    }
    assert_eq!(svg.matches("class=\"point").count(), 3);
}

#[rstest]
#[case::linear(Scale::Linear, &[0.0, 9.7], "0 1 2 3 4 5 6 7 8 9")]
#[case::wide(Scale::Linear, &[-1200.0, 30_000.0], "0 5000 10\u{2009}000 15\u{2009}000 20\u{2009}000 25\u{2009}000 30\u{2009}000")]
#[case::pow(Scale::Pow, &[0.0, 10.0], "0 3 4.5 5.5 6.3 7 7.7 8.4 9 9.5 10")]
#[case::resolution(Scale::InvSquare, &[8.0, 4.0, 2.0], "8 5 4 3.4 3 2.7 2.5 2.4 2.2 2.1 2")]
#[case::log(Scale::Log, &[1.0, 1000.0], "1 10 100 1000")]
#[case::index(Scale::Identity, &[0.0, 3.0], "0 1 2 3")]
fn ticks_are_round(#[case] scale: Scale, #[case] values: &[f64], #[case] expected: &str) {
    let axis = Axis::over("", scale, values.iter().copied(), None, 10);
    let labels: Vec<_> = axis.ticks.iter().map(|tick| tick.label.as_str()).collect();
    assert_eq!(labels.join(" "), expected);
}

#[test]
fn limits_count_in_either_order_and_nonsense_does_not() {
    for limits in [(1.5, 20.0), (20.0, 1.5)] {
        let axis = Axis::over("", Scale::InvSquare, [8.0, 2.0], Some(limits), 10);
        assert!((axis.span.0 - 20.0).abs() < 1e-9 && (axis.span.1 - 1.5).abs() < 1e-9);
    }
    for limits in [(0.0, 1.0), (f64::NAN, 2.0), (3.0, 3.0)] {
        let axis = Axis::over("", Scale::InvSquare, [8.0, 2.0], Some(limits), 10);
        assert!((axis.span.0 - 8.0).abs() < 1e-9, "{limits:?}");
    }
}

#[test]
fn long_lists_are_thinned_and_keep_their_peaks() {
    let mut points: Vec<_> = (0..100_000).map(|number| (f64::from(number), 1.0)).collect();
    points[50_001].1 = 99.0;
    points[70_007].1 = -99.0;
    let thinned = thin(&points);
    assert!(thinned.len() <= 2_000);
    assert!(thinned.contains(&(50_001.0, 99.0)) && thinned.contains(&(70_007.0, -99.0)));
    assert!(thinned.windows(2).all(|pair| pair[0].0 < pair[1].0));
}

#[test]
fn what_is_outside_the_limits_has_no_point_and_a_gap_interrupts_a_line() {
    let x = Axis::over("", Scale::Linear, [0.0, 5.0], None, 10);
    let y = Axis::over("", Scale::Linear, [], Some((0.0, 10.0)), 5);
    let points = vec![
        (0.0, 1.0),
        (1.0, 99.0),
        (2.0, f64::NAN),
        (3.0, 3.0),
        (4.0, 2.0),
        (5.0, f64::INFINITY),
    ];
    let svg = figure(x, y, vec![Mark::Line(line(points))])
        .render()
        .into_string();
    assert_eq!(svg.matches("class=\"line ").count(), 2);
    assert_eq!(svg.matches("class=\"point").count(), 3);
}

#[test]
fn a_file_needs_no_style_sheet() {
    let x = Axis::over("x < y", Scale::Linear, [0.0, 5.0], None, 10);
    let y = Axis::rounded("", Scale::Linear, [0.0, 9.0], None, 5);
    let svg = figure(x, y, vec![Mark::Line(line(vec![(0.0, 0.0), (5.0, 9.0)]))]).file();
    assert!(svg.starts_with("<?xml") && svg.contains("xmlns=") && svg.contains(".c0{color:#1769c4}"));
    assert!(svg.contains("x &lt; y") && svg.contains("shell") && !svg.contains("var("));
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        -1e3..1e3,
        Just(0.0),
        Just(f64::MAX),
        Just(f64::MIN_POSITIVE),
        Just(-1e149)
    ]
}

fn any_scale() -> impl Strategy<Value = Scale> {
    prop::sample::select(vec![
        Scale::Linear,
        Scale::Time,
        Scale::Pow,
        Scale::InvSquare,
        Scale::Log,
        Scale::Identity,
    ])
}

proptest! {
    #[test]
    fn scales_keep_the_order(scale in any_scale(), one in any_number(), other in any_number()) {
        let (low, high) = (one.min(other), one.max(other));
        if let Some((low, high)) = scale.warp(low).zip(scale.warp(high)) {
            let (low, high) = if scale == Scale::InvSquare { (high, low) } else { (low, high) };
            prop_assert!(low <= high);
        }
    }

    #[test]
    fn ticks_are_inside_and_in_order(
        scale in any_scale(),
        values in prop::collection::vec(any_number(), 0..6),
        limits in prop::option::of((any_number(), any_number())),
        count in 0_usize..30,
        is_rounded: bool,
    ) {
        let axis = if is_rounded {
            Axis::rounded("", scale, values, limits, count)
        } else {
            Axis::over("", scale, values, limits, count)
        };
        prop_assert!(axis.ticks.len() <= 200);
        let places: Vec<_> = axis.ticks.iter().map(|tick| axis.place(tick.value, 0.0, 1.0)).collect();
        for place in &places {
            prop_assert!(place.is_some_and(|place| (-1e-6..=1.0 + 1e-6).contains(&place)), "{axis:?}");
        }
        prop_assert!(places.windows(2).all(|pair| pair[0] <= pair[1]), "{axis:?}");
    }

    #[test]
    fn no_attribute_is_without_a_number(
        scale in any_scale(),
        points in prop::collection::vec((any_number(), any_number()), 0..40),
        size in (any_number(), any_number()),
        note in any_number(),
        curve in prop::sample::select(vec![Curve::Linear, Curve::Cardinal, Curve::Basis, Curve::Step]),
        filled: bool,
    ) {
        let x = Axis::over("x", scale, points.iter().map(|point| point.0), None, 10);
        let y = Axis::rounded("y", Scale::Linear, points.iter().map(|point| point.1), None, 5);
        let boxes = points.iter().map(|(x, y)| Block {
            x: (*x, *y),
            y: (0.0, *y),
            label: String::new(),
            value: String::new(),
            colour: Some(Colour::Shade(200)),
            href: None,
        });
        let marks = vec![
            Mark::Boxes(Boxes { series: series("b"), boxes: boxes.collect() }),
            Mark::Line(Line { curve, filled, ..line(points.clone()) }),
            Mark::Points(Points { series: series("p"), points: points.clone(), right: true }),
        ];
        let mut figure = figure(x, y, marks);
        (figure.width, figure.aspect) = size;
        figure.annotations = vec![Annotation { value: note, text: "note".to_owned() }];
        figure.y2 = Some(Axis::rounded("y2", Scale::Log, points.iter().map(|point| point.1), None, 5));
        let svg = figure.file();
        for bad in ["NaN", "inf", "Inf"] {
            prop_assert!(!svg.contains(bad), "{svg}");
        }
    }
}
