//! Who has the beamline: the pure rules of launch and close. No clock, no disk, no runtime.
//!
//! The state knows the newest stretch on the beamline and a few sessions it was asked for lately. When a rule needs
//! a session it does not know, it says which ([`Missing`]); the shell reads it from the store and asks again.
//!
//! Invariants: at most one stretch is open, and it is the newest; stretches don't overlap; each ends after it
//! starts; at most one session per (project, name) is joinable. A clock that runs backwards breaks none of these:
//! a stretch never starts before the previous one has ended.

use crate::remembered::Remembered;
use beamlive_storage::ids::{ProjectId, SessionId};
use beamlive_storage::records::{BeamlineState, Session, Stretch};
use beamlive_storage::{Timestamp, Versioned};

/// A session that was active this long ago, or less, is joined by a launch of its name.
pub const JOINABLE_MICROS: i64 = 7 * 86_400 * 1_000_000;
/// A stretch that ended less than this ago goes on, if nobody else has had the beamline since.
pub const REOPEN_MICROS: i64 = 5 * 60 * 1_000_000;
/// Sessions and names that a beamline remembers; others are read again when they are needed.
const REMEMBERED: usize = 8;

/// What the rules know of one beamline.
#[derive(Debug, Clone)]
pub struct State {
    newest: Option<Versioned<BeamlineState>>,
    sessions: Remembered<SessionId, Versioned<Session>>,
    names: Remembered<(ProjectId, String), Option<SessionId>>,
}

/// Something the shell has to read before the rule can decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// The newest session of this name at this beamline, if there is one.
    Name(ProjectId, String),
    /// This session.
    Session(SessionId),
}

/// A change of one session's stretches, with the revision it is made at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which session.
    pub id: SessionId,
    /// The revision that this change replaces.
    pub revision: u64,
    /// Its new state; its newest stretch is the one that changed.
    pub session: Session,
    /// Whether that stretch is a new one.
    pub new_stretch: bool,
}

/// What a launch does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Launch {
    /// The session has the beamline already: nothing changes.
    Continues(SessionId),
    /// The stretch that ended a moment ago goes on.
    Reopens(Change),
    /// A known session gets a new stretch.
    Joins(Change),
    /// There is no joinable session of that name: a new one is made, with its first stretch from this instant.
    Creates(Timestamp),
}

/// The effects of a launch, to be written as one batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launched {
    /// Another session's stretch, which ends now.
    pub ends: Option<Change>,
    /// What becomes of the session itself.
    pub launch: Launch,
    /// The beamline's newest stretch from now on, for all but a new session.
    pub newest: Option<BeamlineState>,
}

/// The effects of a close.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The stretch that ends now, if one was open.
    pub ends: Option<Change>,
    /// The beamline's newest stretch from now on, if it changed.
    pub newest: Option<BeamlineState>,
    /// How long the session's newest stretch lasted, in microseconds.
    pub stretch_micros: i64,
}

impl State {
    /// A beamline whose newest stretch is `newest`.
    #[must_use]
    pub fn new(newest: Option<Versioned<BeamlineState>>) -> Self {
        Self {
            newest,
            sessions: Remembered::new(REMEMBERED),
            names: Remembered::new(REMEMBERED),
        }
    }

    /// The revision of the beamline's newest stretch, which every batch that rests on it requires; none before
    /// the first launch.
    #[must_use]
    pub fn revision(&self) -> Option<u64> {
        self.newest.as_ref().map(|newest| newest.revision)
    }

    /// The session that has the beamline now, if it is `project`'s.
    #[must_use]
    pub fn open_session(&self, project: ProjectId) -> Option<SessionId> {
        let newest = &self.newest.as_ref()?.record;
        (newest.end.is_none() && newest.project == project).then(|| newest.session.get().map(SessionId))?
    }

    /// Tells the rules what they asked for with [`Missing::Name`].
    pub fn know_name(&mut self, project: ProjectId, name: String, session: Option<SessionId>) {
        self.names.put((project, name), session);
    }

