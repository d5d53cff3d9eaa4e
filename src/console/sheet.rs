//! Sample sheets: a table to type into, to paste into, or to fill from a file.

use super::form;
use super::frame::{guarded, link, see_other};
use super::page::{form_key, Page as Shown};
use super::refusal::PageError;
use super::visitor::Visitor;
use crate::app::AppData;
use crate::blocking;
use crate::body::Body;
use crate::error::ApiError;
use crate::samples::columns::Column;
use crate::samples::export::{self, Row};
use crate::samples::import::Import;
use crate::samples::sheet::{Sheet, MAX_FILE};
use crate::samples::{Format, XLSX};
use actix_web::http::{header, StatusCode};
use actix_web::web::Query;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use beamlive_actors::facility::place::Mistake;
use beamlive_actors::facility::File;
use beamlive_storage::ids::ProjectId;
use maud::{html, Markup};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Empty rows at the end.
const SPARE: usize = 8;
/// Most rows that are shown; a project with more fills in one container at a time.
const MOST: usize = 1000;

/// Whose sheet.
#[derive(Debug, Deserialize)]
pub struct Options {
    /// The project.
    #[serde(default)]
    project: String,
    /// Only what is in this container; `""` for all.
    #[serde(default)]
    container: String,
}

impl Options {
    /// The project, if the visitor fills in its samples.
    fn project(&self, visitor: &Visitor) -> Result<ProjectId, PageError> {
        let found = visitor.catalog.project(&self.project).map(|(id, _)| id);
        let project = found.ok_or_else(|| PageError::no("project", &self.project))?;
        if visitor.role.fills_in(project) {
            Ok(project)
        } else {
            Err(PageError::forbidden("You don't fill in samples of this project."))
        }
    }
}

/// `GET /samples/sheet`
///
/// # Errors
/// 403 for a project whose samples the visitor does not fill in, 404 when there is none.
pub async fn get(visitor: Visitor, options: Query<Options>) -> Result<HttpResponse, PageError> {
    let project = options.project(&visitor)?;
    let mut rows = export::rows(&visitor.catalog, project);
    if !options.container.is_empty() {
        rows.retain(|row| row.cell(Column::Container) == options.container);
    }
    Ok(page(&visitor, &options, &rows, &[]))
}

/// `GET /samples/sheet.xlsx`: the same as a workbook, which is the template too.
///
/// # Errors
/// As [`get`]; 400 when a workbook can't hold so many rows.
pub async fn workbook(visitor: Visitor, options: Query<Options>) -> Result<HttpResponse, PageError> {
    let project = options.project(&visitor)?;
    let catalog = Arc::clone(&visitor.catalog);
    let written = blocking::run("sheet reader", move || {
        Format::Xlsx.write(&export::rows(&catalog, project))
    })
    .await?;
    let file = written.map_err(|why| ApiError::field("project", why))?;
    let name = format!("attachment; filename=\"samples-{}.xlsx\"", options.project);
    Ok(guarded(HttpResponse::Ok())
        .content_type(XLSX)
        .insert_header((header::CONTENT_DISPOSITION, name))
        .body(file))
}

/// `POST /samples/sheet`: takes over the rows that were typed.
///
/// # Errors
/// As [`get`]; 503 when the store can't be written. Mistakes are shown in their cells.
pub async fn post(
    request: HttpRequest,
    app: AppData,
    visitor: Visitor,
    options: Query<Options>,
    body: Body,
) -> Result<HttpResponse, PageError> {
    let fields: Vec<(String, String)> = form::take(&visitor, &request, body).await?;
    options.project(&visitor)?;
    let rows = typed(&fields);
    let read = || sheet(&rows).and_then(|sheet| Import::new(&options.project, &sheet));
    match apply(&app, &visitor, read()).await? {
        Ok(()) => Ok(done(&options)),
        Err(mistakes) => Ok(page(&visitor, &options, &rows, &mistakes)),
    }
}

