//! The figures of scans: XRF spectra, MAD scans, XAS scans.

use super::parse::{kev, Xdi};
use crate::figure::number::label;
use crate::figure::{Annotation, Axis, Colour, Curve, Figure, Line, Mark, Scale, Series};
use maud::{html, Markup};
use serde_json::Value;

/// Spectra begin here, in keV: below, there is only noise.
const BEGIN: f64 = 0.25;
/// An element is shown above this reliability.
const RELIABLE: f64 = 2.0;
/// Most elements, and lines of an element, values of a fit, scans of a figure, and choices.
const ELEMENTS: usize = 60;
const LINES: usize = 60;
const VALUES: usize = 100_000;
const SCANS: usize = 50;
const CHOICES: usize = 20;

/// An element that was found in a spectrum.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    /// Its symbol.
    pub symbol: String,
    /// How sure it is; above 2 it counts.
    pub reliability: f64,
    /// Name, energy in keV and amplitude of each line.
    pub lines: Vec<(String, f64, f64)>,
}

/// The elements of an `.xrf` file, the surest one first.
#[must_use]
pub fn elements(xrf: &Value) -> Vec<Element> {
    let assignments = xrf.get("assignments").and_then(Value::as_object);
    let mut elements: Vec<_> = assignments
        .into_iter()
        .flatten()
        .take(ELEMENTS)
        .filter_map(|(symbol, value)| {
            let lines = value.get(1).and_then(Value::as_array).into_iter().flatten();
            let lines = lines.take(LINES).filter_map(|line| {
                let name = line.get(0)?.as_str().unwrap_or_default();
                Some((short(name), line.get(1)?.as_f64()?, line.get(2)?.as_f64()?))
            });
            Some(Element {
                symbol: short(symbol),
                reliability: value.get(0)?.as_f64()?,
                lines: lines.collect(),
            })
        })
        .collect();
    elements.sort_by(|one, other| other.reliability.total_cmp(&one.reliability));
    elements
}

/// The spectrum of an XRF scan with its fit and the lines of its elements: the sure ones, or all if
/// `weak`. `energy` is that of the beam, in keV, where the spectrum ends.
///
/// # Errors
/// Why there is nothing to draw.
pub fn xrf(scan: &Xdi, xrf: &Value, energy: Option<f64>, weak: bool) -> Result<Figure, &'static str> {
    let x = scan.energies();
    let counts = scan.columns.get(1).ok_or("the scan has no columns")?;
    let energy = energy.or_else(|| xrf.get("energy").and_then(Value::as_f64));
    let last = x.iter().copied().fold(0.0, f64::max);
    let end = energy
        .filter(|energy| (BEGIN..=200.0).contains(energy))
        .unwrap_or(last);
    let mut marks = vec![line(
        "counts",
        7,
        x.iter().copied().zip(counts.values.iter().copied()),
        false,
    )];
    let fit = numbers(xrf.get("fit"));
    if !fit.is_empty() {
        let own = numbers(xrf.get("energy"));
        let places = if own.len() == fit.len() {
            kev(&own)
        } else {
            x.clone()
        };
        marks.push(line("fit", 0, places.into_iter().zip(fit), false));
    }
    let shown = elements(xrf)
        .into_iter()
        .filter(|element| weak || element.reliability > RELIABLE);
    for (number, element) in shown.enumerate() {
        // Each line is a stroke from zero up, and a gap.
        let strokes = element
            .lines
            .iter()
            .flat_map(|(_, energy, amplitude)| [(*energy, 0.0), (*energy, *amplitude), (f64::NAN, f64::NAN)]);
        let strokes: Vec<_> = strokes.collect();
        marks.push(line(&element.symbol, number + 1, strokes.into_iter(), false));
    }
    let inside = |point: &&(f64, f64)| (BEGIN..=end).contains(&point.0);
    let values: Vec<f64> = points(&marks).filter(inside).map(|point| point.1).collect();
    let x = Axis::over("Energy (keV)", Scale::Linear, [BEGIN, end], None, 10);
    let y = Axis::rounded("Counts", Scale::Linear, values.into_iter().chain([0.0]), None, 5);
    figure("X-ray fluorescence", x, y, None, marks, Vec::new())
}

