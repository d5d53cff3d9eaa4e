//! One group as one transaction, exactly once.
//!
//! The transaction locks the head row first, so the groups of all nodes follow one another. A
//! second statement, whose snapshot is taken after the lock, reads what the group requires and
//! changes. The rows that result, the log entry with the group's token, and the commit are sent
//! together: two round trips for a group. If the connection is lost in the second, the token tells
//! whether the group took effect.

use super::failure::Stop;
use super::readable::{self, Prepared, Step};
use super::session::{within, Connector, Messages, Session};
use crate::batch::Batch;
use crate::engine::error::EngineError;
use crate::group::{self, Applied, Plan};
use crate::keys::Table;
use crate::sql;
use futures_util::{join, try_join};
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::types::ToSql;
use tokio_postgres::Statement;
use uuid::Uuid;

/// How long the first half of a transaction may take: the lock, and reading.
const READ: Duration = Duration::from_secs(5);
/// How long the second half may take. A commit waits for the standby.
const COMMIT: Duration = Duration::from_secs(10);
/// Tries of a group that another writer came first on.
const TRIES: usize = 16;
/// Keys of one group that its log entry names. A group with more is logged without keys.
const LOGGED_KEYS: usize = 2_000;
/// The channel of notifications.
pub(super) const CHANNEL: &str = "beamlive_groups";

/// Rows as they are stored; `None`: there is none.
type Known = HashMap<Vec<u8>, Option<Vec<u8>>>;

/// Writes groups, one after the other.
pub(super) struct Writer {
    connector: Arc<Connector>,
    node: Uuid,
    /// Whether rows go into the tables for people too.
    projects: bool,
    /// The number of this node's last group.
    sequence: i64,
    acknowledged: Arc<Acknowledged>,
    session: Option<(Session, Statements)>,
    /// A group whose outcome is not known.
    pending: Option<Pending>,
}

/// The groups that are known to be acknowledged.
#[derive(Debug, Default)]
pub(super) struct Acknowledged {
    groups: AtomicU64,
    /// Groups that the database has lost.
    lost: AtomicU64,
}

impl Acknowledged {
    /// Notes the present number of groups. It only becomes smaller when the database loses some.
    fn are(&self, groups: u64) {
        let before = self.groups.swap(groups, Ordering::SeqCst);
        if groups < before {
            let lost = before - groups;
            self.lost.fetch_add(lost, Ordering::SeqCst);
            tracing::error!(lost, "the database has lost groups of acknowledged changes");
        }
    }

    /// What an operator has to know.
    pub(super) fn trouble(&self) -> Option<String> {
        let lost = self.lost.load(Ordering::SeqCst);
        (lost > 0).then(|| {
            format!(
                "the database has lost {lost} groups of acknowledged changes in a failover: make its standby synchronous"
            )
        })
    }
}

struct Pending {
    sequence: i64,
    applied: Applied,
}

/// Statements of a transaction.
struct Statements {
    lock: Statement,
    read: Statement,
    insert: Statement,
    update: Statement,
    delete: Statement,
    log: Statement,
    notify: Statement,
    readable: Prepared,
}

/// The rows of a group, by what has to be done.
#[derive(Default)]
struct Changes<'a> {
    inserted: (Vec<&'a [u8]>, Vec<&'a [u8]>),
    updated: (Vec<&'a [u8]>, Vec<&'a [u8]>),
    deleted: Vec<&'a [u8]>,
}

impl Writer {
    pub(super) fn new(
        connector: Arc<Connector>,
        node: Uuid,
        projects: bool,
        acknowledged: Arc<Acknowledged>,
    ) -> Self {
        Self {
            connector,
            node,
            projects,
            sequence: 0,
            acknowledged,
            session: None,
            pending: None,
        }
    }

    /// The last group will not be tried again.
    pub(super) fn abandon(&mut self) {
        self.pending = None;
    }

    /// Applies a group, or finds out that it was applied.
    pub(super) async fn apply(&mut self, group: &[Batch]) -> Result<Applied, EngineError> {
        if let Some(pending) = self.pending.take() {
            match self.took_effect(pending.sequence).await {
                Ok(true) => return Ok(pending.applied),
                Ok(false) => {}
                Err(stop) => {
                    self.pending = Some(pending);
                    self.session = None;
                    return Err(EngineError::Unsettled(stop.to_string()));
                }
            }
        }
        let mut projects = self.projects;
        let mut last = String::new();
        for _ in 0..TRIES {
            match self.attempt(group, projects).await {
                Ok(applied) => return Ok(applied),
                Err(Stop::Again(text)) => last = text,
                Err(Stop::Unreadable(text)) if projects => {
                    tracing::error!(
                        text,
                        "a record does not fit the tables for people: they are incomplete until `beamlive sql rebuild`"
                    );
                    projects = false;
                }
                Err(Stop::Unreadable(text) | Stop::Away(text)) => {
                    self.session = None;
                    return Err(match self.pending.is_some() {
                        true => EngineError::Unsettled(text),
                        false => EngineError::Away(text),
                    });
                }
                Err(Stop::Engine(error)) => {
                    // The transaction ends with its session.
                    self.session = None;
                    return Err(error);
                }
            }
            self.roll_back().await;
        }
        Err(EngineError::Away(format!(
            "others came first {TRIES} times: {last}"
        )))
    }

