//! The rows at one moment: a transaction that only reads, on a connection of its own.

use super::background::Background;
use super::failure::Stop;
use super::session::{within, Connector, Messages, Session};
use crate::batch::Batch;
use crate::engine::error::EngineError;
use crate::engine::interface::{Engine, Entries, Frozen, Order};
use crate::group::Applied;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How long one read may take.
const LIMIT: Duration = Duration::from_secs(60);
/// Rows that a range reads first; each next page is twice as long, up to the last number.
const PAGE: (i64, i64) = (16, 512);

/// A snapshot, which begins with the first read, or why there is none.
pub(super) struct Snapshot {
    background: Arc<Background>,
    connector: Arc<Connector>,
    session: OnceLock<Result<Session, String>>,
}

impl Snapshot {
    pub(super) fn new(background: &Arc<Background>, connector: &Arc<Connector>) -> Self {
        Self {
            background: Arc::clone(background),
            connector: Arc::clone(connector),
            session: OnceLock::new(),
        }
    }

    fn begin(&self) -> Result<Session, String> {
        let begin = async {
            let session = self.connector.session(Messages::default()).await?;
            // The first statement decides which groups the transaction sees.
            let settings = "SET idle_in_transaction_session_timeout = 0; \
                BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT groups FROM beamlive_store.head";
            session.client.batch_execute(settings).await?;
            Ok::<_, Stop>(session)
        };
        self.background
            .wait(within(LIMIT, "beginning a snapshot", begin))
            .map_err(|stop| stop.to_string())
    }

    fn session(&self) -> Result<&Session, EngineError> {
        self.session
            .get_or_init(|| self.begin())
            .as_ref()
            .map_err(|reason| EngineError::Away(reason.clone()))
    }

    fn page(&self, start: &[u8], end: &[u8], order: Order, rows: i64) -> Result<Page, EngineError> {
        let session = self.session()?;
        let read = page(session, start, end, order, rows);
        self.background
            .wait(within(LIMIT, "reading a snapshot", read))
            .map_err(EngineError::from)
    }

    fn entries(&self, start: &[u8], end: &[u8], order: Order) -> Entries<'_> {
        pages(start, end, order, move |start, end, rows| {
            self.page(start, end, order, rows)
        })
    }
}

impl Frozen for Snapshot {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        let session = self.session()?;
        let read = get(session, key);
        self.background
            .wait(within(LIMIT, "reading a snapshot", read))
            .map_err(EngineError::from)
    }

    fn range(&self, start: &[u8], end: &[u8]) -> Entries<'_> {
        self.entries(start, end, Order::Ascending)
    }
}

/// A database that is the same snapshot for as long as it is open.
impl Engine for Snapshot {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        Frozen::get(self, key)
    }

    fn range(&self, start: &[u8], end: &[u8], order: Order) -> Entries<'_> {
        self.entries(start, end, order)
    }

    fn apply(&self, _: &[Batch]) -> Result<Applied, EngineError> {
        Err(EngineError::Away("a snapshot takes no changes".to_owned()))
    }
}

/// Rows in the order that was asked for.
pub(super) type Page = Vec<(Vec<u8>, Vec<u8>)>;

pub(super) async fn get(session: &Session, key: &[u8]) -> Result<Option<Vec<u8>>, tokio_postgres::Error> {
    let row = session.client.query_opt(&session.get, &[&key]).await?;
    Ok(row.map(|row| row.get(0)))
}

pub(super) async fn page(
    session: &Session,
    start: &[u8],
    end: &[u8],
    order: Order,
    rows: i64,
) -> Result<Page, tokio_postgres::Error> {
    let statement = match order {
        Order::Ascending => &session.ascending,
        Order::Descending => &session.descending,
    };
    let rows = session.client.query(statement, &[&start, &end, &rows]).await?;
    Ok(rows.into_iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// The entries of a range, read page by page with `read`, which takes start, end and a number of
/// rows. After an error there are no more.
pub(super) fn pages<'a>(
    start: &[u8],
    end: &[u8],
    order: Order,
    read: impl Fn(&[u8], &[u8], i64) -> Result<Page, EngineError> + 'a,
) -> Entries<'a> {
    let (mut start, mut end) = (start.to_vec(), end.to_vec());
    let (mut rows, most) = PAGE;
    let mut page = Page::new().into_iter();
    let mut ended = start >= end;
    Box::new(std::iter::from_fn(move || loop {
        if let Some(row) = page.next() {
            return Some(Ok(row));
        }
        if ended {
            return None;
        }
        let next = match read(&start, &end, rows) {
            Ok(next) => next,
            Err(error) => {
                ended = true;
                return Some(Err(error));
            }
        };
        ended = i64::try_from(next.len()).is_ok_and(|found| found < rows);
        if let Some((last, _)) = next.last() {
            match order {
                Order::Ascending => start = [last, [0].as_slice()].concat(),
                Order::Descending => end.clone_from(last),
            }
        }
        rows = (rows * 2).min(most);
        page = next.into_iter();
    }))
}