/// A MAD scan with f′ and f″, and the energies that were chosen.
///
/// # Errors
/// Why there is nothing to draw.
pub fn mad(scan: &Xdi, mad: &Value) -> Result<Figure, &'static str> {
    let column = scan.column("normfluor").or_else(|| scan.columns.get(1));
    let column = column.ok_or("the scan has no columns")?;
    let energies = scan.energies();
    let mut marks = vec![line(
        "fluorescence",
        7,
        energies.into_iter().zip(column.values.iter().copied()),
        false,
    )];
    let values = points(&marks).map(|point| point.1).collect::<Vec<_>>();
    let y = Axis::rounded("Fluorescence", Scale::Linear, values, None, 5);
    let factors = mad.get("esf");
    let of = |name: &str| numbers(factors.and_then(|factors| factors.get(name)));
    let (at, first, second) = (kev(&of("energy")), of("fp"), of("fpp"));
    let y2 = (!at.is_empty()).then(|| {
        let both = first.iter().chain(&second).copied();
        Axis::rounded("f′ and f″ (electrons)", Scale::Linear, both, None, 5)
    });
    if !at.is_empty() {
        marks.push(line("f′", 0, at.iter().copied().zip(first), true));
        marks.push(line("f″", 1, at.iter().copied().zip(second), true));
    }
    let chosen = chosen(mad).filter_map(|choice| {
        Some(Annotation {
            value: kev(&[choice.get("energy")?.as_f64()?]).first().copied()?,
            text: short(choice.get("label")?.as_str().unwrap_or_default()),
        })
    });
    let annotations = chosen.collect();
    let x = energy_axis(&marks);
    figure("MAD scan", x, y, y2, marks, annotations)
}

/// The energies that were chosen, as a table. Nothing if there are none.
#[must_use]
pub fn choices(mad: &Value) -> Markup {
    let number = |choice: &Value, name: &str, step: f64| {
        choice
            .get(name)
            .and_then(Value::as_f64)
            .map_or_else(|| "–".to_owned(), |value| label(value, step))
    };
    html! {
        @if chosen(mad).next().is_some() {
            div.table tabindex="0" { table {
                thead { tr { th { "choice" } th.n { "energy (keV)" } th.n { "wavelength (Å)" } th.n { "f′" } th.n { "f″" } } }
                tbody { @for choice in chosen(mad) { tr {
                    th scope="row" { (short(choice.get("label").and_then(Value::as_str).unwrap_or_default())) }
                    td.n { (number(choice, "energy", 1e-4)) } td.n { (number(choice, "wavelength", 1e-4)) }
                    td.n { (number(choice, "fp", 0.01)) } td.n { (number(choice, "fpp", 0.01)) }
                } } }
            } }
        }
    }
}

fn chosen(mad: &Value) -> impl Iterator<Item = &Value> {
    mad.get("choices")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .take(CHOICES)
}

/// XAS scans, one line each, by their names.
///
/// # Errors
/// Why there is nothing to draw.
pub fn xas(scans: &[(String, Xdi)]) -> Result<Figure, &'static str> {
    let shown = scans.iter().take(SCANS).enumerate();
    let marks: Vec<_> = shown
        .filter_map(|(number, (name, scan))| {
            let usual = ["normfluor", "mutrans", "mufluor", "normtrans", "ifluor"];
            let column = usual.iter().find_map(|name| scan.column(name));
            let column = column.or_else(|| scan.columns.get(1))?;
            let points = scan.energies().into_iter().zip(column.values.iter().copied());
            Some(line(&short(name), number, points, false))
        })
        .collect();
    let values: Vec<f64> = points(&marks).map(|point| point.1).collect();
    let y = Axis::rounded("Absorption", Scale::Linear, values, None, 5);
    let x = energy_axis(&marks);
    figure("X-ray absorption", x, y, None, marks, Vec::new())
}

fn energy_axis(marks: &[Mark]) -> Axis {
    let energies: Vec<f64> = points(marks).map(|point| point.0).collect();
    Axis::over("Energy (keV)", Scale::Linear, energies, None, 10)
}

fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

fn numbers(list: Option<&Value>) -> Vec<f64> {
    let list = list.and_then(Value::as_array).into_iter().flatten().take(VALUES);
    list.map(|value| value.as_f64().unwrap_or(f64::NAN)).collect()
}

