//! The tables for people, filled again from the rows while nodes go on writing.
//!
//! Each page of rows is read and shown in one transaction that holds the lock of the groups. So a
//! table never gets an older state of a row than the one that a group has just written.

use super::background::{prepare, unreachable, Background};
use super::failure::Stop;
use super::frozen;
use super::readable::{self, Prepared};
use super::schema;
use super::session::{within, Connector, Messages, Session};
use super::settings::PostgresSettings;
use crate::engine::interface::Order;
use crate::engine::open_error::OpenError;
use crate::keys::Table;
use crate::sql;
use std::time::Duration;

/// How long one page may take.
const LIMIT: Duration = Duration::from_secs(60);
/// Rows of one page.
const PAGE: i64 = 500;
/// Takes the turn of a group.
const BEGIN: &str = "BEGIN; SELECT groups FROM beamlive_store.head FOR UPDATE";

/// Rebuilds the tables for people. `watch` is called with the number of rows so far, and their
/// table. While it runs, the tables are incomplete, and changes wait for one page at most.
///
/// # Errors
/// [`OpenError`], which says what to do. The tables may be incomplete then: run it again.
pub fn rebuild_tables(
    settings: &PostgresSettings,
    mut watch: impl FnMut(u64, Table),
) -> Result<u64, OpenError> {
    let (background, connector) = prepare(settings)?;
    match background.wait(schema::exists(&connector)) {
        Ok(true) => {}
        Ok(false) => return Err(OpenError::NoSchema(connector.name().to_owned())),
        Err(stop) => return Err(unreachable(&connector, &stop)),
    }
    // A table that is missing is made.
    if let Err(error) = background.wait(schema::upgrade(&connector, schema::MIGRATIONS)) {
        return Err(error.into_open_error(&connector));
    }
    rebuild(&background, &connector, &mut watch).map_err(|stop| unreachable(&connector, &stop))
}

fn rebuild(
    background: &Background,
    connector: &Connector,
    watch: &mut impl FnMut(u64, Table),
) -> Result<u64, Stop> {
    let session = background.wait(connector.session(Messages::default()))?;
    let clear = format!(
        "SET lock_timeout = '60s'; {BEGIN}; {}; UPDATE beamlive_store.head SET readable = false; COMMIT",
        sql::CLEAR
    );
    background.wait(within(
        LIMIT,
        "emptying the tables",
        session.client.batch_execute(&clear),
    ))?;
    let (mut prepared, mut shown) = (Prepared::default(), 0);
    for table in sql::shown_tables() {
        let mut start = vec![table as u8];
        while let Some((last, rows)) = page(background, &session, &mut prepared, &start, table)? {
            shown += rows;
            watch(shown, table);
            start = [last.as_slice(), &[0]].concat();
        }
    }
    let done = "UPDATE beamlive_store.head SET readable = true";
    background.wait(within(LIMIT, "ending", session.client.batch_execute(done)))?;
    Ok(shown)
}

/// Shows the rows of `table` from `start` on. Returns the last key, and the number of rows; `None`
/// at the end.
fn page(
    background: &Background,
    session: &Session,
    prepared: &mut Prepared,
    start: &[u8],
    table: Table,
) -> Result<Option<(Vec<u8>, u64)>, Stop> {
    let client = &session.client;
    background.wait(within(LIMIT, "locking", client.batch_execute(BEGIN)))?;
    let end = [table as u8 + 1];
    let read = frozen::page(session, start, &end, Order::Ascending, PAGE);
    let rows = background.wait(within(LIMIT, "reading", read))?;
    let (last, count) = (rows.last().map(|(key, _)| key.clone()), rows.len() as u64);
    let get = |key: &[u8]| {
        let read = frozen::get(session, key);
        background.wait(within(LIMIT, "reading", read))
    };
    for rows in sql::rebuild_rows(rows.into_iter().map(Ok), get) {
        let tables = sql::project(&rows?);
        let write = async {
            prepared.prepare(client, &tables).await?;
            readable::write(client, prepared.steps(&tables)).await?;
            Ok::<_, Stop>(())
        };
        background.wait(within(LIMIT, "writing", write))?;
    }
    background.wait(within(LIMIT, "committing", client.batch_execute("COMMIT")))?;
    Ok(last.map(|last| (last, count)))
}
