//! The counts as the details of a report, so that the viewer of reports shows them.

use super::counts::{Asked, Counts, Sum};
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::{BeamlineId, ProjectId};
use itertools::Itertools;
use serde_json::{json, Map, Value};
use std::collections::BTreeMap;

/// Projects that a chart shows; the others are one bar.
const PROJECTS: usize = 20;
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// The use that is asked for, as the details of a report.
#[must_use]
pub fn details(counts: &Counts, asked: &Asked, catalog: &Catalog) -> Value {
    let mut sections = vec![by_time(counts, asked, catalog)];
    if asked.beamline.is_none() {
        let name = |id: &BeamlineId| catalog.acronym(*id).to_owned();
        let sums = counts.by(asked, |span| span.beamline);
        sections.push(by_name("By beamline", "Beamline", named(&sums, name)));
    }
    if asked.project.is_none() {
        let name = |id: &ProjectId| catalog.username(*id).to_owned();
        let sums = counts.by(asked, |span| span.project);
        sections.push(by_name("By project", "Project", named(&sums, name)));
    }
    sections.push(by_kind(counts, asked));
    Value::Array(sections)
}

/// The datasets of each month of a year, or of each year; one bar in pieces for each beamline.
fn by_time(counts: &Counts, asked: &Asked, catalog: &Catalog) -> Value {
    let series = |sums: &BTreeMap<(i32, u32, BeamlineId), Sum>, year: i32, month: Option<u32>| {
        let mut values = Map::new();
        for ((_, _, beamline), sum) in sums
            .iter()
            .filter(|((y, m, _), _)| *y == year && month.is_none_or(|month| month == *m))
        {
            let name = catalog.acronym(*beamline).to_owned();
            let old = values.get(&name).and_then(Value::as_u64).unwrap_or(0);
            values.insert(name, json!(old + sum.datasets));
        }
        values
    };
    let sums = counts.by(asked, |span| (span.year, span.month, span.beamline));
    let (title, label, mut rows) = match asked.year {
        Some(year) => {
            let months = (1..).zip(MONTHS).map(|(month, name)| {
                let mut row = series(&sums, year, Some(month));
                row.insert("Month".to_owned(), json!(name));
                row
            });
            (
                format!("Datasets by month of {year}"),
                "Month",
                months.collect::<Vec<_>>(),
            )
        }
        None => {
            let years = sums.keys().map(|(year, ..)| *year).dedup().map(|year| {
                let mut row = series(&sums, year, None);
                row.insert("Year".to_owned(), json!(year.to_string()));
                row
            });
            ("Datasets by year".to_owned(), "Year", years.collect())
        }
    };
    let beamlines: Vec<_> = sums
        .keys()
        .map(|(.., id)| catalog.acronym(*id))
        .sorted()
        .dedup()
        .collect();
    for row in &mut rows {
        for beamline in &beamlines {
            row.entry(*beamline).or_insert(json!(0));
        }
    }
    let chart = json!({
        "title": title, "kind": "columnchart", "style": "col-12",
        "data": {"x-label": label, "data": rows, "stack": [beamlines], "aspect-ratio": 3.2},
    });
    let content = if beamlines.is_empty() {
        Vec::new()
    } else {
        vec![chart]
    };
    json!({"title": "Over time", "content": content})
}

fn named<I: Ord>(sums: &BTreeMap<I, Sum>, name: impl Fn(&I) -> String) -> Vec<(String, Sum)> {
    let mut named: Vec<_> = sums.iter().map(|(id, sum)| (name(id), *sum)).collect();
    named.sort_by(|one, other| {
        other
            .1
            .datasets
            .cmp(&one.1.datasets)
            .then_with(|| one.0.cmp(&other.0))
    });
    named
}

fn by_name(title: &str, label: &str, sums: Vec<(String, Sum)>) -> Value {
    let mut rows = vec![json!([
        label,
        "Sessions",
        "Hours",
        "Datasets",
        "Frames",
        "Exposure (h)",
        "Reports"
    ])];
    rows.extend(sums.iter().map(|(name, sum)| {
        let exposure = (sum.exposure / 360.0).round() / 10.0;
        json!([
            name,
            sum.sessions,
            sum.hours(),
            sum.datasets,
            sum.frames,
            exposure,
            sum.reports
        ])
    }));
    let bars: Vec<_> = sums
        .iter()
        .take(PROJECTS)
        .map(|(name, sum)| json!({label: name, "Datasets": sum.datasets}))
        .collect();
    let chart = json!({
        "title": format!("Datasets {}", title.to_lowercase()), "kind": "barchart", "style": "col-md-6",
        "data": {"x-label": label, "data": bars},
    });
    let table = json!({
        "title": title, "kind": "table", "style": "col-md-6", "header": "row", "data": rows,
    });
    json!({"title": title, "content": [table, chart]})
}

fn by_kind(counts: &Counts, asked: &Asked) -> Value {
    let kinds = counts.by_kind(asked);
    let slices: Vec<_> = kinds
        .iter()
        .map(|(kind, count)| json!({"label": kind, "value": count}))
        .collect();
    let mut rows = vec![json!(["Type", "Datasets"])];
    rows.extend(kinds.iter().map(|(kind, count)| json!([kind, count])));
    let pie = json!({
        "title": "Datasets by type", "kind": "pie", "style": "col-md-6", "data": slices,
    });
    let table = json!({
        "title": "By type", "kind": "table", "style": "col-md-6", "header": "row", "data": rows,
    });
    json!({"title": "By type", "content": [table, pie]})
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn nothing_has_no_figures() {
        let made = details(&Counts::default(), &Asked::default(), &Catalog::default());
        let sections = made.as_array().unwrap();
        assert_eq!(sections.len(), 4);
        assert_eq!(sections[0]["content"], json!([]));
        assert_eq!(sections[1]["content"][0]["data"].as_array().unwrap().len(), 1);
    }
}
