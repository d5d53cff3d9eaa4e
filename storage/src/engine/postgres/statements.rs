//! The statements of a group's transaction.

use super::failure::Stop;
use super::readable::{self, Prepared, Step};
use super::session::Session;
use crate::batch::Batch;
use crate::group::{self, Plan};
use crate::keys::Table;
use futures_util::{join, try_join};
use std::collections::{BTreeSet, HashMap};
use tokio_postgres::types::ToSql;
use tokio_postgres::Statement;
use uuid::Uuid;

/// Keys of one group that its log entry names. A group with more is logged without keys.
const LOGGED_KEYS: usize = 2_000;
/// The channel of notifications.
pub(super) const CHANNEL: &str = "beamlive_groups";

/// Rows as they are stored; `None`: there is none.
pub(super) type Known = HashMap<Vec<u8>, Option<Vec<u8>>>;

/// Statements of a transaction.
pub(super) struct Statements {
    pub(super) lock: Statement,
    read: Statement,
    insert: Statement,
    update: Statement,
    delete: Statement,
    log: Statement,
    notify: Statement,
    pub(super) readable: Prepared,
}

/// The rows of a group, by what has to be done.
#[derive(Default)]
struct Changes<'a> {
    inserted: (Vec<&'a [u8]>, Vec<&'a [u8]>),
    updated: (Vec<&'a [u8]>, Vec<&'a [u8]>),
    deleted: Vec<&'a [u8]>,
}

pub(super) async fn prepare(session: &Session) -> Result<Statements, tokio_postgres::Error> {
    let client = &session.client;
    let (lock, read, insert, update, delete, log, notify) = try_join!(
        client.prepare("SELECT groups FROM beamlive_store.head FOR UPDATE"),
        client.prepare("SELECT key, value FROM beamlive_store.rows WHERE key = ANY($1)"),
        client.prepare(
            "INSERT INTO beamlive_store.rows (key, value) SELECT * FROM unnest($1::bytea[], $2::bytea[])"
        ),
        client.prepare(
            "UPDATE beamlive_store.rows AS old SET value = new.value \
             FROM unnest($1::bytea[], $2::bytea[]) AS new (key, value) WHERE old.key = new.key"
        ),
        client.prepare("DELETE FROM beamlive_store.rows WHERE key = ANY($1)"),
        client.prepare(
            "WITH head AS (UPDATE beamlive_store.head SET groups = $1, readable = readable AND $5) \
             INSERT INTO beamlive_store.groups (number, node, sequence, keys) VALUES ($1, $2, $3, $4)"
        ),
        client.prepare("SELECT pg_notify($1, '')"),
    )?;
    Ok(Statements {
        lock,
        read,
        insert,
        update,
        delete,
        log,
        notify,
        readable: Prepared::default(),
    })
}

/// Begins a transaction, takes its turn, and reads `keys`. Returns the number of groups too.
pub(super) async fn begin(
    session: &Session,
    statements: &Statements,
    keys: BTreeSet<Vec<u8>>,
) -> Result<(u64, Known), tokio_postgres::Error> {
    let keys: Vec<_> = keys.into_iter().collect();
    let client = &session.client;
    // Polled in this order, so they are sent in this order, in one round trip.
    let (begun, head, rows) = join!(
        client.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED"),
        client.query_one(&statements.lock, &[]),
        async { client.query(&statements.read, &[&keys]).await },
    );
    begun?;
    let head: i64 = head?.get(0);
    let mut known: Known = keys.into_iter().map(|key| (key, None)).collect();
    known.extend(rows?.into_iter().map(|row| (row.get(0), Some(row.get(1)))));
    Ok((u64::try_from(head).unwrap_or_default(), known))
}

