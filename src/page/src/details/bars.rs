//! Columns, and bars on their side.

use super::palette::Palette;
use super::plot::annotations;
use super::read::{number, pair, text, Entry};
use crate::figure::number::label;
use crate::figure::{Annotation, Axis, Block, Boxes, Colour, Curve, Figure, Line, Mark, Scale, Series};
use serde_json::{Map, Value};

/// Most categories that are drawn.
const CATEGORIES: usize = 400;
/// Most series.
const SERIES: usize = 30;
/// The share of a band that its columns fill.
const FILLED: f64 = 0.76;
/// The height of a bar on its side, in units of a figure that is 1000 wide.
const BAR: f64 = 26.0;

type Row<'a> = &'a Map<String, Value>;

/// The row and the series of a rectangle, its place across the bands, and its ends.
type Placed<'a> = (usize, &'a str, (f64, f64), (f64, f64));

/// What the rows of a chart of categories say.
pub(super) struct Table<'a> {
    /// Each category.
    pub(super) names: Vec<String>,
    /// The series, in the order in which they are drawn.
    pub(super) keys: Vec<String>,
    /// The series of the line.
    pub(super) line: Option<String>,
    rows: Vec<Row<'a>>,
    stacks: Vec<Vec<String>>,
}

impl<'a> Table<'a> {
    pub(super) fn of(entry: Entry<'a>) -> Option<Self> {
        let rows: Vec<Row<'a>> = entry.objects().take(CATEGORIES).collect();
        let first = rows.first()?;
        let x = entry.word("x-label");
        // Without a label, the category is the first key that is no number.
        let x = if first.contains_key(&*x) {
            x.into_owned()
        } else {
            let named = first.iter().find(|(_, value)| number(value).is_none());
            named.or_else(|| first.iter().next())?.0.clone()
        };
        let line = entry.option("line").map(|line| text(line).into_owned());
        let colour = entry.word("color-by");
        let mut stacks: Vec<Vec<String>> = Vec::new();
        for stack in entry
            .option("stack")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let keys = stack.as_array().into_iter().flatten().take(SERIES);
            stacks.push(keys.map(|key| text(key).into_owned()).collect());
        }
        stacks.truncate(SERIES);
        let mut keys: Vec<String> = stacks.iter().flatten().cloned().collect();
        for key in rows.iter().flat_map(|row| row.keys()) {
            if keys.len() < SERIES && !keys.contains(key) {
                keys.push(key.clone());
            }
        }
        let is_series = |key: &str| {
            let counts = key != x && key != colour && Some(key) != line.as_deref();
            counts
                && rows
                    .iter()
                    .any(|row| row.get(key).is_some_and(|value| number(value).is_some()))
        };
        keys.retain(|key| is_series(key));
        keys.dedup();
        for stack in &mut stacks {
            stack.retain(|key| keys.contains(key));
        }
        stacks.retain(|stack| !stack.is_empty());
        for key in &keys {
            if !stacks.iter().any(|stack| stack.contains(key)) {
                stacks.push(vec![key.clone()]);
            }
        }
        let names = rows.iter().map(|row| {
            row.get(&x)
                .map_or_else(String::new, |name| text(name).into_owned())
        });
        Some(Self {
            names: names.collect(),
            keys,
            line,
            stacks,
            rows,
        })
    }

    pub(super) fn value(&self, row: usize, key: &str) -> Option<f64> {
        self.rows.get(row)?.get(key).and_then(number)
    }

    /// A rectangle for each value: its row, its series, its place across the bands, its ends.
    fn blocks(&self) -> Vec<Placed<'_>> {
        let mut blocks = Vec::new();
        let stacks = f64::from(u32::try_from(self.stacks.len().max(1)).unwrap_or(1));
        let mut band = 0.0;
        for row in 0..self.rows.len() {
            let mut from = band + (1.0 - FILLED) / 2.0;
            for stack in &self.stacks {
                let to = from + FILLED / stacks;
                let (mut above, mut below) = (0.0, 0.0);
                for key in stack {
                    if let Some(value) = self.value(row, key) {
                        let base = if value < 0.0 { &mut below } else { &mut above };
                        blocks.push((row, key.as_str(), (from, to), (*base, *base + value)));
                        *base += value;
                    }
                }
                from = to;
            }
            band += 1.0;
        }
        blocks
    }

    /// The rectangles as marks: one for each series, or for each value of `color-by`.
    fn marks(&self, entry: Entry<'_>, lying: bool) -> Vec<Mark> {
        let palette = Palette::of(entry);
        let by = entry.word("color-by");
        let group = |row: usize, key: &str| -> String {
            if by.is_empty() {
                return key.to_owned();
            }
            let value = self.rows.get(row).and_then(|row| row.get(&*by));
            value.map_or_else(String::new, |value| text(value).into_owned())
        };
        let mut groups: Vec<(String, Vec<Block>)> = Vec::new();
        for (row, key, band, ends) in self.blocks() {
            let name = group(row, key);
            let category = self.names.get(row).cloned().unwrap_or_default();
            let several = !by.is_empty() && self.keys.len() > 1;
            let block = Block {
                x: if lying { ends } else { band },
                y: if lying { band } else { ends },
                label: if several {
                    format!("{category}, {key}")
                } else {
                    category
                },
                value: short(ends.1 - ends.0),
                colour: None,
                href: None,
            };
            match groups.iter_mut().find(|(known, _)| *known == name) {
                Some((_, blocks)) => blocks.push(block),
                None => groups.push((name, vec![block])),
            }
        }
        let marks = groups.into_iter().enumerate();
        marks
            .map(|(number, (name, boxes))| {
                let colour = palette.colour(number, &name);
                Mark::Boxes(Boxes {
                    series: Series { name, colour },
                    boxes,
                })
            })
            .collect()
    }
}

