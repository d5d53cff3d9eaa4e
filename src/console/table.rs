//! What a table of the console is: its rows, its columns, and what its address asks for.

use super::refusal::PageError;
use super::show;
use super::visitor::{Role, Visitor};
use crate::error::ApiError;
use crate::views::{Page, Rows};
use actix_web::HttpRequest;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::{BeamlineId, ProjectId};
use beamlive_storage::{Store, Timestamp};
use chrono_tz::Tz;
use maud::{html, Markup};
use serde::Deserialize;
use std::cmp::Ordering;

/// A table of records.
pub(super) trait Table: 'static {
    /// One row.
    type Row: Send + 'static;
    /// The name of the table.
    const TITLE: &'static str;
    /// Its address.
    const PATH: &'static str;
    /// The headings, and whether the values are numbers.
    const COLUMNS: &'static [(&'static str, bool)];
    /// Which filters it has.
    const FILTERS: &'static [Filter];
    /// Whether all rows are in memory, so that they can be sorted by any column.
    const SORTED: bool = false;

    /// The rows, newest first. Staff see those of all projects, others of one.
    fn list<'a>(store: &'a Store, catalog: &'a Catalog, asked: &Asked, page: &Page) -> Rows<'a, Self::Row>;
    /// What `before` is in the address of the page after this row.
    fn id(row: &Self::Row) -> u64;
    /// The values of the columns.
    fn cells(row: &Self::Row) -> Vec<Cell>;
    /// What else the visitor can do, and where.
    fn actions(_: &Visitor, _: &Asked) -> Option<(&'static str, String)> {
        None
    }
}

/// A filter of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    /// Of one project.
    Project,
    /// At one beamline.
    Beamline,
    /// Open sessions, or others.
    Active,
    /// A text that a row holds.
    Find,
}

/// A value of a table.
#[derive(Debug, Clone)]
pub(super) enum Cell {
    /// A text or a number.
    Text(String),
    /// A text that leads somewhere.
    Link(String, String),
    /// A time.
    Time(Timestamp),
}

/// What the address of a table asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) project: Option<ProjectId>,
    /// The projects that the visitor sees; `None` for all.
    pub(super) scope: Option<Vec<ProjectId>>,
    pub(super) beamline: Option<BeamlineId>,
    pub(super) active: Option<bool>,
    /// In small letters; `""` for all.
    pub(super) find: String,
    /// Where the page begins: after the row of this id, or, in a sorted table, after so many rows.
    pub(super) before: Option<u64>,
    /// The column to sort by, from 0, and whether the greatest value is first.
    pub(super) sort: Option<(usize, bool)>,
    /// The file to answer with, if not with a page.
    pub(super) file: Option<FileKind>,
}

/// A file with all rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileKind {
    Csv,
    Xlsx,
}

#[derive(Debug, Default, Deserialize)]
struct Texts {
    #[serde(default)]
    project: String,
    #[serde(default)]
    beamline: String,
    #[serde(default)]
    active: String,
    #[serde(default)]
    find: String,
    #[serde(default)]
    before: String,
    #[serde(default)]
    sort: String,
    #[serde(default)]
    format: String,
}

impl Asked {
    /// Reads what the address of a request asks for.
    ///
    /// # Errors
    /// 400 for what does not exist, 403 for a project that is not the visitor's.
    pub(super) fn read(request: &HttpRequest, visitor: &Visitor) -> Result<Self, PageError> {
        let texts: Texts = serde_urlencoded::from_str(request.query_string())
            .map_err(|error| ApiError::field("address", format!("can't be read: {error}")))?;
        let catalog = &visitor.catalog;
        let wrong = |name: &str, what: &str| PageError::from(ApiError::field(name, what));
        let named = |text: &String| {
            let found = catalog.project(text).map(|(id, _)| id);
            found.ok_or_else(|| wrong("project", "names no project of this facility"))
        };
        let project = Some(&texts.project).filter(|text| !text.is_empty());
        let project = project.map(named).transpose()?;
        Ok(Self {
            project: scope(&visitor.role, project)?,
            scope: match &visitor.role {
                Role::Member(projects) => Some(projects.clone()),
                Role::Operator | Role::Viewer => None,
            },
            beamline: match texts.beamline.as_str() {
                "" => None,
                acronym => {
                    let found = catalog.beamline(acronym).map(|(id, _)| id);
                    Some(found.ok_or_else(|| wrong("beamline", "names no beamline of this facility"))?)
                }
            },
            active: match texts.active.as_str() {
                "" => None,
                text => Some(
                    text.parse()
                        .map_err(|_| wrong("active", "must be true or false"))?,
                ),
            },
            find: texts.find.trim().to_lowercase(),
            before: match texts.before.as_str() {
                "" => None,
                text => Some(text.parse().map_err(|_| wrong("before", "must be an id"))?),
            },
            sort: match texts.sort.strip_prefix('-').unwrap_or(&texts.sort) {
                "" => None,
                text => Some((
                    text.parse()
                        .map_err(|_| wrong("sort", "must be the number of a column, from 0"))?,
                    texts.sort.starts_with('-'),
                )),
            },
            file: match texts.format.as_str() {
                "" => None,
                "csv" => Some(FileKind::Csv),
                "xlsx" => Some(FileKind::Xlsx),
                _ => return Err(wrong("format", "must be csv or xlsx")),
            },
        })
    }