/// Plans the group. What the plan asks for and is not known yet is read, and the plan made again.
pub(super) async fn plan(
    session: &Session,
    statements: &Statements,
    group: &[Batch],
    known: &mut Known,
) -> Result<Plan, Stop> {
    loop {
        let mut missing = BTreeSet::new();
        let plan = group::plan(group, |key| {
            Ok(known.get(key).cloned().unwrap_or_else(|| {
                missing.insert(key.to_vec());
                None
            }))
        });
        if missing.is_empty() {
            return Ok(plan?);
        }
        let missing: Vec<_> = missing.into_iter().collect();
        let rows = session.client.query(&statements.read, &[&missing]).await?;
        known.extend(missing.into_iter().map(|key| (key, None)));
        known.extend(rows.into_iter().map(|row| (row.get(0), Some(row.get(1)))));
    }
}

/// Writes the rows and commits. An error says whether the commit may have taken effect.
pub(super) async fn write(
    session: &Session,
    statements: &Statements,
    plan: &Plan,
    known: &Known,
    (node, sequence): (Uuid, i64),
    readable: Vec<Step<'_>>,
    complete: bool,
) -> Result<(), (Stop, bool)> {
    let client = &session.client;
    if plan.rows.is_empty() {
        // What the preconditions found is confirmed by the commit, which waits for the standby.
        return client
            .batch_execute("COMMIT")
            .await
            .map_err(|error| (error.into(), false));
    }
    let changes = Changes::of(plan, known);
    let keys = followed(plan);
    let groups = i64::try_from(plan.applied.groups).unwrap_or(i64::MAX);
    let inserting = async {
        let (keys, values) = &changes.inserted;
        match keys.is_empty() {
            true => Ok(0),
            false => client.execute(&statements.insert, &[keys, values]).await,
        }
    };
    let updating = async {
        let (keys, values) = &changes.updated;
        match keys.is_empty() {
            true => Ok(0),
            false => client.execute(&statements.update, &[keys, values]).await,
        }
    };
    let deleting = async {
        match changes.deleted.is_empty() {
            true => Ok(0),
            false => client.execute(&statements.delete, &[&changes.deleted]).await,
        }
    };
    let projecting = readable::write(client, readable);
    let entry: [&(dyn ToSql + Sync); 5] = [&groups, &node, &sequence, &keys, &complete];
    let logging = client.execute(&statements.log, &entry);
    let notifying = async {
        match &keys {
            Some(keys) if keys.is_empty() => Ok(0),
            _ => client.execute(&statements.notify, &[&CHANNEL]).await,
        }
    };
    // All are sent at once, in this order. After the first that fails, the transaction is lost.
    let (inserted, updated, deleted, projected, logged, notified, committed) = join!(
        inserting,
        updating,
        deleting,
        projecting,
        logging,
        notifying,
        client.batch_execute("COMMIT"),
    );
    let first_error = [inserted, updated, deleted, projected, logged, notified]
        .into_iter()
        .find_map(Result::err);
    match (first_error, committed) {
        // The server refused a statement, so it rolled back.
        (Some(error), _) if error.as_db_error().is_some() => Err((error.into(), false)),
        (Some(error), _) | (None, Err(error)) => Err((error.into(), true)),
        (None, Ok(())) => Ok(()),
    }
}

impl<'a> Changes<'a> {
    fn of(plan: &'a Plan, known: &Known) -> Self {
        let mut changes = Self::default();
        for (key, value) in &plan.rows {
            let exists = known.get(key).is_some_and(Option::is_some);
            match (value, exists) {
                (Some(value), true) => {
                    changes.updated.0.push(key);
                    changes.updated.1.push(value);
                }
                (Some(value), false) => {
                    changes.inserted.0.push(key);
                    changes.inserted.1.push(value);
                }
                (None, true) => changes.deleted.push(key),
                (None, false) => {}
            }
        }
        changes
    }
}

/// The keys that other nodes have to read again; `None` if there are too many. Nobody waits for a
/// row that leaves the outbox.
fn followed(plan: &Plan) -> Option<Vec<&[u8]>> {
    let followed = plan.rows.iter().filter(|(key, value)| match Table::of(key) {
        Some(Table::Outbox) => value.is_some(),
        table => table.is_some_and(Table::is_followed),
    });
    let keys: Vec<_> = followed.map(|(key, _)| key.as_slice()).collect();
    (keys.len() <= LOGGED_KEYS).then_some(keys)
}
