//! The rules of the `Idempotency-Key` header. The same key within [`KEPT_MICROS`] means the same
//! request.

use crate::expiry::KEPT_MICROS;
use beamlive_storage::ids::{IdRef, ProjectId, RawId};
use beamlive_storage::keys;
use beamlive_storage::records::{AnsweredRequest, Subject};
use beamlive_storage::{Batch, Timestamp, Versioned};
use sha2::{Digest, Sha256};

/// The key of a request, and the request. Only digests of them are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The first half of the key's SHA-256.
    key: [u8; 16],
    /// The first half of the SHA-256 of beamline and body.
    request: [u8; 16],
}

/// How a request relates to earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Its key is new, or was last used longer than [`KEPT_MICROS`] ago.
    New,
    /// It was answered with this record.
    Repeat(u64),
    /// Its key was used for another request.
    Reused,
}

impl IdempotencyKey {
    /// A request to the beamline of this acronym under the client's `key`.
    #[must_use]
    pub fn new(key: &[u8], beamline: &str, body: &[u8]) -> Self {
        Self {
            key: first_half(Sha256::new_with_prefix(key)),
            // No acronym has a null byte, so different requests have different digests.
            request: first_half(
                Sha256::new_with_prefix(beamline)
                    .chain_update([0])
                    .chain_update(body),
            ),
        }
    }

    /// The row of the answer.
    pub(super) fn row(&self, project: ProjectId) -> keys::Key {
        keys::answered_request(project, &self.key)
    }

    /// Compares the request with the one that was `answered` under this key.
    pub(super) fn verdict(
        &self,
        answered: Option<&AnsweredRequest>,
        subject: Subject,
        now: Timestamp,
    ) -> Verdict {
        match answered {
            Some(answered) if now.micros_since(answered.received) < KEPT_MICROS => {
                match answered.record.get() {
                    Some(id) if answered.request == self.request && answered.subject == subject => {
                        Verdict::Repeat(id)
                    }
                    _ => Verdict::Reused,
                }
            }
            _ => Verdict::New,
        }
    }

    /// Remembers that the request was answered with `record`, in place of the `outdated` answer
    /// under this key.
    pub(super) fn remember(
        &self,
        batch: &mut Batch,
        project: ProjectId,
        (subject, record): (Subject, IdRef),
        outdated: Option<&Versioned<AnsweredRequest>>,
        now: Timestamp,
    ) {
        let answered = AnsweredRequest {
            record: RawId::NONE,
            subject,
            request: self.request,
            received: now,
        };
        match outdated {
            Some(old) => {
                batch.clear(keys::answered_request_by_time(
                    old.record.received,
                    project,
                    &self.key,
                ));
                batch.replace_naming(self.row(project), old.revision, &answered, record);
            }
            None => batch.insert_naming(self.row(project), &answered, record),
        }
        batch.mark(keys::answered_request_by_time(now, project, &self.key));
    }
}

fn first_half(digest: Sha256) -> [u8; 16] {
    let whole: [u8; 32] = digest.finalize().into();
    whole.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_760_000_000_000_000);

    fn answered(key: IdempotencyKey, received: Timestamp) -> AnsweredRequest {
        AnsweredRequest {
            record: RawId::from(7),
            subject: Subject::Dataset,
            request: key.request,
            received,
        }
    }

    #[test]
    fn the_same_request_is_a_repeat_for_a_day() {
        let key = IdempotencyKey::new(b"k", "BM", b"body");
        let ago = |micros: i64| answered(key, NOW.plus_micros(-micros));
        let verdict = |answered: &AnsweredRequest| key.verdict(Some(answered), Subject::Dataset, NOW);
        assert_eq!(key.verdict(None, Subject::Dataset, NOW), Verdict::New);
        assert_eq!(verdict(&ago(0)), Verdict::Repeat(7));
        assert_eq!(verdict(&ago(KEPT_MICROS - 1)), Verdict::Repeat(7));
        assert_eq!(verdict(&ago(KEPT_MICROS)), Verdict::New);
        // The clock was set back.
        assert_eq!(verdict(&ago(-KEPT_MICROS)), Verdict::Repeat(7));
    }

    #[test]
    fn another_request_under_the_same_key_is_refused() {
        let first = IdempotencyKey::new(b"k", "BM", b"body");
        for other in [
            IdempotencyKey::new(b"k", "BM", b"other"),
            IdempotencyKey::new(b"k", "ID", b"body"),
            IdempotencyKey::new(b"k", "BMb", b"ody"),
        ] {
            assert_eq!(other.row(ProjectId(1)), first.row(ProjectId(1)));
            let verdict = other.verdict(Some(&answered(first, NOW)), Subject::Dataset, NOW);
            assert_eq!(verdict, Verdict::Reused);
        }
        let verdict = first.verdict(Some(&answered(first, NOW)), Subject::Report, NOW);
        assert_eq!(verdict, Verdict::Reused);
        assert_ne!(
            first.row(ProjectId(1)),
            IdempotencyKey::new(b"l", "BM", b"body").row(ProjectId(1))
        );
        assert_ne!(first.row(ProjectId(1)), first.row(ProjectId(2)));
    }
}
