//! The rules of launch and close. No clock, no disk, no runtime.
//!
//! The state holds the newest stretch on the beamline and the sessions that were used last. When a
//! rule needs a session that is not in memory, it returns [`Missing`]; the caller reads it from the
//! store and applies the rule again.
//!
//! Invariants: at most one stretch is open, and it is the newest; stretches don't overlap; each
//! ends after it starts; at most one session per (project, name) is joinable. They hold even if the
//! clock runs backwards: a stretch never starts before the previous one has ended.

use crate::remembered::Remembered;
use beamlive_storage::ids::{ProjectId, SessionId};
use beamlive_storage::records::{BeamlineState, Session, Stretch};
use beamlive_storage::{Timestamp, Versioned};

/// A launch joins the session of its name if that was active at most this long ago.
pub const JOINABLE_MICROS: i64 = 7 * 86_400 * 1_000_000;
/// A launch continues a stretch that ended less than this ago, if no other session had the beamline
/// since.
pub const REOPEN_MICROS: i64 = 5 * 60 * 1_000_000;
/// Sessions, and names of sessions, that a beamline keeps in memory.
const REMEMBERED: usize = 8;

/// One beamline as far as it is in memory.
#[derive(Debug, Clone)]
pub struct State {
    newest: Option<Versioned<BeamlineState>>,
    sessions: Remembered<SessionId, Versioned<Session>>,
    names: Remembered<(ProjectId, String), Option<SessionId>>,
}

/// What has to be read before a rule can decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// The newest session of this name at this beamline.
    Name(ProjectId, String),
    /// This session.
    Session(SessionId),
}

/// A change of a session's newest stretch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The session.
    pub id: SessionId,
    /// The session's revision before the change.
    pub revision: u64,
    /// The session after the change.
    pub session: Session,
    /// Whether its newest stretch is a new one.
    pub new_stretch: bool,
}

/// What a launch does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Launch {
    /// Nothing changes: the session has the beamline already.
    Continues(SessionId),
    /// Continues the stretch that ended a moment ago.
    Reopens(Change),
    /// Adds a stretch to the session.
    Joins(Change),
    /// Makes a new session, because none of that name is joinable. Its first stretch starts at this
    /// time.
    Creates(Timestamp),
}

/// The effects of a launch, to be written as one batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launched {
    /// The session that had the beamline; its stretch ends now.
    pub ends: Option<Change>,
    /// What happens to the launched session.
    pub launch: Launch,
    /// The beamline's new newest stretch, except for a new session.
    pub newest: Option<BeamlineState>,
}

/// The effects of a close.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The session, if its stretch was open; it ends now.
    pub ends: Option<Change>,
    /// The beamline's newest stretch, if it changed.
    pub newest: Option<BeamlineState>,
    /// Length of the session's newest stretch, in microseconds.
    pub stretch_micros: i64,
}

impl State {
    /// A beamline with this newest stretch, and no session in memory.
    #[must_use]
    pub fn new(newest: Option<Versioned<BeamlineState>>) -> Self {
        Self {
            newest,
            sessions: Remembered::new(REMEMBERED),
            names: Remembered::new(REMEMBERED),
        }
    }

    /// The revision of the beamline's newest stretch; `None` before the first launch. Batches that
    /// depend on the state require it.
    #[must_use]
    pub fn revision(&self) -> Option<u64> {
        self.newest.as_ref().map(|newest| newest.revision)
    }

    /// The session that has the beamline now, if it belongs to `project`.
    #[must_use]
    pub fn open_session(&self, project: ProjectId) -> Option<SessionId> {
        let newest = &self.newest.as_ref()?.record;
        (newest.end.is_none() && newest.project == project).then(|| newest.session.get().map(SessionId))?
    }

    /// Adds what [`Missing::Name`] asks for.
    pub fn know_name(&mut self, project: ProjectId, name: String, session: Option<SessionId>) {
        self.names.put((project, name), session);
    }

    /// Adds what [`Missing::Session`] asks for.
    pub fn know_session(&mut self, id: SessionId, session: Versioned<Session>) {
        self.sessions.put(id, session);
    }

