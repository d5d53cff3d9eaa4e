//! From a sheet to the facility file of one project. The file names only the samples of the sheet,
//! and the containers and groups that are new, so nothing else is changed.

use super::columns::Column;
use super::sheet::{cell, Sheet};
use beamlive_actors::facility::catalog::Catalog;
use beamlive_actors::facility::place::{Mistake, Mistakes};
use beamlive_actors::facility::Make;
use beamlive_storage::ids::{ContainerId, ProjectId};
use beamlive_storage::records::Sample;
use serde_json::{json, Map, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A sheet whose headings are understood.
#[derive(Debug)]
pub struct Import {
    username: String,
    /// The numbers of the columns, from 1.
    columns: BTreeMap<Column, usize>,
    rows: Vec<(usize, Vec<String>)>,
}

impl Import {
    /// The samples of a sheet, for a project. The first row has the headings.
    ///
    /// # Errors
    /// Mistakes in the headings.
    pub fn new(username: &str, sheet: &Sheet) -> Result<Self, Vec<Mistake>> {
        let mut mistakes = Mistakes::new();
        let mut rows = sheet.rows();
        let (top, headings) = rows.next().unwrap_or((1, &[]));
        let rows: Vec<_> = rows.map(|(number, cells)| (number, cells.to_vec())).collect();
        let mut columns = BTreeMap::<Column, usize>::new();
        for (number, heading) in (1..).zip(headings) {
            let place = cell(top, number);
            let mut note = |message: String| mistakes.other(Some(top), &place, message);
            match Column::of_heading(heading) {
                None if heading.trim().is_empty() => {}
                None => {
                    let known = Column::ALL.map(Column::heading).join(", ");
                    note(format!(
                        "is not a known heading: use {known}, or remove the column"
                    ));
                }
                Some(column) => match columns.get(&column) {
                    Some(first) => note(format!("means the same as {}", cell(top, *first))),
                    None => drop(columns.insert(column, number)),
                },
            }
        }
        for column in Column::REQUIRED {
            if !columns.contains_key(&column) {
                let place = format!("row {top}");
                let message = format!("has no heading {}", column.heading());
                mistakes.other(Some(top), &place, message);
            }
        }
        for (row, cells) in &rows {
            for (number, text) in (1..).zip(cells) {
                let heading = headings.get(number - 1).map_or("", |heading| heading.trim());
                if heading.is_empty() && !text.is_empty() {
                    mistakes.other(
                        Some(*row),
                        &cell(*row, number),
                        "is in a column without a heading",
                    );
                }
            }
        }
        if rows.is_empty() && mistakes.is_empty() {
            mistakes.other(None, "the sheet", "has no samples below its headings");
        }
        if !mistakes.is_empty() {
            return Err(mistakes.into_list());
        }
        let username = username.to_owned();
        Ok(Self {
            username,
            columns,
            rows,
        })
    }

    /// The name of the cell of a row in a column; of the row when there is no such column.
    fn place(&self, row: usize, column: Option<Column>) -> String {
        match column.and_then(|column| self.columns.get(&column)) {
            Some(number) => cell(row, *number),
            None => format!("row {row}"),
        }
    }
}

impl Make for Import {
    fn file(&self, catalog: &Catalog) -> String {
        let draft = Draft::make(self, catalog);
        let values = |entries: Vec<(usize, Value)>| -> Vec<Value> {
            entries.into_iter().map(|(_, value)| value).collect()
        };
        json!({
            "container": values(draft.containers),
            "group": values(draft.groups),
            "sample": values(draft.samples),
        })
        .to_string()
    }

    fn mistakes(&self, catalog: &Catalog, found: Vec<Mistake>) -> Vec<Mistake> {
        let draft = Draft::make(self, catalog);
        let mut all = draft.mistakes;
        for Mistake { place, message } in found {
            let entry = Entry::parse(&place);
            let row = entry.and_then(|entry| {
                let entries = match entry.section {
                    "container" => &draft.containers,
                    "group" => &draft.groups,
                    "sample" => &draft.samples,
                    _ => return None,
                };
                let (row, _) = entries.get(entry.number.checked_sub(1)?)?;
                Some((*row, entry.column()))
            });
            match row {
                Some((row, column)) => all.other(Some(row), &self.place(row, column), message),
                None => all.other(None, &place, message),
            }
        }
        all.into_list()
    }
}

/// The place of a mistake in a facility file: `[[sample]] #3, location`.
#[derive(Clone, Copy)]
struct Entry<'a> {
    section: &'a str,
    number: usize,
    field: &'a str,
}

