//! The statements that change a table. Each takes one `jsonb` parameter, a list of objects.

/// The statements of one table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Statements {
    /// Inserts rows, or replaces those that have the same key.
    pub(super) upsert: &'static str,
    /// Deletes rows by key.
    pub(super) remove: &'static str,
    /// The name of the table, without its schema.
    #[cfg(test)]
    pub(super) table: &'static str,
    /// The columns of its key, then all others.
    #[cfg(test)]
    pub(super) columns: &'static [&'static str],
}

/// Makes [`Statements`] of the name of a table, the columns of its key, and its other columns.
macro_rules! statements {
    ($table:literal [$key:literal $(, $more:literal)*] [$first:literal $(, $column:literal)* $(,)?]) => {
        $crate::sql::statements::Statements {
            // The columns are named, so that columns that others add do no harm.
            upsert: concat!(
                "INSERT INTO beamlive.", $table,
                " (", $key $(, ", ", $more)*, ", ", $first $(, ", ", $column)*, ")",
                " SELECT ", $key $(, ", ", $more)*, ", ", $first $(, ", ", $column)*,
                " FROM jsonb_populate_recordset(NULL::beamlive.", $table, ", $1)",
                " ON CONFLICT (", $key $(, ", ", $more)*, ") DO UPDATE SET ",
                $first, " = excluded.", $first $(, ", ", $column, " = excluded.", $column)*,
            ),
            remove: concat!(
                "DELETE FROM beamlive.", $table, " old",
                " USING jsonb_populate_recordset(NULL::beamlive.", $table, ", $1) gone",
                " WHERE old.", $key, " = gone.", $key $(, " AND old.", $more, " = gone.", $more)*,
            ),
            #[cfg(test)]
            table: $table,
            #[cfg(test)]
            columns: &[$key $(, $more)*, $first $(, $column)*],
        }
    };
}

pub(super) use statements;
