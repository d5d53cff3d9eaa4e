//! Headers and columns of an XDI text.

use std::collections::BTreeMap;

/// Most lines and columns that are read, and most headers that are kept.
const LINES: usize = 200_000;
const COLUMNS: usize = 64;
const HEADERS: usize = 1_000;

/// A column of numbers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Column {
    /// Its name, in lower case. May be empty.
    pub name: String,
    /// Its unit. May be empty.
    pub unit: String,
    /// Its numbers. What is none is `NaN`.
    pub values: Vec<f64>,
}

/// A scan.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Xdi {
    /// What the first line says: `XDI/1.0 …`. Empty if it is no such line.
    pub version: String,
    /// Headers by name. Names are in lower case.
    pub headers: BTreeMap<String, String>,
    /// The columns, in order.
    pub columns: Vec<Column>,
}

impl Xdi {
    /// Reads a text. Whatever it holds, something is read.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut xdi = Self::default();
        let mut labels = "";
        for line in text.trim_start_matches('\u{feff}').lines().take(LINES) {
            let line = line.trim();
            if let Some(comment) = line.strip_prefix('#') {
                let comment = comment.trim();
                if xdi.version.is_empty() && comment.to_ascii_uppercase().starts_with("XDI/") {
                    xdi.version = comment.to_owned();
                } else if xdi.columns.is_empty() {
                    // The last comment before the numbers may name the columns.
                    labels = comment;
                    xdi.header(comment);
                }
            } else if !line.is_empty() {
                xdi.row(line);
            }
        }
        xdi.name_columns(labels);
        xdi
    }

    fn header(&mut self, comment: &str) {
        if let Some((name, value)) = comment.split_once(':') {
            let name = name.trim().to_ascii_lowercase();
            let is_name = !name.is_empty() && name.len() <= 100 && !name.contains(char::is_whitespace);
            if is_name && self.headers.len() < HEADERS {
                self.headers
                    .entry(name)
                    .or_insert_with(|| value.trim().chars().take(1_000).collect());
            }
        }
    }

    fn row(&mut self, line: &str) {
        let fields = line.split(|letter: char| letter.is_whitespace() || letter == ',');
        let fields: Vec<&str> = fields.filter(|field| !field.is_empty()).take(COLUMNS).collect();
        if self.columns.is_empty() {
            // Words before the first numbers are no row.
            if !fields
                .iter()
                .any(|field| field.parse::<f64>().is_ok_and(f64::is_finite))
            {
                return;
            }
            self.columns.resize_with(fields.len(), Column::default);
        }
        for (place, column) in self.columns.iter_mut().enumerate() {
            let number = fields.get(place).and_then(|field| field.parse().ok());
            column.values.push(number.unwrap_or(f64::NAN));
        }
    }

    fn name_columns(&mut self, labels: &str) {
        let labels: Vec<&str> = labels.split_whitespace().collect();
        for (place, column) in self.columns.iter_mut().enumerate() {
            let header = self.headers.get(&format!("column.{}", place + 1));
            let said = header.map_or_else(|| labels.get(place).copied().unwrap_or_default(), String::as_str);
            let mut words = said.split_whitespace();
            column.name = words.next().unwrap_or_default().to_ascii_lowercase();
            column.unit = words.next().unwrap_or_default().to_owned();
        }
    }

    /// The column of this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Energies in keV: the column `energy`, or the first one. Values above 200 are eV.
    #[must_use]
    pub fn energies(&self) -> Vec<f64> {
        let column = self.column("energy").or_else(|| self.columns.first());
        column.map_or_else(Vec::new, |column| kev(&column.values))
    }
}

/// Energies in keV, of values in keV or in eV.
pub(super) fn kev(values: &[f64]) -> Vec<f64> {
    let most = values
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .fold(0.0, f64::max);
    let unit = if most > 200.0 { 1_000.0 } else { 1.0 };
    values.iter().map(|value| value / unit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SCAN: &str = "# XDI/1.0 MxDC\n# Column.1: energy eV\n# Column.2: normfluor\n# Element.symbol: Se\n\
        # ///\n# a comment: of the user\n#-----\n# energy normfluor\n 12600.0 0.01\n12658.0\t0.9\n12700.0 n/a\n";

    #[test]
    fn headers_and_columns_are_read() {
        let xdi = Xdi::parse(SCAN);
        assert_eq!(xdi.version, "XDI/1.0 MxDC");
        assert_eq!(xdi.headers.get("element.symbol").map(String::as_str), Some("Se"));
        assert_eq!(xdi.energies(), [12.6, 12.658, 12.7]);
        let column = xdi.column("normfluor").cloned().unwrap_or_default();
        assert_eq!(column.values.get(..2), Some(&[0.01, 0.9][..]));
        assert!(column.values.last().is_some_and(|last| last.is_nan()));
        assert_eq!(xdi.columns.first().map(|column| column.unit.as_str()), Some("eV"));
    }

    #[test]
    fn a_text_without_headers_has_columns() {
        let xdi = Xdi::parse("energy, counts\n1, 2\n3, 4, 5\n6\n");
        assert_eq!(xdi.columns.len(), 2);
        assert_eq!(xdi.energies(), [1.0, 3.0, 6.0]);
        assert_eq!(Xdi::parse(""), Xdi::default());
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[#: a-zA-Z0-9.\n,\t-]{0,400}") {
            let xdi = Xdi::parse(&text);
            let mut lengths: Vec<_> = xdi.columns.iter().map(|column| column.values.len()).collect();
            lengths.dedup();
            prop_assert!(lengths.len() <= 1);
        }
    }
}
