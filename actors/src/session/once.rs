//! Pure: what a client's `Idempotency-Key` means. The same key within [`KEPT_MICROS`] is the same request.

use crate::expiry::KEPT_MICROS;
use beamlive_storage::ids::{IdRef, ProjectId, RawId};
use beamlive_storage::keys;
use beamlive_storage::records::{AnsweredRequest, Subject};
use beamlive_storage::{Batch, Timestamp, Versioned};
use sha2::{Digest, Sha256};

/// The name that a client gave to a request, and what the request was. Neither is kept in clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Once {
    /// The first half of the key's SHA-256.
    key: [u8; 16],
    /// The first half of the SHA-256 of beamline and body.
    request: [u8; 16],
}

/// What a request is to those that were answered before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Its key is new, or was last used too long ago.
    New,
    /// It was answered with this record.
    Repeat(u64),
    /// Its key was used for another request.
    Reused,
}

impl Once {
    /// A request to the beamline of this acronym under the client's `key`.
    #[must_use]
    pub fn new(key: &[u8], beamline: &str, body: &[u8]) -> Self {
        Self {
            key: half(Sha256::digest(key)),
            // No acronym has a null byte, so no two requests come to the same text.
            request: half(
                Sha256::new()
                    .chain_update(beamline)
                    .chain_update([0])
                    .chain_update(body)
                    .finalize(),
            ),
        }
    }

    /// Where the answer to it is kept.
    pub(super) fn row(&self, project: ProjectId) -> keys::Key {
        keys::answered_request(project, &self.key)
    }

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

    /// Keeps in the upload's own batch that it was answered with `record`; `outdated` is what the key was used for before.
    pub(super) fn keep(
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

fn half(digest: impl IntoIterator<Item = u8>) -> [u8; 16] {
    let mut half = [0; 16];
    for (byte, value) in half.iter_mut().zip(digest) {
        *byte = value;
    }
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_760_000_000_000_000);

    fn answered(once: Once, received: Timestamp) -> AnsweredRequest {
        AnsweredRequest {
            record: RawId::from(7),
            subject: Subject::Dataset,
            request: once.request,
            received,
        }
    }

    #[test]
    fn the_same_request_is_a_repeat_for_a_day() {
        let once = Once::new(b"k", "BM", b"body");
        let ago = |micros: i64| answered(once, NOW.plus_micros(-micros));
        let verdict = |answered: &AnsweredRequest| once.verdict(Some(answered), Subject::Dataset, NOW);
        assert_eq!(once.verdict(None, Subject::Dataset, NOW), Verdict::New);
        assert_eq!(verdict(&ago(0)), Verdict::Repeat(7));
        assert_eq!(verdict(&ago(KEPT_MICROS - 1)), Verdict::Repeat(7));
        assert_eq!(verdict(&ago(KEPT_MICROS)), Verdict::New);
        // A clock that was set back makes nothing new.
        assert_eq!(verdict(&ago(-KEPT_MICROS)), Verdict::Repeat(7));
    }

    #[test]
    fn another_request_under_the_same_key_is_told_apart() {
        let first = Once::new(b"k", "BM", b"body");
        for other in [
            Once::new(b"k", "BM", b"other"),
            Once::new(b"k", "ID", b"body"),
            Once::new(b"k", "BMb", b"ody"),
        ] {
            assert_eq!(other.row(ProjectId(1)), first.row(ProjectId(1)));
            let verdict = other.verdict(Some(&answered(first, NOW)), Subject::Dataset, NOW);
            assert_eq!(verdict, Verdict::Reused);
        }
        let verdict = first.verdict(Some(&answered(first, NOW)), Subject::Report, NOW);
        assert_eq!(verdict, Verdict::Reused);
        assert_ne!(
            first.row(ProjectId(1)),
            Once::new(b"l", "BM", b"body").row(ProjectId(1))
        );
        assert_ne!(first.row(ProjectId(1)), first.row(ProjectId(2)));
    }
}
