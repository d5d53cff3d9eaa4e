//! What users left on the survey page.

use super::newest::newest;
use super::values::Instant;
use super::{prefix, Page};
use beamlive_storage::ids::SessionId;
use beamlive_storage::keys::{self, Table};
use beamlive_storage::records::Feedback;
use beamlive_storage::{ReadError, Store};
use serde::Serialize;
use utoipa::ToSchema;

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FeedbackRow {
    /// Its id.
    pub id: u64,
    /// Id of the session it is about.
    pub session: u64,
    /// When it was given.
    pub created: Instant,
    /// The ratings of areas.
    pub areas: Vec<AreaRow>,
    /// A comment on the session as a whole.
    pub comments: String,
}

/// The rating of one area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AreaRow {
    /// Its name.
    pub name: String,
    /// From 1 to 5; null when it was not rated.
    #[schema(minimum = 1, maximum = 5)]
    pub rating: Option<u8>,
    /// A comment.
    pub comment: String,
}

/// The answers about one session or about all sessions, newest first. There is no index by id
/// alone, so all that match are read.
///
/// # Errors
/// [`ReadError`] when the store can't be read.
pub fn list(
    store: &Store,
    session: Option<SessionId>,
    page: &Page,
) -> Result<impl Iterator<Item = FeedbackRow>, ReadError> {
    let prefix = prefix(Table::Feedback, Table::Feedback, session);
    let below = page.before.map(|id| (id, 0));
    let rows = newest(store, &prefix, page.limit, below, |key, _: &Feedback| {
        parse_key(&key)
    })?;
    Ok(rows.map(|((id, session), feedback)| row(id, session, feedback)))
}

/// The id and the session in a key.
fn parse_key(key: &[u8]) -> Option<(u64, u64)> {
    let session = key.get(1..9)?;
    Some((keys::last_id(key)?, u64::from_be_bytes(session.try_into().ok()?)))
}

fn row(id: u64, session: u64, feedback: Feedback) -> FeedbackRow {
    let area = |(name, rating, comment)| AreaRow {
        name,
        rating,
        comment,
    };
    FeedbackRow {
        id,
        session,
        created: feedback.created.into(),
        areas: feedback.areas.into_iter().map(area).collect(),
        comments: feedback.comments,
    }
}
