//! The data of an entry as CSV, for spreadsheets.

use super::bars::Table;
use super::plot::Columns;
use super::read::{number, text, Entry};
use super::table::cells;
use crate::figure::number::plain;
use serde_json::Value;
use std::borrow::Cow;

/// Most rows of a file.
const ROWS: usize = 100_000;
/// Most fields of a row.
const FIELDS: usize = 200;

/// The data of an entry. None if it has none that makes a table.
pub(super) fn csv(entry: Entry<'_>) -> Option<String> {
    let mut file = File(String::new());
    match entry.kind().as_str() {
        "lineplot" | "scatterplot" => columns(&mut file, &Columns::of(entry)?),
        "columnchart" | "barchart" => categories(&mut file, entry, &Table::of(entry)?),
        "histogram" => objects(&mut file, entry, &["x", "y"]),
        "pie" => objects(&mut file, entry, &["label", "value"]),
        "gauge" => objects(&mut file, entry, &["label", "start", "value"]),
        "timeline" => objects(&mut file, entry, &["type", "start", "end", "label"]),
        _ => {
            for row in entry.rows().iter().take(ROWS) {
                file.row(cells(row).iter().map(text));
            }
        }
    }
    (!file.0.is_empty()).then_some(file.0)
}

fn columns(file: &mut File, columns: &Columns<'_>) {
    let all: Vec<_> = std::iter::once(&columns.x)
        .chain(&columns.left)
        .chain(&columns.right)
        .collect();
    file.row(all.iter().map(|column| Cow::Borrowed(column.label.as_str())));
    let longest = all.iter().map(|column| column.values.len()).max().unwrap_or(0);
    for row in 0..longest.min(ROWS) {
        file.row(
            all.iter()
                .map(|column| column.values.get(row).map_or(Cow::Borrowed(""), text)),
        );
    }
}

fn categories(file: &mut File, entry: Entry<'_>, table: &Table<'_>) {
    let keys: Vec<&str> = table.keys.iter().chain(&table.line).map(String::as_str).collect();
    let first = entry.word("x-label");
    file.row(std::iter::once(first).chain(keys.iter().map(|key| Cow::Borrowed(*key))));
    for (row, name) in table.names.iter().enumerate() {
        let values = keys.iter().map(|key| {
            table
                .value(row, key)
                .map_or(Cow::Borrowed(""), |value| plain(value).into())
        });
        file.row(std::iter::once(Cow::Borrowed(name.as_str())).chain(values));
    }
}

fn objects(file: &mut File, entry: Entry<'_>, keys: &[&str]) {
    let data = entry.0.get("data").and_then(Value::as_object);
    let single = data.filter(|data| data.contains_key("value"));
    let mut begun = false;
    for row in single.into_iter().chain(entry.objects()).take(ROWS) {
        if !begun {
            file.row(keys.iter().map(|key| Cow::Borrowed(*key)));
            begun = true;
        }
        file.row(
            keys.iter()
                .map(|key| row.get(*key).map_or(Cow::Borrowed(""), text)),
        );
    }
}

/// What a field begins with so that a spreadsheet does not run it as a formula: an apostrophe, or
/// nothing.
#[must_use]
pub fn guard(field: &str) -> &'static str {
    let is_formula = field
        .trim_start()
        .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        || field.starts_with(['\t', '\r', '\n']);
    if is_formula && number(&Value::from(field)).is_none() {
        "'"
    } else {
        ""
    }
}

struct File(String);

impl File {
    fn row<'a>(&mut self, fields: impl Iterator<Item = Cow<'a, str>>) {
        for (place, field) in fields.take(FIELDS).enumerate() {
            if place > 0 {
                self.0.push(',');
            }
            self.field(&field);
        }
        self.0.push_str("\r\n");
    }

    fn field(&mut self, field: &str) {
        let prefix = guard(field);
        if field.contains(['"', ',', '\n', '\r', ';', '\t']) {
            self.0.push('"');
            self.0.push_str(prefix);
            self.0.push_str(&field.replace('"', "\"\""));
            self.0.push('"');
        } else {
            self.0.push_str(prefix);
            self.0.push_str(field);
        }
    }
}