impl<'a> Entry<'a> {
    fn parse(place: &'a str) -> Option<Self> {
        let (section, rest) = place.strip_prefix("[[")?.split_once("]] #")?;
        let (number, field) = rest.split_once(", ").unwrap_or((rest, ""));
        let number = number.parse().ok()?;
        Some(Self {
            section,
            number,
            field,
        })
    }

    fn column(self) -> Option<Column> {
        Some(match (self.section, self.field) {
            ("container", "name") | ("sample", "container") => Column::Container,
            ("container", "type") => Column::Type,
            ("sample", "location") => Column::Location,
            ("sample", "name") => Column::Name,
            ("sample", "barcode") => Column::Barcode,
            ("group", "name") | ("sample", "group") => Column::Group,
            ("sample", "priority") => Column::Priority,
            ("sample", "comments") => Column::Comments,
            _ => return None,
        })
    }
}

/// The entries of the facility file, each with the row that it comes from.
struct Draft<'a> {
    import: &'a Import,
    catalog: &'a Catalog,
    project: Option<ProjectId>,
    containers: Vec<(usize, Value)>,
    groups: Vec<(usize, Value)>,
    samples: Vec<(usize, Value)>,
    /// The type of each new container, and the row that says so; `None` when no row does.
    new: HashMap<String, Option<(String, usize)>>,
    mistakes: Mistakes,
}

impl<'a> Draft<'a> {
    fn make(import: &'a Import, catalog: &'a Catalog) -> Self {
        let mut draft = Self {
            import,
            catalog,
            project: catalog.project(&import.username).map(|(id, _)| id),
            containers: Vec::new(),
            groups: Vec::new(),
            samples: Vec::new(),
            new: HashMap::new(),
            mistakes: Mistakes::new(),
        };
        if draft.project.is_none() {
            let message = format!("there is no project {}", import.username);
            draft.mistakes.other(None, "the project", message);
            return draft;
        }
        for (row, cells) in &import.rows {
            draft.container(*row, cells);
        }
        let mut groups = BTreeSet::new();
        let mut taken = HashMap::new();
        for (row, cells) in &import.rows {
            draft.group(*row, cells, &mut groups);
            draft.sample(*row, cells, &mut taken);
        }
        draft
    }

    fn note(&mut self, row: usize, column: Column, message: impl Into<String>) {
        let place = self.import.place(row, Some(column));
        self.mistakes.other(Some(row), &place, message);
    }