/// `POST /samples/sheet/file`: takes over a file, which is the body.
///
/// # Errors
/// As [`post`]; 400 for a file that is neither CSV nor a workbook.
pub async fn file(
    request: HttpRequest,
    app: AppData,
    visitor: Visitor,
    options: Query<Options>,
    body: Body,
) -> Result<HttpResponse, PageError> {
    form::confirm_header(&visitor, &request)?;
    options.project(&visitor)?;
    let kind = request.content_type().trim();
    let format = Format::of_media_type(kind);
    let format = format.ok_or_else(|| ApiError::field("file", "must be .csv or .xlsx"))?;
    let bytes = body.read(MAX_FILE).await?;
    let username = options.project.clone();
    let read = blocking::run("sheet reader", move || {
        format
            .read(&bytes)
            .and_then(|sheet| Import::new(&username, &sheet))
    });
    match apply(&app, &visitor, read.await?).await? {
        Ok(()) => Ok(done(&options)),
        Err(mistakes) => {
            let rows = export::rows(&visitor.catalog, options.project(&visitor)?);
            let words: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
            let place = |message| Mistake {
                place: String::new(),
                message,
            };
            // They are of the file's cells, not of those on the page.
            let all: Vec<_> = words.into_iter().map(place).collect();
            Ok(page(&visitor, &options, &rows, &all))
        }
    }
}

fn done(options: &Options) -> HttpResponse {
    let query = serde_urlencoded::to_string([("project", &options.project)]).unwrap_or_default();
    see_other(&format!("/samples?{query}"))
}

async fn apply(
    app: &AppData,
    visitor: &Visitor,
    import: Result<Import, Vec<Mistake>>,
) -> Result<Result<(), Vec<Mistake>>, PageError> {
    let import = match import {
        Ok(import) => import,
        Err(mistakes) => return Ok(Err(mistakes)),
    };
    let file = File::Made(Arc::new(import));
    let applied = app
        .directory
        .apply(file, false, false, visitor.origin.clone())
        .await?;
    Ok(applied.map(drop))
}

/// The rows of a form, in which each row has one field a column. Empty rows stay where they are.
fn typed(fields: &[(String, String)]) -> Vec<Row> {
    let cells = fields.iter().filter_map(|(name, text)| {
        let column = Column::ALL.into_iter().find(|column| column.heading() == name)?;
        Some((column, text.clone()))
    });
    let mut rows: Vec<[String; Column::ALL.len()]> = Vec::new();
    for (column, text) in cells {
        if column == Column::ALL[0] || rows.is_empty() {
            rows.push(Default::default());
        }
        if let Some(cell) = rows.last_mut().and_then(|row| row.get_mut(column as usize)) {
            *cell = text;
        }
    }
    rows.into_iter().map(Row::from).collect()
}

/// The rows as a sheet, below a row of headings.
fn sheet(rows: &[Row]) -> Result<Sheet, Vec<Mistake>> {
    let mut sheet = Sheet::default();
    let headings = Column::ALL.map(|column| (column as usize + 1, column.heading()));
    let mut add = || {
        for (number, heading) in headings {
            sheet.add(1, number, heading)?;
        }
        for (number, row) in (2..).zip(rows) {
            for column in Column::ALL {
                sheet.add(number, column as usize + 1, row.cell(column))?;
            }
        }
        Ok::<_, crate::samples::sheet::Stop>(())
    };
    // Why it stops is among the mistakes.
    let _ = add();
    sheet.finish()
}

/// The row and the column of a cell such as `C7`, both from 1.
fn cell_of(place: &str) -> Option<(usize, usize)> {
    let digits = place.find(|c: char| c.is_ascii_digit())?;
    let (letters, row) = place.split_at_checked(digits)?;
    let column = letters.bytes().try_fold(0_usize, |column, letter| {
        let letter = letter.is_ascii_uppercase().then_some(letter)?;
        Some(column * 26 + usize::from(letter - b'A') + 1)
    })?;
    Some((row.parse().ok()?, column))
}

