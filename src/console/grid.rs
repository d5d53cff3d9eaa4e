//! The grid of a raster as a map: each cell opens its frame.

use maud::{html, Markup};
use serde_json::{Map, Value};

/// Most cells that are drawn.
const MOST: u64 = 10_000;
/// Width of a cell, in units of the drawing.
const CELL: u64 = 20;

/// The columns and rows of a grid, and where each frame is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Grid {
    columns: u64,
    rows: u64,
    /// Of each frame, its column and row, from 0.
    cells: Vec<(u64, u64)>,
}

impl Grid {
    /// The grid of a dataset: from the points, if they were sent, or row by row from its size.
    pub(super) fn of(meta: &Map<String, Value>) -> Option<Self> {
        meta.get("grid_points")
            .and_then(Self::of_points)
            .or_else(|| Self::of_size(meta.get("grid_size")?))
    }

    /// Frames are in the order of the points. Points with the same coordinate, to a µm, are in one
    /// column or one row.
    fn of_points(points: &Value) -> Option<Self> {
        let points = points.as_array()?;
        let point = |value: &Value| {
            let numbers = value.as_array()?.iter().map(Value::as_f64);
            let numbers: Vec<f64> = numbers.collect::<Option<_>>()?;
            Some(numbers)
        };
        let points: Vec<Vec<f64>> = points.iter().map(point).collect::<Option<_>>()?;
        let width = points.first()?.len();
        if width < 2 || points.iter().any(|it| it.len() != width) {
            return None;
        }
        // Of three coordinates, the two that differ most.
        let spread = |axis: usize| {
            let values = points.iter().filter_map(|it| it.get(axis));
            let (low, high) = values.fold((f64::MAX, f64::MIN), |(low, high), value| {
                (low.min(*value), high.max(*value))
            });
            high - low
        };
        let mut axes: Vec<usize> = (0..width).collect();
        axes.sort_by(|one, other| spread(*other).total_cmp(&spread(*one)));
        axes.truncate(2);
        axes.sort_unstable();
        let (&across, &down) = (axes.first()?, axes.get(1)?);
        #[allow(clippy::cast_possible_truncation)] // In µm, a stage is small.
        let micron = |it: &Vec<f64>, axis: usize| it.get(axis).map(|value| (value * 1000.0).round() as i64);
        let steps = |axis: usize| -> Option<Vec<i64>> {
            let mut steps: Vec<i64> = points.iter().map(|it| micron(it, axis)).collect::<Option<_>>()?;
            steps.sort_unstable();
            steps.dedup();
            Some(steps)
        };
        let (columns, rows) = (steps(across)?, steps(down)?);
        let index = |steps: &[i64], value: i64| u64::try_from(steps.binary_search(&value).ok()?).ok();
        let cells = points.iter().map(|it| {
            let (x, y) = (micron(it, across)?, micron(it, down)?);
            Some((index(&columns, x)?, index(&rows, y)?))
        });
        let grid = Self {
            columns: u64::try_from(columns.len()).ok()?,
            rows: u64::try_from(rows.len()).ok()?,
            cells: cells.collect::<Option<_>>()?,
        };
        (grid.columns.checked_mul(grid.rows)? <= MOST).then_some(grid)
    }

    fn of_size(size: &Value) -> Option<Self> {
        let size = size.as_array()?;
        let (columns, rows) = (size.first()?.as_u64()?, size.get(1)?.as_u64()?);
        if columns == 0 || rows == 0 || columns.checked_mul(rows)? > MOST {
            return None;
        }
        let cells = (0..rows).flat_map(|row| (0..columns).map(move |column| (column, row)));
        Some(Self {
            columns,
            rows,
            cells: cells.collect(),
        })
    }

    /// The map. The number of the first frame is `first`.
    pub(super) fn draw(&self, first: u64) -> Markup {
        html! {
            svg.grid viewBox={ "0 0 " (self.columns * CELL) " " (self.rows * CELL) } role="group"
                aria-label={ "Grid of " (self.columns) " by " (self.rows) } {
                @for (frame, (column, row)) in (first..).zip(&self.cells) {
                    a href={ "#frame=" (frame) } aria-label={ "Frame " (frame) } {
                        rect x=(column * CELL + 1) y=(row * CELL + 1) width=(CELL - 2) height=(CELL - 2) {
                            title { "Frame " (frame) ", column " (column + 1) ", row " (row + 1) }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn grid(meta: &Value) -> Option<Grid> {
        meta.as_object().and_then(Grid::of)
    }

    #[test]
    fn frames_are_where_their_points_are() {
        // A snake: the second row goes back.
        let points = json!({"grid_points": [
            [0.0, 1.0, 5.0], [0.05, 1.0, 5.0], [0.05, 1.05, 5.0], [0.0, 1.05, 5.0]
        ]});
        let found = grid(&points).map(|grid| (grid.columns, grid.rows, grid.cells));
        assert_eq!(found, Some((2, 2, vec![(0, 0), (1, 0), (1, 1), (0, 1)])));
    }

    #[test]
    fn without_points_they_go_row_by_row() {
        let found = grid(&json!({"grid_size": [3, 2]})).map(|grid| grid.cells);
        assert_eq!(found, Some(vec![(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)]));
    }

    #[test]
    fn what_is_no_grid_is_not_drawn() {
        for meta in [
            json!({}),
            json!({"grid_size": [0, 3]}),
            json!({"grid_size": [u64::MAX, 3]}),
            json!({"grid_size": "3x3"}),
            json!({"grid_points": [[1.0], [2.0]]}),
            json!({"grid_points": [[1.0, 2.0], "x"]}),
            json!({"grid_points": []}),
        ] {
            assert_eq!(grid(&meta), None, "{meta}");
        }
    }
}
