//! From the facility to the rows of one project.

use super::columns::Column;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::ProjectId;

/// A sample, with a text for each column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row([String; Column::ALL.len()]);

impl From<[String; Column::ALL.len()]> for Row {
    fn from(cells: [String; Column::ALL.len()]) -> Self {
        Self(cells)
    }
}

impl Row {
    /// The text of a column; `""` when there is none.
    #[must_use]
    pub fn cell(&self, column: Column) -> &str {
        self.0.get(column as usize).map_or("", String::as_str)
    }
}

/// The samples of a project, by container, then in the order of its locations.
#[must_use]
pub fn rows(catalog: &Catalog, project: ProjectId) -> Vec<Row> {
    let samples = catalog.samples.iter().map(|(_, entry)| &entry.record);
    let mut rows: Vec<_> = samples
        .filter(|sample| sample.project == project)
        .map(|sample| {
            let container = catalog.containers.get(sample.container.0);
            let container = container.map(|entry| &entry.record);
            let kind = container.and_then(|container| catalog.container_types.get(container.kind.0));
            let kind = kind.map(|entry| &entry.record);
            let group = sample.group.and_then(|group| catalog.groups.get(group.0));
            let order = kind.and_then(|kind| kind.locations.iter().position(|at| *at == sample.location));
            let row = Row([
                container.map_or_else(String::new, |container| container.name.clone()),
                kind.map_or_else(String::new, |kind| kind.name.clone()),
                sample.location.clone(),
                sample.name.clone(),
                sample.barcode.clone(),
                group.map_or_else(String::new, |group| group.record.name.clone()),
                sample
                    .priority
                    .map_or_else(String::new, |priority| priority.to_string()),
                sample.comments.clone(),
            ]);
            (row.cell(Column::Container).to_owned(), order, row)
        })
        .collect();
    rows.sort_by(|(one, at, _), (other, there, _)| (one, at).cmp(&(other, there)));
    rows.into_iter().map(|(_, _, row)| row).collect()
}