    /// Tells the rules what they asked for with [`Missing::Session`].
    pub fn know_session(&mut self, id: SessionId, session: Versioned<Session>) {
        self.sessions.put(id, session);
    }

    /// A session, if it is known.
    #[must_use]
    pub fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.peek(&id).map(|session| &session.record)
    }

    /// `project` wants the beamline for its session `name`.
    ///
    /// All but [`Launch::Creates`] has taken effect here when this returns; after a creation, the shell calls
    /// [`Self::created`] once it knows the new session's id.
    ///
    /// # Errors
    /// [`Missing`] when a record must be read first; nothing has changed then.
    pub fn launch(&mut self, project: ProjectId, name: &str, now: Timestamp) -> Result<Launched, Missing> {
        let known = self.named(project, name)?;
        let holder = self.open_holder()?;
        if let (Some((id, _)), Some((holder, _))) = (&known, &holder) {
            if id == holder {
                return Ok(Launched {
                    ends: None,
                    launch: Launch::Continues(*id),
                    newest: None,
                });
            }
        }
        let ends = holder.map(|(id, session)| end_stretch(id, session, now));
        let free_from = ends
            .as_ref()
            .and_then(|change| change.session.latest.end)
            .or_else(|| self.newest.as_ref().and_then(|newest| newest.record.end));
        let start = free_from.map_or(now, |end| now.max(end));
        let launch = match known {
            Some((id, session)) if self.is_reopenable(id, &session.record, now) => {
                Launch::Reopens(reopen_stretch(id, session))
            }
            Some((id, session)) if is_joinable(&session.record, now) => {
                Launch::Joins(new_stretch(id, session, start))
            }
            _ => Launch::Creates(start),
        };
        let newest = match &launch {
            Launch::Reopens(change) | Launch::Joins(change) => Some(newest_of(change)),
            Launch::Continues(_) | Launch::Creates(_) => None,
        };
        let launched = Launched { ends, launch, newest };
        if let Launch::Reopens(change) | Launch::Joins(change) = &launched.launch {
            let change = change.clone();
            self.take(launched.ends.as_ref());
            self.take(Some(&change));
            self.hold(launched.newest.as_ref());
        }
        Ok(launched)
    }

    /// A session that [`Launch::Creates`] spoke of exists now; `newest` names it.
    pub fn created(&mut self, id: SessionId, session: Session, ends: Option<&Change>, newest: BeamlineState) {
        self.take(ends);
        self.names.put((session.project, session.name.clone()), Some(id));
        self.sessions.put(
            id,
            Versioned {
                revision: 1,
                record: session,
            },
        );
        self.hold(Some(&newest));
    }

    /// `project` gives up the beamline, which it has, or had, for its session `name`. `None`: never launched.
    ///
    /// # Errors
    /// [`Missing`] when a record must be read first; nothing has changed then.
    pub fn close(
        &mut self,
        project: ProjectId,
        name: &str,
        now: Timestamp,
    ) -> Result<Option<Closed>, Missing> {
        let Some((id, session)) = self.named(project, name)? else {
            return Ok(None);
        };
        let latest = session.record.latest;
        if let Some(end) = latest.end {
            return Ok(Some(Closed {
                ends: None,
                newest: None,
                stretch_micros: end.micros_since(latest.start),
            }));
        }
        let change = end_stretch(id, session, now);
        let newest = newest_of(&change);
        self.take(Some(&change));
        self.hold(Some(&newest));
        let latest = change.session.latest;
        Ok(Some(Closed {
            stretch_micros: latest.end.unwrap_or(latest.start).micros_since(latest.start),
            newest: Some(newest),
            ends: Some(change),
        }))
    }

    fn named(
        &mut self,
        project: ProjectId,
        name: &str,
    ) -> Result<Option<(SessionId, Versioned<Session>)>, Missing> {
        let name = (project, name.to_owned());
        match self.names.get(&name) {
            None => Err(Missing::Name(name.0, name.1)),
            Some(None) => Ok(None),
            Some(&Some(id)) => self.known(id).map(|session| Some((id, session))),
        }
    }

    fn open_holder(&mut self) -> Result<Option<(SessionId, Versioned<Session>)>, Missing> {
        let Some(newest) = self.newest.as_ref().filter(|newest| newest.record.end.is_none()) else {
            return Ok(None);
        };
        let Some(id) = newest.record.session.get().map(SessionId) else {
            return Ok(None);
        };
        self.known(id).map(|session| Some((id, session)))
    }

    fn known(&mut self, id: SessionId) -> Result<Versioned<Session>, Missing> {
        self.sessions.get(&id).cloned().ok_or(Missing::Session(id))
    }

    /// Whether the session's newest stretch ended a moment ago and is the newest on the beamline too.
    fn is_reopenable(&self, id: SessionId, session: &Session, now: Timestamp) -> bool {
        let Some(end) = session.latest.end else {
            return false;
        };
        let nobody_since = self.newest.as_ref().is_some_and(|newest| {
            newest.record.session.get() == Some(id.0) && newest.record.number == session.stretches
        });
        nobody_since && now.micros_since(end) < REOPEN_MICROS
    }

    fn take(&mut self, change: Option<&Change>) {
        if let Some(change) = change {
            self.sessions.put(
                change.id,
                Versioned {
                    revision: change.revision + 1,
                    record: change.session.clone(),
                },
            );
        }
    }

    fn hold(&mut self, newest: Option<&BeamlineState>) {
        if let Some(newest) = newest {
            let revision = self.revision().unwrap_or(0) + 1;
            self.newest = Some(Versioned {
                revision,
                record: newest.clone(),
            });
        }
    }
}

