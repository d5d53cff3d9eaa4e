//! Tables.

use super::markdown::cell;
use super::read::{number, text, Entry};
use maud::{html, Markup};
use serde_json::Value;

/// Most rows and columns that are shown.
const ROWS: usize = 500;
const COLUMNS: usize = 50;

/// The cells of a row. A row that is no list is one cell.
pub(super) fn cells(row: &Value) -> &[Value] {
    row.as_array().map_or(std::slice::from_ref(row), Vec::as_slice)
}

/// The table of an entry.
pub(super) fn table(entry: Entry<'_>) -> Result<Markup, &'static str> {
    let all = entry.rows();
    if all.is_empty() {
        return Err("it has no list of rows");
    }
    let header = entry.said("header").to_ascii_lowercase();
    let has = |word: &str| header.split_ascii_whitespace().any(|part| part == word);
    let (head, body) = match all.split_first() {
        Some((head, body)) if has("row") => (Some(head), body),
        _ => (None, all),
    };
    let shown = body.get(..ROWS.min(body.len())).unwrap_or_default();
    let wide = all.iter().map(|row| cells(row).len()).max().unwrap_or(0);
    let columns = wide.min(COLUMNS);
    let numeric: Vec<bool> = (0..columns)
        .map(|column| !(has("column") && column == 0) && is_numeric(shown, column))
        .collect();
    let class = |column: usize| numeric.get(column).is_some_and(|numeric| *numeric).then_some("n");
    let written = |row: &Value, column: usize| {
        cells(row)
            .get(column)
            .map_or_else(|| html! {}, |value| cell(&text(value)))
    };
    let title = entry.said("title");
    Ok(html! {
        div.table tabindex="0" {
            table {
                @if !title.is_empty() { caption { (title) } }
                @if let Some(head) = head {
                    thead { tr { @for column in 0..columns { th scope="col" class=[class(column)] { (written(head, column)) } } } }
                }
                tbody {
                    @for row in shown {
                        tr {
                            @for column in 0..columns {
                                @if column == 0 && has("column") {
                                    th scope="row" { (written(row, column)) }
                                } @else {
                                    td class=[class(column)] { (written(row, column)) }
                                }
                            }
                        }
                    }
                }
            }
        }
        @if body.len() > shown.len() {
            p.small { "The first " (shown.len()) " of " (body.len()) " rows are shown." }
        }
        @if wide > columns {
            p.small { "The first " (columns) " of " (wide) " columns are shown." }
        }
    })
}

/// Whether a column has numbers, and nothing else but empty cells and dashes.
fn is_numeric(rows: &[Value], column: usize) -> bool {
    let mut found = false;
    for value in rows.iter().filter_map(|row| cells(row).get(column)) {
        let said = text(value);
        if number(value).is_some() {
            found = true;
        } else if !matches!(said.trim(), "" | "-" | "–" | "—") {
            return false;
        }
    }
    found
}