    /// Whether one of the texts of a row holds what is looked for.
    pub(super) fn finds(&self, cells: &[Cell]) -> bool {
        cells.iter().any(|cell| match cell {
            Cell::Text(text) | Cell::Link(text, _) => text.to_lowercase().contains(&self.find),
            Cell::Time(_) => false,
        })
    }

    /// The address of a page with the same filters.
    pub(super) fn address<T: Table>(&self, catalog: &Catalog, more: &[(&str, String)]) -> String {
        let mut query = Vec::new();
        if let Some(project) = self.project {
            query.push(("project", catalog.username(project).to_owned()));
        }
        if let Some(beamline) = self.beamline {
            query.push(("beamline", catalog.acronym(beamline).to_owned()));
        }
        if let Some(active) = self.active {
            query.push(("active", active.to_string()));
        }
        if !self.find.is_empty() {
            query.push(("find", self.find.clone()));
        }
        if let Some((column, falling)) = self
            .sort
            .filter(|_| !more.iter().any(|(name, _)| *name == "sort"))
        {
            let minus = if falling { "-" } else { "" };
            query.push(("sort", format!("{minus}{column}")));
        }
        query.extend(more.iter().cloned());
        let query = serde_urlencoded::to_string(query).unwrap_or_default();
        format!("{}?{query}", T::PATH)
    }
}

/// The project that a visitor sees rows of: the one asked for, or a member's first. `None`: all.
fn scope(role: &Role, asked: Option<ProjectId>) -> Result<Option<ProjectId>, PageError> {
    match (role, asked) {
        (Role::Member(projects), None) => match projects.first() {
            Some(first) => Ok(Some(*first)),
            None => Err(PageError::forbidden(
                "You are not a member of a project yet: ask the facility's staff.",
            )),
        },
        (role, Some(project)) if !role.sees(project) => {
            Err(PageError::forbidden("You are not a member of this project."))
        }
        (_, asked) => Ok(asked),
    }
}

impl Cell {
    /// A number.
    pub(super) fn number(value: f64, digits: usize) -> Self {
        Self::Text(show::number(value, digits))
    }

    /// As a page shows it.
    pub(super) fn markup(&self, zone: Tz) -> Markup {
        match self {
            Self::Text(text) => html! { (text) },
            Self::Link(text, href) => html! { a href=(href) { (text) } },
            Self::Time(time) => show::time(*time, zone),
        }
    }

    /// As a text. A time is in UTC.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) | Self::Link(text, _) => text.clone(),
            Self::Time(time) => show::exact(*time),
        }
    }

    /// How two values of a column are ordered: numbers by size, texts without regard to case.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let (one, other) = (self.text(), other.text());
        match (one.parse::<f64>(), other.parse::<f64>()) {
            (Ok(one), Ok(other)) => one.total_cmp(&other),
            _ => one.to_lowercase().cmp(&other.to_lowercase()),
        }
    }

    /// As a spreadsheet reads it. A text that it would take for a formula gets an apostrophe.
    pub(super) fn plain(&self) -> String {
        let text = self.text();
        format!("{}{text}", beamlive_page::details::guard(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("=1+1", "'=1+1")]
    #[case("-1.5", "-1.5")]
    #[case("@x", "'@x")]
    #[case("lysozyme", "lysozyme")]
    fn formulas_are_texts(#[case] text: &str, #[case] plain: &str) {
        assert_eq!(Cell::Text(text.to_owned()).plain(), plain);
    }

    #[test]
    fn members_see_their_projects_alone() {
        let member = Role::Member(vec![ProjectId(3), ProjectId(5)]);
        assert_eq!(scope(&member, None).ok(), Some(Some(ProjectId(3))));
        assert_eq!(scope(&member, Some(ProjectId(5))).ok(), Some(Some(ProjectId(5))));
        assert!(scope(&member, Some(ProjectId(4))).is_err());
        assert!(scope(&Role::Member(Vec::new()), None).is_err());
        assert_eq!(scope(&Role::Viewer, None).ok(), Some(None));
    }
}
