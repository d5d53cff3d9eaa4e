//! Pure: whether the Data Proxy works, and when to look again while it does not.

use super::backoff::Backoff;
use super::proxy::Blame;
use super::state::Place;
use beamlive_storage::Timestamp;
use std::time::Duration;

/// So many different directories refused in a row, without a success, and it is the proxy that is at fault.
pub(crate) const REFUSALS: usize = 5;

/// What is believed of the proxy.
#[derive(Debug)]
pub(crate) struct Standing {
    /// Set while it is down.
    down: Option<Down>,
    since: Timestamp,
    /// Different entries that were refused since the last success or outage, up to [`REFUSALS`].
    refused: Vec<Place>,
    culprit: Culprit,
}

#[derive(Debug)]
struct Down {
    failed_probes: u32,
    probe_at: Timestamp,
    last_failure: Timestamp,
    probing: Option<Place>,
}

/// Who failed since the last success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Culprit {
    Nobody,
    One(Place),
    Several,
}

impl Standing {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            down: None,
            since: now,
            refused: Vec::new(),
            culprit: Culprit::Nobody,
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.down.is_none()
    }

    /// Since when it is what it is.
    pub(crate) fn since(&self) -> Timestamp {
        self.since
    }

    pub(crate) fn is_probing(&self) -> bool {
        self.down.as_ref().is_some_and(|down| down.probing.is_some())
    }

    /// When `place` may be the next probe; none while the proxy is up.
    pub(crate) fn probe_at(&self, place: Place, first: Duration) -> Option<Timestamp> {
        let down = self.down.as_ref()?;
        Some(match self.culprit {
            // A proxy that has only failed on one directory may be well: another one need not wait for its backoff.
            Culprit::One(culprit) if culprit != place => down.probe_at.min(plus(down.last_failure, first)),
            _ => down.probe_at,
        })
    }

    pub(crate) fn probe_started(&mut self, place: Place) {
        if let Some(down) = &mut self.down {
            down.probing = Some(place);
        }
    }

    /// The probe said nothing, for the store could not be asked: the next one waits until `next`.
    pub(crate) fn probe_failed_here(&mut self, place: Place, next: Timestamp) {
        if let Some(down) = &mut self.down {
            if down.probing.take_if(|probing| *probing == place).is_some() {
                down.probe_at = next;
            }
        }
    }

    /// The probe said nothing: its entry was gone.
    pub(crate) fn probe_void(&mut self, place: Place) {
        if let Some(down) = &mut self.down {
            down.probing.take_if(|probing| *probing == place);
        }
    }

    pub(crate) fn succeeded(&mut self, now: Timestamp) {
        self.come_up(now);
        self.refused.clear();
        self.culprit = Culprit::Nobody;
    }

    pub(crate) fn failed(&mut self, place: Place, blame: Blame, backoff: &mut Backoff, now: Timestamp) {
        self.culprit = match self.culprit {
            Culprit::Nobody => Culprit::One(place),
            Culprit::One(one) if one == place => self.culprit,
            _ => Culprit::Several,
        };
        let was_probe = self.down.as_ref().is_some_and(|down| down.probing == Some(place));
        match blame {
            Blame::Proxy => self.refused.clear(),
            Blame::Directory => {
                if self.refused.len() < REFUSALS && !self.refused.contains(&place) {
                    self.refused.push(place);
                }
                if self.refused.len() < REFUSALS {
                    // It answers, so it is there.
                    self.come_up(now);
                    return;
                }
            }
        }
        match &mut self.down {
            Some(down) => {
                // Calls that began before the outage say nothing new.
                if was_probe {
                    down.failed_probes = down.failed_probes.saturating_add(1);
                    down.probe_at = backoff.after(down.failed_probes, now);
                    down.last_failure = now;
                    down.probing = None;
                }
            }
            None => {
                self.since = now;
                self.down = Some(Down {
                    failed_probes: 1,
                    probe_at: backoff.after(1, now),
                    last_failure: now,
                    probing: None,
                });
            }
        }
    }

    /// An operator, or a clock that was set back, says: look now.
    pub(crate) fn probe_now(&mut self, now: Timestamp) {
        if let Some(down) = &mut self.down {
            down.failed_probes = 0;
            down.probe_at = now;
            down.last_failure = down.last_failure.min(now);
        }
    }

    fn come_up(&mut self, now: Timestamp) {
        if self.down.take().is_some() {
            self.since = now;
        }
    }
}

/// `time` moved by `delay`; saturating.
pub(crate) fn plus(time: Timestamp, delay: Duration) -> Timestamp {
    time.plus_micros(i64::try_from(delay.as_micros()).unwrap_or(i64::MAX))
}
