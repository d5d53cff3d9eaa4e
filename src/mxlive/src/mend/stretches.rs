//! Stretches: one on a beamline at a time.

use crate::notes::Notes;
use crate::pk::Pk;
use crate::rows::{self, Row};
use beamlive_storage::Timestamp;
use std::collections::BTreeMap;

const LABEL: &str = rows::Stretch::LABEL;

/// A stretch, or a piece of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) start: Timestamp,
    /// `None` while it is open.
    pub(super) end: Option<Timestamp>,
    pub(super) session: u64,
    pub(super) pk: Pk,
}

impl Piece {
    fn lasts_beyond(&self, time: Timestamp) -> bool {
        self.end.is_none_or(|end| end > time)
    }
}

/// Swaps reversed times; drops empty stretches.
pub(super) fn clean(mut piece: Piece, notes: &mut Notes) -> Option<Piece> {
    match piece.end {
        Some(end) if end == piece.start => {
            notes.left_out(LABEL, &piece.pk, "it ends when it begins");
            return None;
        }
        Some(end) if end < piece.start => {
            notes.mended(
                LABEL,
                &piece.pk,
                "it ended before it began: both times are exchanged",
            );
            piece.end = Some(piece.start);
            piece.start = end;
        }
        _ => {}
    }
    Some(piece)
}

/// The stretches of one beamline in order, if none overlaps another and only the newest is open.
pub(super) fn apart(pieces: &[Piece]) -> Option<Vec<Piece>> {
    let mut pieces = pieces.to_vec();
    pieces.sort_by(|one, other| {
        (one.start, one.end.is_none(), one.end, &one.pk).cmp(&(
            other.start,
            other.end.is_none(),
            other.end,
            &other.pk,
        ))
    });
    let follow = |pair: &[Piece]| match pair {
        [before, next] => before.end.is_some_and(|end| end <= next.start),
        _ => true,
    };
    pieces.windows(2).all(follow).then_some(pieces)
}

/// The stretches of one beamline, so that none overlaps another and only the newest is open.
///
/// A launch ends the stretch before it. A stretch that lasts beyond one that lies within it is that
/// of a session which was launched again: it goes on in a second piece.
pub(super) fn sweep(pieces: Vec<Piece>, notes: &mut Notes) -> Vec<Piece> {
    let mut queue = BTreeMap::new();
    for piece in pieces {
        queue.insert((piece.start, piece.pk.clone(), 0_u32), piece);
    }
    close(&mut queue, notes);
    let mut out: Vec<Piece> = Vec::new();
    while let Some(((.., part), next)) = queue.pop_first() {
        if next.end == Some(next.start) {
            notes.left_out(LABEL, &next.pk, "another begins at the same time");
            continue;
        }
        let Some(last) = out.last_mut().filter(|last| last.lasts_beyond(next.start)) else {
            out.push(next);
            continue;
        };
        if last.session == next.session {
            let end = last.end.zip(next.end).map(|(one, other)| one.max(other));
            let text = format!(
                "it overlaps stretch {} of the same session: both are one now",
                last.pk
            );
            notes.mended(LABEL, &next.pk, text);
            last.end = end;
            continue;
        }
        let rest = last.end.zip(next.end).filter(|(last, next)| last > next);
        let text = if rest.is_some() {
            format!("stretch {} lies within it: it is split in two", next.pk)
        } else {
            format!("it ends when stretch {} begins", next.pk)
        };
        notes.mended(LABEL, &last.pk, text);
        if let Some((end, start)) = rest {
            let rest = Piece {
                start,
                end: Some(end),
                ..last.clone()
            };
            queue.insert((start, rest.pk.clone(), part + 1), rest);
        }
        last.end = Some(next.start);
        if last.start == next.start {
            let pk = last.pk.clone();
            out.pop();
            if rest.is_none() {
                notes.left_out(LABEL, &pk, "another begins at the same time");
            }
        }
        out.push(next);
    }
    out
}

/// Ends every open stretch but the newest when the next one begins.
fn close(queue: &mut BTreeMap<(Timestamp, Pk, u32), Piece>, notes: &mut Notes) {
    let mut next = None;
    for (_, piece) in queue.iter_mut().rev() {
        if let (None, Some(start)) = (piece.end, next) {
            piece.end = Some(start);
            notes.mended(
                LABEL,
                &piece.pk,
                "it was never ended: it ends when the next one of the beamline begins",
            );
        }
        next = Some(piece.start);
    }
}

/// A microsecond in which no stretch of the beamline is running, at `time` or after it if there is
/// one. `taken` has the end and the session of each stretch by its start.
pub(super) fn free(
    taken: &BTreeMap<Timestamp, (Option<Timestamp>, u64)>,
    time: Timestamp,
) -> (Timestamp, Timestamp) {
    let running = |time: Timestamp| {
        let (start, (end, _)) = taken.range(..=time).next_back()?;
        end.is_none_or(|end| end > time).then_some((*start, *end))
    };
    let mut free = time;
    while let Some((start, end)) = running(free) {
        match end {
            Some(end) => free = end,
            None => {
                free = start.plus_micros(-1);
                while let Some((start, _)) = running(free) {
                    free = start.plus_micros(-1);
                }
            }
        }
    }
    (free, free.plus_micros(1))
}