pub(super) fn short(value: f64) -> String {
    if value.fract().abs() < 1e-9 {
        label(value, 1.0)
    } else if value.abs() < 0.1 {
        label(value, 1e-4)
    } else {
        label(value, 0.01)
    }
}

fn summary(table: &Table<'_>) -> String {
    format!("{} for {} categories.", table.keys.join(", "), table.names.len())
}

/// The values of one side of the rectangles, with zero.
fn ends(marks: &[Mark], of: fn(&Block) -> (f64, f64)) -> Vec<f64> {
    let boxes = marks.iter().filter_map(|mark| match mark {
        Mark::Boxes(all) => Some(&all.boxes),
        _ => None,
    });
    let ends = boxes.flatten().flat_map(|block| [of(block).0, of(block).1]);
    std::iter::once(0.0).chain(ends).collect()
}

/// The title of the axis of values: what the report says, or the only series.
fn value_title(entry: Entry<'_>, keys: &[String]) -> String {
    let label = entry.word("y-label");
    match keys {
        [key] if label.is_empty() => key.clone(),
        _ => label.into_owned(),
    }
}

/// Whether the names of the series say more than the axis does.
fn needs_legend(entry: Entry<'_>, marks: &[Mark]) -> bool {
    marks.len() > 1 || !entry.word("color-by").is_empty()
}

/// Columns.
pub(super) fn columns(entry: Entry<'_>) -> Result<Figure, &'static str> {
    let table = Table::of(entry).ok_or("it has no list of objects")?;
    let mut marks = table.marks(entry, false);
    let limits = pair(entry.option("y-limits"));
    let y = Axis::rounded(
        &value_title(entry, &table.keys),
        Scale::Linear,
        ends(&marks, |block| block.y),
        limits,
        5,
    );
    let line = table
        .line
        .as_ref()
        .and_then(|key| line(&table, key, marks.len(), entry));
    let legend = needs_legend(entry, &marks) || line.is_some();
    let y2 = line.as_ref().map(|line| {
        let values = line.points.iter().map(|point| point.1).chain([0.0]);
        Axis::rounded(
            &line.series.name,
            Scale::Linear,
            values,
            pair(entry.option("line-limits")),
            5,
        )
    });
    marks.extend(line.map(Mark::Line));
    if marks.is_empty() {
        return Err("it has no numbers");
    }
    let x = Axis::bands(&entry.word("x-label"), &table.names);
    let place = |value: &Value| {
        let name = text(value);
        let row = table.names.iter().position(|known| *known == name)?;
        x.ticks.get(row).map(|tick| tick.value)
    };
    let annotations = annotations(entry, place);
    Ok(figure(
        entry,
        x,
        y,
        y2,
        marks,
        annotations,
        legend,
        summary(&table),
    ))
}

fn line(table: &Table<'_>, key: &str, number: usize, entry: Entry<'_>) -> Option<Line> {
    let mut at = -0.5;
    let values = (0..table.names.len()).map(|row| {
        at += 1.0;
        (at, table.value(row, key).unwrap_or(f64::NAN))
    });
    let points: Vec<_> = values.collect();
    points.iter().any(|point| point.1.is_finite()).then(|| Line {
        series: Series {
            name: key.to_owned(),
            colour: Palette::of(entry).colour(number, key),
        },
        points,
        curve: Curve::Linear,
        right: true,
        filled: false,
        dotted: true,
    })
}

/// Bars on their side.
pub(super) fn bars(entry: Entry<'_>) -> Result<Figure, &'static str> {
    let table = Table::of(entry).ok_or("it has no list of objects")?;
    let marks = table.marks(entry, true);
    if marks.is_empty() {
        return Err("it has no numbers");
    }
    let limits = pair(entry.option("y-limits"));
    let x = Axis::rounded(
        &value_title(entry, &table.keys),
        Scale::Linear,
        ends(&marks, |block| block.x),
        limits,
        8,
    );
    let y = Axis::bands("", &table.names);
    let annotations = annotations(entry, number);
    let legend = needs_legend(entry, &marks);
    let mut drawn = figure(entry, x, y, None, marks, annotations, legend, summary(&table));
    let rows = table.names.len() * table.stacks.len().clamp(1, 3);
    let rows = f64::from(u32::try_from(rows).unwrap_or(400));
    drawn.width = 1000.0;
    drawn.aspect = 1000.0 / (60.0 + BAR * rows).min(4000.0);
    Ok(drawn)
}

#[allow(clippy::too_many_arguments)] // They are the fields of a figure.
pub(super) fn figure(
    entry: Entry<'_>,
    x: Axis,
    y: Axis,
    y2: Option<Axis>,
    marks: Vec<Mark>,
    annotations: Vec<Annotation>,
    legend: bool,
    summary: String,
) -> Figure {
    Figure {
        title: entry.said("title").into_owned(),
        summary,
        width: 0.0,
        aspect: 0.0,
        x,
        y,
        y2,
        marks,
        annotations,
        legend,
    }
}

/// The colour that an object of data names for itself.
pub(super) fn own_colour(row: Row<'_>) -> Option<Colour> {
    let colour = row.get("color").or_else(|| row.get("colour"))?;
    Colour::parse(&text(colour))
}