    async fn roll_back(&mut self) {
        if let Some((session, _)) = &self.session {
            let done = within(READ, "rolling back", session.client.batch_execute("ROLLBACK")).await;
            if done.is_err() {
                self.session = None;
            }
        }
    }

    async fn attempt(&mut self, group: &[Batch], projects: bool) -> Result<Applied, Stop> {
        self.connect().await?;
        let Some((session, statements)) = &mut self.session else {
            return Err(Stop::Away("there is no connection".to_owned()));
        };
        let keys: BTreeSet<_> = group.iter().flat_map(group::reads).collect();
        let (head, mut known) = within(READ, "locking", begin(session, statements, keys)).await?;
        self.acknowledged.are(head);
        let plan = within(READ, "reading", plan(session, statements, group, &mut known)).await?;
        let tables = if projects {
            sql::project(&plan.rows)
        } else {
            Vec::new()
        };
        let preparing = statements.readable.prepare(&session.client, &tables);
        within(READ, "preparing", preparing).await?;
        let readable = statements.readable.steps(&tables);
        let warnings = session.warnings();
        let sequence = self.sequence + 1;
        let written = tokio::time::timeout(
            COMMIT,
            write(
                session,
                statements,
                &plan,
                &known,
                (self.node, sequence),
                readable,
                projects,
            ),
        );
        self.sequence = sequence;
        let outcome = written
            .await
            .unwrap_or_else(|_| Err((Stop::timeout("the commit"), true)));
        match outcome {
            // A warning: the commit did not wait for the standby.
            Ok(()) if session.warnings() != warnings => {
                self.pending = Some(Pending {
                    sequence,
                    applied: plan.applied,
                });
                Err(Stop::Away(
                    "the server gave up waiting for its standby".to_owned(),
                ))
            }
            Ok(()) => {
                self.acknowledged.are(plan.applied.groups);
                Ok(plan.applied)
            }
            Err((stop, committing)) => {
                if committing {
                    self.pending = Some(Pending {
                        sequence,
                        applied: plan.applied,
                    });
                }
                Err(stop)
            }
        }
    }

    /// Whether the group of this number took effect. Answers only when no transaction of it can be
    /// in progress, and when what it answers is as durable as any commit.
    async fn took_effect(&mut self, sequence: i64) -> Result<bool, Stop> {
        self.connect().await?;
        let Some((session, statements)) = &self.session else {
            return Err(Stop::Away("there is no connection".to_owned()));
        };
        let client = &session.client;
        let find = async {
            client.batch_execute("BEGIN").await?;
            // An earlier transaction holds this lock until it has ended.
            let head: i64 = client.query_one(&statements.lock, &[]).await?.get(0);
            let found = client
                .query_opt(
                    "SELECT number FROM beamlive.store_group WHERE node = $1 AND sequence = $2",
                    &[&self.node, &sequence],
                )
                .await?;
            // The lock was written, so this waits for the standby as any commit does.
            client.batch_execute("COMMIT").await?;
            Ok::<_, tokio_postgres::Error>((head, found.is_some()))
        };
        let warnings = session.warnings();
        let (head, found) = within(COMMIT, "finding out what was committed", find).await?;
        if session.warnings() != warnings {
            return Err(Stop::Away(
                "the server gave up waiting for its standby".to_owned(),
            ));
        }
        self.acknowledged.are(u64::try_from(head).unwrap_or_default());
        Ok(found)
    }

    async fn connect(&mut self) -> Result<(), Stop> {
        let current = |(session, _): &(Session, Statements)| self.connector.is_current(session);
        if self.session.as_ref().is_some_and(current) {
            return Ok(());
        }
        self.session = None;
        let session = self.connector.session(Messages::default()).await?;
        let statements = within(READ, "preparing", prepare(&session)).await?;
        self.session = Some((session, statements));
        Ok(())
    }
}

async fn prepare(session: &Session) -> Result<Statements, tokio_postgres::Error> {
    let client = &session.client;
    let (lock, read, insert, update, delete, log, notify) = try_join!(
        client.prepare("SELECT groups FROM beamlive.store_head FOR UPDATE"),
        client.prepare("SELECT key, value FROM beamlive.store_row WHERE key = ANY($1)"),
        client.prepare(
            "INSERT INTO beamlive.store_row (key, value) SELECT * FROM unnest($1::bytea[], $2::bytea[])"
        ),
        client.prepare(
            "UPDATE beamlive.store_row AS old SET value = new.value \
             FROM unnest($1::bytea[], $2::bytea[]) AS new (key, value) WHERE old.key = new.key"
        ),
        client.prepare("DELETE FROM beamlive.store_row WHERE key = ANY($1)"),
        client.prepare(
            "WITH head AS (UPDATE beamlive.store_head SET groups = $1, readable = readable AND $5) \
             INSERT INTO beamlive.store_group (number, node, sequence, keys) VALUES ($1, $2, $3, $4)"
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
async fn begin(
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
async fn plan(
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
async fn write(
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

/// The keys that other nodes have to read again; `None` if there are too many.
fn followed(plan: &Plan) -> Option<Vec<&[u8]>> {
    let is_followed = |key: &&Vec<u8>| Table::of(key).is_some_and(Table::is_followed);
    let keys: Vec<_> = plan.rows.keys().filter(is_followed).map(Vec::as_slice).collect();
    (keys.len() <= LOGGED_KEYS).then_some(keys)
}
