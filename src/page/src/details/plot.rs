//! Line plots and scatter plots.

use super::palette::Palette;
use super::read::{instant, number, pair, text, Entry};
use crate::figure::{Annotation, Axis, Curve, Figure, Line, Mark, Points, Scale, Series, Tick};
use serde_json::Value;

/// Most values of one series that are read.
const VALUES: usize = 100_000;
/// Most series of one axis.
const SERIES: usize = 30;

/// A list of values with its label.
pub(super) struct Column<'a> {
    pub(super) label: String,
    pub(super) values: &'a [Value],
}

/// The lists of a plot: x, those of the left axis, those of the right one.
pub(super) struct Columns<'a> {
    pub(super) x: Column<'a>,
    pub(super) left: Vec<Column<'a>>,
    pub(super) right: Vec<Column<'a>>,
}

impl<'a> Columns<'a> {
    pub(super) fn of(entry: Entry<'a>) -> Option<Self> {
        let x = column(entry.option("x")?.as_array()?);
        let many = |name: &str| -> Vec<Column<'a>> {
            let list = entry.option(name).and_then(Value::as_array);
            let list = list.map(Vec::as_slice).unwrap_or_default();
            if list.iter().any(Value::is_array) {
                list.iter()
                    .filter_map(Value::as_array)
                    .take(SERIES)
                    .map(|list| column(list))
                    .collect()
            } else if list.is_empty() {
                Vec::new()
            } else {
                vec![column(list)]
            }
        };
        let (left, right) = (many("y1"), many("y2"));
        Some(Self { x, left, right })
    }
}

fn column(list: &[Value]) -> Column<'_> {
    let (label, values) = list
        .split_first()
        .map_or((String::new(), list), |(label, values)| {
            (text(label).into_owned(), values)
        });
    Column {
        label,
        values: values.get(..VALUES.min(values.len())).unwrap_or_default(),
    }
}