    /// The text of a row in a column. `None` when the sheet has no such column. Spaces around it
    /// don't count, unless the stored text has them.
    fn text<'c>(
        &self,
        cells: &'c [String],
        column: Column,
        is_known: impl Fn(&str) -> bool,
    ) -> Option<&'c str> {
        let number = self.import.columns.get(&column)?;
        let text = cells.get(number - 1).map_or("", String::as_str);
        Some(if is_known(text) { text } else { text.trim() })
    }

    fn container_id(&self, name: &str) -> Option<ContainerId> {
        let containers = &self.catalog.containers;
        containers.id(&(self.project?, name.to_owned())).map(ContainerId)
    }

    fn container_name<'c>(&self, cells: &'c [String]) -> &'c str {
        let name = self.text(cells, Column::Container, |name| self.container_id(name).is_some());
        name.unwrap_or_default()
    }

    /// Reads the container of a row. One that is new is on site, and in no other.
    fn container(&mut self, row: usize, cells: &[String]) {
        let name = self.container_name(cells);
        let kinds = &self.catalog.container_types;
        let kind = self.text(cells, Column::Type, |kind| kinds.id(kind).is_some());
        let kind = kind.unwrap_or_default();
        if name.is_empty() {
            self.note(row, Column::Container, "is empty: name the container");
            return;
        }
        if let Some(id) = self.container_id(name) {
            let record = self.catalog.containers.get(id.0);
            let known = record.and_then(|entry| kinds.get(entry.record.kind.0));
            let known = known.map_or("", |entry| entry.record.name.as_str());
            if !kind.is_empty() && kind != known {
                let message =
                    format!("container {name:?} is of type {known:?}; a sheet does not change that");
                self.note(row, Column::Type, message);
            }
            return;
        }
        let stated = (!kind.is_empty()).then(|| (kind.to_owned(), row));
        match self.new.get(name) {
            Some(Some((first, at))) if !kind.is_empty() && first != kind => {
                let place = self.import.place(*at, Some(Column::Type));
                let message = format!("container {name:?} is of type {first:?} in {place}");
                self.note(row, Column::Type, message);
            }
            Some(Some(_)) => {}
            Some(None) if stated.is_none() => {}
            _ => {
                if let Some((kind, _)) = &stated {
                    let entry = json!({
                        "project": self.import.username, "name": name, "type": kind, "status": "on-site"
                    });
                    self.containers.push((row, entry));
                }
                self.new.insert(name.to_owned(), stated);
            }
        }
    }

    /// Reads the group of a row, which may be new.
    fn group(&mut self, row: usize, cells: &[String], new: &mut BTreeSet<String>) {
        let name = self.group_name(cells).unwrap_or_default();
        if !name.is_empty() && !self.knows_group(name) && new.insert(name.to_owned()) {
            let entry = json!({"project": self.import.username, "name": name});
            self.groups.push((row, entry));
        }
    }

    fn knows_group(&self, name: &str) -> bool {
        let project = self.project.unwrap_or(ProjectId(0));
        self.catalog.groups.id(&(project, name.to_owned())).is_some()
    }

    fn group_name<'c>(&self, cells: &'c [String]) -> Option<&'c str> {
        self.text(cells, Column::Group, |name| self.knows_group(name))
    }

    /// Reads the sample of a row. What the sheet has no column for stays as it is.
    fn sample(&mut self, row: usize, cells: &[String], taken: &mut HashMap<(String, String), usize>) {
        let container = self.container_name(cells);
        if container.is_empty() {
            return;
        }
        let id = self.container_id(container);
        let find = |at: &str| self.catalog.samples.find(&(id?, at.to_owned()));
        let location = self.text(cells, Column::Location, |at| find(at).is_some());
        let location = location.unwrap_or_default();
        let old = find(location).map(|(_, entry)| &entry.record);
        let known = |field: fn(&Sample) -> &str| move |text: &str| old.is_some_and(|old| field(old) == text);
        let name = self
            .text(cells, Column::Name, known(|old| &old.name))
            .unwrap_or_default();
        let barcode = self.text(cells, Column::Barcode, known(|old| &old.barcode));
        let comments = self.text(cells, Column::Comments, known(|old| &old.comments));
        let group = match self.group_name(cells) {
            Some(name) => Some(name),
            None => {
                let group = old.and_then(|old| self.catalog.groups.get(old.group?.0));
                group.map(|entry| entry.record.name.as_str())
            }
        };
        let priority = match self.text(cells, Column::Priority, |_| false) {
            Some("") => Ok(None),
            Some(text) => text.parse::<i64>().map(Some).map_err(|_| text),
            None => Ok(old.and_then(|old| old.priority)),
        };
        for (column, text, what) in [
            (Column::Location, location, "say where in the container"),
            (Column::Name, name, "name the sample"),
        ] {
            if text.is_empty() {
                self.note(row, column, format!("is empty: {what}"));
            }
        }
        let priority = priority.unwrap_or_else(|text| {
            self.note(
                row,
                Column::Priority,
                format!("must be a whole number, not {text:?}"),
            );
            None
        });
        if let Some(None) = self.new.get(container) {
            let message = format!("the container type must be given, because container {container:?} is new");
            self.note(row, Column::Type, message);
            // Said once.
            self.new.remove(container);
            return;
        }
        if location.is_empty() || name.is_empty() || (id.is_none() && !self.new.contains_key(container)) {
            return;
        }
        match taken.get(&(container.to_owned(), location.to_owned())) {
            Some(first) => {
                let message = format!("row {first} has a sample at this location of the container");
                self.note(row, Column::Location, message);
                return;
            }
            None => drop(taken.insert((container.to_owned(), location.to_owned()), row)),
        }
        let mut entry = Map::new();
        let mut put = |field: &str, text: &str| {
            if !text.is_empty() {
                entry.insert(field.to_owned(), text.into());
            }
        };
        put("project", &self.import.username);
        put("container", container);
        put("location", location);
        put("name", name);
        put(
            "barcode",
            barcode
                .or(old.map(|old| old.barcode.as_str()))
                .unwrap_or_default(),
        );
        put(
            "comments",
            comments
                .or(old.map(|old| old.comments.as_str()))
                .unwrap_or_default(),
        );
        put("group", group.unwrap_or_default());
        if let Some(priority) = priority {
            entry.insert("priority".to_owned(), priority.into());
        }
        self.samples.push((row, Value::Object(entry)));
    }
}
