//! A connection to the server that takes writes, with the statements prepared on it.

use super::failure::Stop;
use super::settings::{PostgresSettings, PostgresSettingsError, Target};
use futures_util::future::select_ok;
use futures_util::FutureExt;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Socket, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long connecting, with all its steps, may take.
const CONNECT: Duration = Duration::from_secs(4);
/// Settings of each session. No statement has a time limit in the server: a commit that is
/// interrupted while it waits for a standby would count as done. Without a synchronous commit,
/// nothing would wait for the disk.
const SETTINGS: &str = "SET lock_timeout = '4s'; SET idle_in_transaction_session_timeout = '10s'; \
    SET client_min_messages = warning; SET TIME ZONE 'UTC'; \
    SELECT set_config(name, '0', false) FROM pg_settings \
        WHERE name IN ('statement_timeout', 'transaction_timeout', 'idle_session_timeout'); \
    SELECT set_config('synchronous_commit', 'on', false) \
        WHERE current_setting('synchronous_commit') IN ('off', 'local')";

/// Connects to a database.
pub(super) struct Connector {
    target: Target,
    tls: MakeRustlsConnect,
    /// The newest timeline that was seen. Each promotion of a standby starts a new one, so a server
    /// of an earlier one has been replaced.
    timeline: AtomicU64,
}

/// A connection. Dropping it closes it.
pub(super) struct Session {
    pub(super) client: Client,
    timeline: u64,
    /// Whether it is not to be used again: something has failed on it.
    retired: AtomicBool,
    /// Warnings that the server has sent.
    warnings: Arc<AtomicU64>,
    pub(super) get: Statement,
    pub(super) ascending: Statement,
    pub(super) descending: Statement,
}

/// What a session does with messages that answer no statement.
#[derive(Clone, Default)]
pub(super) struct Messages {
    warnings: Arc<AtomicU64>,
    notified: Option<Arc<Notify>>,
}

impl Messages {
    /// Tells `notified` of each notification.
    pub(super) fn notifying(notified: Arc<Notify>) -> Self {
        Self {
            notified: Some(notified),
            ..Self::default()
        }
    }
}

impl Connector {
    pub(super) fn new(settings: &PostgresSettings) -> Result<Self, PostgresSettingsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(settings.roots()?)
            .with_no_client_auth();
        Ok(Self {
            target: settings.target()?,
            tls: MakeRustlsConnect::new(tls),
            timeline: AtomicU64::new(0),
        })
    }

    /// `user@host/database`, for messages.
    pub(super) fn name(&self) -> &str {
        &self.target.name
    }

    /// Whether no server has replaced the one of `session`.
    pub(super) fn is_current(&self, session: &Session) -> bool {
        let usable = !session.client.is_closed() && !session.retired.load(Ordering::SeqCst);
        usable && session.timeline >= self.timeline.load(Ordering::SeqCst)
    }

    /// Connects to the first host that answers and takes writes, without statements.
    pub(super) async fn client(&self, messages: Messages) -> Result<(Client, u64), Stop> {
        let attempts = self.target.hosts.iter().map(|host| {
            let messages = messages.clone();
            within(CONNECT, "connecting", self.connect(host, messages)).boxed()
        });
        let ((client, timeline), _) = select_ok(attempts).await?;
        self.timeline.fetch_max(timeline, Ordering::SeqCst);
        Ok((client, timeline))
    }

    /// Connects, and prepares the statements of a session.
    pub(super) async fn session(&self, messages: Messages) -> Result<Session, Stop> {
        let warnings = Arc::clone(&messages.warnings);
        let (client, timeline) = self.client(messages).await?;
        let prepare = async {
            let page = |order| {
                format!(
                    "SELECT key, value FROM beamlive_store.rows \
                     WHERE key >= $1 AND key < $2 ORDER BY key {order} LIMIT $3"
                )
            };
            let get = client
                .prepare("SELECT value FROM beamlive_store.rows WHERE key = $1")
                .await?;
            let ascending = client.prepare(&page("ASC")).await?;
            let descending = client.prepare(&page("DESC")).await?;
            Ok::<_, tokio_postgres::Error>((get, ascending, descending))
        };
        let (get, ascending, descending) = within(CONNECT, "preparing", prepare).await?;
        Ok(Session {
            client,
            timeline,
            retired: AtomicBool::new(false),
            warnings,
            get,
            ascending,
            descending,
        })
    }

    async fn connect(&self, host: &Config, messages: Messages) -> Result<(Client, u64), Stop> {
        let (client, connection) = host.connect(self.tls.clone()).await?;
        tokio::spawn(drive(connection, messages));
        let standby: bool = client
            .query_one(
                "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool",
                &[],
            )
            .await?
            .get(0);
        if standby {
            return Err(Stop::Away("no host takes writes".to_owned()));
        }
        // The first eight digits of a segment's name are its timeline.
        let segment: String = client
            .query_one("SELECT pg_walfile_name(pg_current_wal_insert_lsn())", &[])
            .await?
            .get(0);
        let timeline = segment
            .get(..8)
            .and_then(|digits| u64::from_str_radix(digits, 16).ok());
        let timeline = timeline.unwrap_or_default();
        if timeline < self.timeline.load(Ordering::SeqCst) {
            return Err(Stop::Away("the server has been replaced by another".to_owned()));
        }
        client.batch_execute(SETTINGS).await?;
        Ok((client, timeline))
    }
}

impl Session {
    /// Makes others use another session.
    pub(super) fn retire(&self) {
        self.retired.store(true, Ordering::SeqCst);
    }

    /// Fails if the server has warned since there were `warnings`: then it acknowledged a commit
    /// that its standby may not have.
    pub(super) fn confirmed_since(&self, warnings: u64) -> Result<(), Stop> {
        match self.warnings() == warnings {
            true => Ok(()),
            false => Err(Stop::Away(
                "the server gave up waiting for its standby".to_owned(),
            )),
        }
    }

    /// Number of warnings so far.
    pub(super) fn warnings(&self) -> u64 {
        self.warnings.load(Ordering::SeqCst)
    }
}

/// Awaits `step` for at most `limit`.
pub(super) async fn within<T, E: Into<Stop>>(
    limit: Duration,
    what: &str,
    step: impl Future<Output = Result<T, E>>,
) -> Result<T, Stop> {
    match tokio::time::timeout(limit, step).await {
        Ok(result) => result.map_err(Into::into),
        Err(_) => Err(Stop::timeout(what)),
    }
}

/// Exchanges messages with the server until the connection ends.
async fn drive<T>(mut connection: Connection<Socket, T>, messages: Messages)
where
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    while let Some(message) = std::future::poll_fn(|context| connection.poll_message(context)).await {
        match message {
            Ok(AsyncMessage::Notice(notice)) => {
                messages.warnings.fetch_add(1, Ordering::SeqCst);
                tracing::warn!(notice = notice.message(), "the database sent a warning");
            }
            Ok(AsyncMessage::Notification(_)) => {
                if let Some(notified) = &messages.notified {
                    notified.notify_one();
                }
            }
            Ok(_) => {}
            // The next use of the client fails with this error.
            Err(_) => return,
        }
    }
}