/// The plot of an entry.
pub(super) fn plot(entry: Entry<'_>, scattered: bool) -> Result<Figure, &'static str> {
    let columns = Columns::of(entry).ok_or("it has no list x")?;
    if columns.left.is_empty() && columns.right.is_empty() {
        return Err("it has no list y1");
    }
    let scale = Scale::named(&entry.word("x-scale"));
    let (x, scale, names) = places(entry, scale, &columns.x);
    let palette = Palette::of(entry);
    let curve = Curve::named(&entry.word("interpolation"));
    let mut marks = Vec::new();
    for (number, (column, right)) in with_side(&columns).enumerate() {
        let points: Vec<_> = x.iter().copied().zip(column.values.iter().map(value)).collect();
        let name = named(&column.label, number);
        let series = Series {
            colour: palette.colour(number, &column.label),
            name,
        };
        let right = right && !columns.left.is_empty();
        marks.push(if scattered {
            Mark::Points(Points {
                series,
                points,
                right,
            })
        } else {
            Mark::Line(Line {
                series,
                points,
                curve,
                right,
                filled: false,
                dotted: true,
            })
        });
    }
    if !marks
        .iter()
        .any(|mark| points_of(mark).iter().any(|point| drawn(scale, *point)))
    {
        return Err("it has no values that can be drawn");
    }
    let values = |right: bool| {
        let of_side = marks.iter().filter(move |mark| mark.right() == right);
        of_side.flat_map(|mark| points_of(mark).iter().map(|point| point.1))
    };
    let y_axis = |right: bool, prefix: &str, list: &[Column<'_>]| {
        let scale = Scale::named(&entry.word(&format!("{prefix}-scale")));
        let scale = if scale == Scale::Time {
            Scale::Linear
        } else {
            scale
        };
        let limits = pair(entry.option(&format!("{prefix}-limits")));
        let title = axis_title(entry, &format!("{prefix}-label"), list);
        Axis::rounded(&title, scale, values(right), limits, 5)
    };
    let (left, y1) = if columns.left.is_empty() {
        (&columns.right, "y2")
    } else {
        (&columns.left, "y1")
    };
    let y = y_axis(false, y1, left);
    let has_right = !columns.left.is_empty() && !columns.right.is_empty();
    let y2 = has_right.then(|| y_axis(true, "y2", &columns.right));
    let x_title = if entry.word("x-label").is_empty() {
        columns.x.label.clone()
    } else {
        entry.word("x-label").into_owned()
    };
    let limits = match entry
        .option("x-limits")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    {
        Some([one, other]) => place(entry, scale, one).zip(place(entry, scale, other)),
        _ => None,
    };
    let mut axis = Axis::over(&x_title, scale, x.iter().copied(), limits, 10);
    if let Some(names) = names {
        axis.ticks = names;
    }
    Ok(Figure {
        title: entry.said("title").into_owned(),
        summary: summary(&x_title, &marks),
        width: 0.0,
        aspect: 0.0,
        x: axis,
        y,
        y2,
        legend: marks.len() > 1,
        marks,
        annotations: annotations(entry, |value| place(entry, scale, value)),
    })
}

/// The series of both sides, with whether theirs is the right one.
fn with_side<'a, 'b>(columns: &'b Columns<'a>) -> impl Iterator<Item = (&'b Column<'a>, bool)> {
    let left = columns.left.iter().map(|column| (column, false));
    left.chain(columns.right.iter().map(|column| (column, true)))
}

fn named(label: &str, number: usize) -> String {
    if label.trim().is_empty() {
        format!("series {}", number + 1)
    } else {
        label.to_owned()
    }
}

fn value(value: &Value) -> f64 {
    number(value).unwrap_or(f64::NAN)
}

fn points_of(mark: &Mark) -> &[(f64, f64)] {
    match mark {
        Mark::Line(line) => &line.points,
        Mark::Points(points) => &points.points,
        Mark::Boxes(_) => &[],
    }
}

fn drawn(scale: Scale, (x, y): (f64, f64)) -> bool {
    scale.warp(x).is_some() && y.is_finite()
}

/// The place of a value of x.
fn place(entry: Entry<'_>, scale: Scale, value: &Value) -> Option<f64> {
    if scale == Scale::Time {
        instant(
            value,
            Some(&*entry.word("time-format")).filter(|format| !format.is_empty()),
        )
    } else {
        number(value)
    }
}

/// The values of x, their scale, and its ticks if they are names.
fn places(entry: Entry<'_>, scale: Scale, x: &Column<'_>) -> (Vec<f64>, Scale, Option<Vec<Tick>>) {
    let mut next = -1.0;
    let mut index = || {
        next += 1.0;
        next
    };
    let places: Vec<_> = x.values.iter().map(|value| place(entry, scale, value)).collect();
    if scale != Scale::Identity && places.iter().any(Option::is_some) {
        let places = places.into_iter().map(|place| place.unwrap_or(f64::NAN));
        return (places.collect(), scale, None);
    }
    let places: Vec<f64> = x.values.iter().map(|_| index()).collect();
    let are_names = x.values.iter().any(|value| number(value).is_none());
    let stride = x.values.len().div_ceil(20).max(1);
    let names = places
        .iter()
        .zip(x.values)
        .step_by(stride)
        .map(|(place, name)| Tick {
            value: *place,
            label: text(name).into_owned(),
        });
    let ticks = are_names.then(|| names.collect());
    (places, Scale::Identity, ticks)
}

/// The label that the report gives, or that of the only series.
fn axis_title(entry: Entry<'_>, option: &str, columns: &[Column<'_>]) -> String {
    let label = entry.word(option);
    match columns {
        [column] if label.is_empty() => column.label.clone(),
        _ => label.into_owned(),
    }
}

fn summary(x: &str, marks: &[Mark]) -> String {
    let names: Vec<_> = marks.iter().map(|mark| mark.series().name.as_str()).collect();
    let over = if x.is_empty() { "x" } else { x };
    format!("{} over {over}.", names.join(", "))
}

/// Vertical lines, where `place` says.
pub(super) fn annotations(entry: Entry<'_>, place: impl Fn(&Value) -> Option<f64>) -> Vec<Annotation> {
    let list = entry.option("annotations").and_then(Value::as_array);
    let list = list.into_iter().flatten().take(100);
    list.filter_map(|note| {
        Some(Annotation {
            value: place(note.get("value")?)?,
            text: note
                .get("text")
                .map_or_else(String::new, |said| text(said).into_owned()),
        })
    })
    .collect()
}
