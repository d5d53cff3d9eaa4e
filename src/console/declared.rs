//! Tables of what is declared. All of it is in memory, so a table is sorted and searched at once.

use super::table::Asked;
use crate::views::{Page, Rows};
use beamlive_actors::facility::catalog::{Catalog, Cataloged};

/// The rows of a declared table, the newest first, as a page asks for them. `row` makes one, or
/// says that the visitor does not see it or did not ask for it.
pub(super) fn rows<'a, R: Cataloged + 'a, T: 'a>(
    catalog: &'a Catalog,
    asked: &Asked,
    page: &Page,
    row: impl Fn(u64, &'a R, &Asked) -> Option<T> + 'a,
) -> Rows<'a, T> {
    let (asked, before) = (asked.clone(), page.before.unwrap_or(u64::MAX));
    let rows = R::of(catalog)
        .iter()
        .rev()
        .filter(move |(id, _)| *id < before)
        .filter_map(move |(id, entry)| row(id, &entry.record, &asked));
    Box::new(rows.take(page.limit).map(Ok))
}