fn page(visitor: &Visitor, options: &Options, rows: &[Row], mistakes: &[Mistake]) -> HttpResponse {
    let mut wrong: BTreeMap<(usize, usize), &str> = BTreeMap::new();
    let mut other = Vec::new();
    for mistake in mistakes {
        match cell_of(&mistake.place) {
            Some((row, column)) if row > 1 => drop(wrong.insert((row - 1, column), &mistake.message)),
            _ => other.push(format!("{} {}", mistake.place, mistake.message)),
        }
    }
    let more = rows.len().saturating_sub(MOST);
    let shown = rows.get(..MOST.min(rows.len())).unwrap_or(rows);
    let empty = vec![Row::default(); SPARE];
    let query = serde_urlencoded::to_string([("project", &options.project)]).unwrap_or_default();
    let body = html! {
        h1 { "Samples of " (options.project) }
        @if !mistakes.is_empty() { (refused(&wrong, &other)) }
        p {
            "Type, or paste cells from a spreadsheet. A row is a sample; container, location and name are \
             needed, and the type of a container that is new. Nothing is removed."
        }
        @if more > 0 {
            p.notice { "Only the first " (MOST) " of " (rows.len()) " samples are shown: add "
                code { "&container=NAME" } " to the address for those of one container." }
        }
        form action={ "/samples/sheet?" (query) } method="post" {
            (form_key(visitor))
            div.table { table.sheet {
                thead { tr {
                    th scope="col" { span.visually-hidden { "Row" } }
                    @for column in Column::ALL { th scope="col" { (column.heading()) } }
                } }
                tbody { @for (number, row) in (1..).zip(shown.iter().chain(&empty)) { tr {
                    th scope="row" { (number) }
                    @for column in Column::ALL {
                        @let message = wrong.get(&(number, column as usize + 1));
                        td { input name=(column.heading()) value=(row.cell(column))
                            aria-label={ (column.heading()) ", row " (number) }
                            aria-invalid=[message.map(|_| "true")] title=[message]; }
                    }
                } } }
            } }
            div.bar {
                button.primary type="submit" { "Save" }
                a.button href={ "/samples/sheet.xlsx?" (query) } download { "As a workbook" }
                label { "Or take over a file "
                    input type="file" accept=".csv,.xlsx" data-sheet={ "/samples/sheet/file?" (query) };
                }
            }
        }
    };
    let page = Shown {
        title: "Sheet",
        part: "/samples",
        above: vec![link("Samples", format!("/samples?{query}"))],
        body,
    };
    let status = if mistakes.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::BAD_REQUEST
    };
    page.answer_with(status, visitor)
}

fn refused(wrong: &BTreeMap<(usize, usize), &str>, other: &[String]) -> Markup {
    html! {
        div.notice.bad role="alert" {
            p { "Nothing was changed. Correct these, and save again:" }
            ul {
                @for ((row, column), message) in wrong {
                    @let heading = Column::ALL.get(column - 1).map_or("", |column| column.heading());
                    li { "row " (row) ", " (heading) ": " (message) }
                }
                @for message in other { li { (message) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("C7", Some((7, 3)))]
    #[case("AA10", Some((10, 27)))]
    #[case("row 7", None)]
    #[case("the sheet", None)]
    fn cells_are_found(#[case] place: &str, #[case] cell: Option<(usize, usize)>) {
        assert_eq!(cell_of(place), cell);
    }

    #[test]
    fn each_row_of_a_form_begins_with_its_container() {
        let field = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let rows = typed(&[
            field("form_key", "x"),
            field("Container", "P1"),
            field("Name", "lyso"),
            field("Container", ""),
            field("Container", "P2"),
            field("Location", "3"),
        ]);
        assert_eq!(rows.len(), 3);
        assert_eq!(
            (rows[0].cell(Column::Container), rows[0].cell(Column::Name)),
            ("P1", "lyso")
        );
        assert_eq!(
            (rows[2].cell(Column::Container), rows[2].cell(Column::Location)),
            ("P2", "3")
        );
    }
}