    /// A session, if it is in memory.
    #[must_use]
    pub fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.peek(&id).map(|session| &session.record)
    }

    /// `project` takes the beamline for its session `name`.
    ///
    /// The state is changed when this returns, except for [`Launch::Creates`]: then the caller
    /// makes the session and calls [`Self::created`].
    ///
    /// # Errors
    /// [`Missing`] when a record must be read first. The state is unchanged then.
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
            Launch::Reopens(change) | Launch::Joins(change) => Some(newest(change.id.0, &change.session)),
            Launch::Continues(_) | Launch::Creates(_) => None,
        };
        let launched = Launched { ends, launch, newest };
        if let Launch::Reopens(change) | Launch::Joins(change) = &launched.launch {
            self.remember(launched.ends.as_ref());
            self.remember(Some(change));
            self.remember_newest(launched.newest.as_ref());
        }
        Ok(launched)
    }

    /// Adds the session that [`Launch::Creates`] asked for; `newest` has its id.
    pub fn created(&mut self, id: SessionId, session: Session, ends: Option<&Change>, newest: BeamlineState) {
        self.remember(ends);
        self.names.put((session.project, session.name.clone()), Some(id));
        self.sessions.put(
            id,
            Versioned {
                revision: 1,
                record: session,
            },
        );
        self.remember_newest(Some(&newest));
    }

    /// `project` gives up the beamline for its session `name`. `None`: there is no such session. A
    /// session that does not have the beamline stays as it is.
    ///
    /// # Errors
    /// [`Missing`] when a record must be read first. The state is unchanged then.
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
        let newest = newest(change.id.0, &change.session);
        self.remember(Some(&change));
        self.remember_newest(Some(&newest));
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

    /// Whether the session's newest stretch ended a moment ago and no other stretch began since.
    fn is_reopenable(&self, id: SessionId, session: &Session, now: Timestamp) -> bool {
        let Some(end) = session.latest.end else {
            return false;
        };
        let nobody_since = self.newest.as_ref().is_some_and(|newest| {
            newest.record.session.get() == Some(id.0) && newest.record.number == session.stretches
        });
        nobody_since && now.micros_since(end) < REOPEN_MICROS
    }

    fn remember(&mut self, change: Option<&Change>) {
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

    fn remember_newest(&mut self, newest: Option<&BeamlineState>) {
        if let Some(newest) = newest {
            let revision = self.revision().unwrap_or(0) + 1;
            self.newest = Some(Versioned {
                revision,
                record: newest.clone(),
            });
        }
    }
}

/// Length of all stretches of a session in microseconds. An open one counts until `now`.
#[must_use]
pub fn total_micros(session: &Session, now: Timestamp) -> i64 {
    let open = match session.latest.end {
        Some(_) => 0,
        None => now.micros_since(session.latest.start).max(0),
    };
    session.ended_micros.saturating_add(open)
}

/// The session's newest stretch as the beamline's newest. The writer replaces an id of 0.
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

fn end_stretch(id: SessionId, stored: Versioned<Session>, now: Timestamp) -> Change {
    change(id, stored, false, |session| {
        let start = session.latest.start;
        let end = now.max(start.plus_micros(1));
        session.latest.end = Some(end);
        session.ended_micros = session.ended_micros.saturating_add(end.micros_since(start));
    })
}

fn reopen_stretch(id: SessionId, stored: Versioned<Session>) -> Change {
    change(id, stored, false, |session| {
        if let Some(end) = session.latest.end.take() {
            session.ended_micros -= end.micros_since(session.latest.start);
        }
    })
}

fn new_stretch(id: SessionId, stored: Versioned<Session>, start: Timestamp) -> Change {
    change(id, stored, true, |session| {
        session.stretches += 1;
        session.latest = Stretch { start, end: None };
    })
}

fn change(
    id: SessionId,
    stored: Versioned<Session>,
    new_stretch: bool,
    edit: impl FnOnce(&mut Session),
) -> Change {
    let Versioned {
        revision,
        record: mut session,
    } = stored;
    edit(&mut session);
    Change {
        id,
        revision,
        session,
        new_stretch,
    }
}

#[cfg(test)]
mod tests;