fn points(marks: &[Mark]) -> impl Iterator<Item = &(f64, f64)> {
    marks.iter().flat_map(|mark| match mark {
        Mark::Line(line) => line.points.as_slice(),
        _ => &[],
    })
}

fn line(name: &str, colour: usize, points: impl Iterator<Item = (f64, f64)>, right: bool) -> Mark {
    Mark::Line(Line {
        series: Series {
            name: name.to_owned(),
            colour: Colour::Series(colour),
        },
        points: points.collect(),
        curve: Curve::Linear,
        right,
        filled: false,
        dotted: false,
    })
}

fn figure(
    title: &str,
    x: Axis,
    y: Axis,
    y2: Option<Axis>,
    marks: Vec<Mark>,
    annotations: Vec<Annotation>,
) -> Result<Figure, &'static str> {
    if !points(&marks).any(|(x, y)| x.is_finite() && y.is_finite()) {
        return Err("the scan has no numbers");
    }
    let names: Vec<_> = marks.iter().map(|mark| mark.series().name.as_str()).collect();
    Ok(Figure {
        title: title.to_owned(),
        summary: format!("{} by energy.", names.join(", ")),
        width: 1040.0,
        aspect: 2.4,
        x,
        y,
        y2,
        marks,
        annotations,
        legend: true,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    const SPECTRUM: &str = "# XDI/1.0\n# Column.1: energy keV\n# Column.2: counts\n#---\n0.1 9000\n1 10\n8.04 400\n12 30\n20 1\n";

    #[test]
    fn a_spectrum_shows_the_sure_elements_up_to_the_energy_of_the_beam() {
        let fit = json!({"energy": [1, 8.04, 12], "fit": [12, 390, 28], "assignments": {
            "Cu": [5.1, [["Ka1", 8.048, 380], ["Kb1", 8.905, 60]]], "As": [0.4, [["Ka1", 10.54, 3]]], "Xx": "?"}});
        let names = |weak| -> Vec<String> {
            let figure = xrf(&Xdi::parse(SPECTRUM), &fit, Some(12.658), weak).unwrap();
            assert!((figure.x.span.0 - 0.25).abs() < 1e-9 && (figure.x.span.1 - 12.658).abs() < 1e-9);
            assert!(
                (figure.y.span.1 - 400.0).abs() < 1e-9,
                "noise does not count: {:?}",
                figure.y
            );
            figure
                .marks
                .iter()
                .map(|mark| mark.series().name.clone())
                .collect()
        };
        assert_eq!(names(false), ["counts", "fit", "Cu"]);
        assert_eq!(names(true), ["counts", "fit", "Cu", "As"]);
    }

    #[test]
    fn a_scan_shows_its_factors_and_its_choices() {
        let scan = Xdi::parse("# Column.1: energy eV\n# Column.2: normfluor\n12600 0\n12658 1\n12700 0.8\n");
        let chooch = json!({"esf": {"energy": [12.6, 12.658, 12.7], "fp": [-4, -8, -4], "fpp": [0.5, 6, 4]},
            "choices": [{"label": "peak", "energy": 12.658, "wavelength": 0.9795, "fp": -8, "fpp": 6}, 7]});
        let figure = mad(&scan, &chooch).unwrap();
        assert_eq!(figure.marks.len(), 3);
        assert_eq!(figure.annotations.first().map(|note| note.value), Some(12.658));
        let table = choices(&chooch).into_string();
        assert!(
            table.contains("12.6580") && table.contains("0.9795") && table.contains("−8.00"),
            "{table}"
        );
        // Without the analysis, the scan is shown.
        assert_eq!(mad(&scan, &Value::Null).unwrap().marks.len(), 1);
        assert!(choices(&Value::Null).into_string().is_empty());
    }

    #[test]
    fn scans_are_lines_and_nothing_is_said_to_be_nothing() {
        let scan = Xdi::parse(
            "# Column.1: energy eV\n# Column.2: i0\n# Column.3: mutrans\n9000 1 0.1\n9001 1 0.2\n",
        );
        let figure = xas(&[("one".to_owned(), scan.clone()), ("two".to_owned(), scan)]).unwrap();
        assert_eq!(figure.marks.len(), 2);
        assert!(xas(&[]).is_err());
        assert!(xrf(&Xdi::default(), &Value::Null, None, true).is_err());
    }
}