/// Microseconds of all stretches of a session, an open one until `now`.
#[must_use]
pub fn total_micros(session: &Session, now: Timestamp) -> i64 {
    let open = match session.latest.end {
        Some(_) => 0,
        None => now.micros_since(session.latest.start).max(0),
    };
    session.ended_micros.saturating_add(open)
}

/// The beamline's newest stretch after `change`.
#[must_use]
pub fn newest_of(change: &Change) -> BeamlineState {
    newest(change.id.0, &change.session)
}

/// A session's newest stretch as the beamline's newest. An id of 0 is filled in by the writer.
#[must_use]
pub fn newest(id: u64, session: &Session) -> BeamlineState {
    BeamlineState {
        session: id.into(),
        project: session.project,
        name: session.name.clone(),
        number: session.stretches,
        start: session.latest.start,
        end: session.latest.end,
    }
}

fn is_joinable(session: &Session, now: Timestamp) -> bool {
    session
        .latest
        .end
        .is_none_or(|end| now.micros_since(end) <= JOINABLE_MICROS)
}

fn end_stretch(id: SessionId, session: Versioned<Session>, now: Timestamp) -> Change {
    let Versioned {
        revision,
        record: mut session,
    } = session;
    let start = session.latest.start;
    let end = now.max(start.plus_micros(1));
    session.latest.end = Some(end);
    session.ended_micros = session.ended_micros.saturating_add(end.micros_since(start));
    Change {
        id,
        revision,
        session,
        new_stretch: false,
    }
}

fn reopen_stretch(id: SessionId, session: Versioned<Session>) -> Change {
    let Versioned {
        revision,
        record: mut session,
    } = session;
    if let Some(end) = session.latest.end.take() {
        session.ended_micros -= end.micros_since(session.latest.start);
    }
    Change {
        id,
        revision,
        session,
        new_stretch: false,
    }
}

fn new_stretch(id: SessionId, session: Versioned<Session>, start: Timestamp) -> Change {
    let Versioned {
        revision,
        record: mut session,
    } = session;
    session.stretches += 1;
    session.latest = Stretch { start, end: None };
    Change {
        id,
        revision,
        session,
        new_stretch: true,
    }
}

#[cfg(test)]
mod tests;
