//! One group as one transaction, exactly once.
//!
//! The transaction locks the head row first, so the groups of all nodes follow one another. A
//! second statement, whose snapshot is taken after the lock, reads what the group requires and
//! changes. The rows that result, the log entry with the group's token, and the commit are sent
//! together: two round trips for a group. If the connection is lost in the second, the token tells
//! whether the group took effect.

use super::acknowledged::Acknowledged;
use super::failure::Stop;
use super::session::{within, Connector, Messages, Session};
use super::statements::{begin, plan, prepare, write, Statements};
use crate::batch::Batch;
use crate::engine::error::EngineError;
use crate::group::{self, Applied, Note};
use crate::keys;
use crate::sql;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How long the first half of a transaction may take: the lock, and reading.
const READ: Duration = Duration::from_secs(5);
/// How long the second half may take. A commit waits for the standby.
const COMMIT: Duration = Duration::from_secs(10);
/// Why a group is refused while another node imports.
const IMPORTS: &str = "another node imports into it";
/// Tries of a group that another writer came first on.
const TRIES: usize = 16;

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

struct Pending {
    sequence: i64,
    applied: Applied,
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

    /// Applies a group, or finds out that it was applied. A group with a `note` belongs to an
    /// import. Others are refused while there is one.
    pub(super) async fn apply(
        &mut self,
        group: &[Batch],
        mut note: Option<Note<'_>>,
    ) -> Result<Applied, EngineError> {
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
            match self.attempt(group, projects, &mut note).await {
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

    async fn attempt(
        &mut self,
        group: &[Batch],
        projects: bool,
        note: &mut Option<Note<'_>>,
    ) -> Result<Applied, Stop> {
        self.connect().await?;
        let Some((session, statements)) = &mut self.session else {
            return Err(Stop::Away("there is no connection".to_owned()));
        };
        let importing = keys::importing().as_bytes().to_vec();
        let mut keys: BTreeSet<_> = group.iter().flat_map(group::reads).collect();
        keys.insert(importing.clone());
        let (head, mut known) = within(READ, "locking", begin(session, statements, keys)).await?;
        self.acknowledged.are(head);
        let plan = within(READ, "reading", plan(session, statements, group, &mut known)).await?;
        if !plan.rows.is_empty() {
            let imports = known.get(&importing).is_some_and(Option::is_some);
            match note {
                Some(note) => note(&plan)?,
                None if imports => return Err(Stop::Engine(EngineError::Away(IMPORTS.to_owned()))),
                None => {}
            }
        }
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
        let confirmed = session.confirmed_since(warnings).map_err(|stop| (stop, true));
        match outcome.and(confirmed) {
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
                    "SELECT number FROM beamlive_store.groups WHERE node = $1 AND sequence = $2",
                    &[&self.node, &sequence],
                )
                .await?;
            // The lock was written, so this waits for the standby as any commit does.
            client.batch_execute("COMMIT").await?;
            Ok::<_, tokio_postgres::Error>((head, found.is_some()))
        };
        let warnings = session.warnings();
        let (head, found) = within(COMMIT, "finding out what was committed", find).await?;
        session.confirmed_since(warnings)?;
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
