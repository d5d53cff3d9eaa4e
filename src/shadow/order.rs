//! Which copies may be played at the same time. Pure.
//!
//! beamlive must see a launch before the data of its session. So a copy waits for every earlier one
//! that has a claim of its own, in the order in which the real server answered.

use super::route::{Kind, Route};
use std::collections::{HashMap, VecDeque};

/// A resource that copies use in turn.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Resource {
    Project(String),
    Beamline(String),
    /// One project at one beamline.
    Visit(String, String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Claim {
    resource: Resource,
    /// Whether the copy needs it alone.
    alone: bool,
}

/// What a copy holds while it is played.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Claims(Vec<Claim>);

impl Claims {
    /// A key comes before everything else of its project; launches and closes of a beamline take
    /// turns with its uploads; requests of one project at one beamline take turns.
    pub(super) fn of(route: &Route) -> Self {
        let mut claims = Vec::new();
        let mut add = |resource, alone| claims.push(Claim { resource, alone });
        if let Some(user) = &route.user {
            add(Resource::Project(user.clone()), route.kind == Kind::Register);
        }
        if let Some(beamline) = &route.beamline {
            // Without a project in the request, all requests of the beamline may be of one project.
            let alone = matches!(route.kind, Kind::Launch | Kind::Close) || route.user.is_none();
            add(Resource::Beamline(beamline.clone()), alone);
            if let Some(user) = &route.user {
                add(Resource::Visit(user.clone(), beamline.clone()), true);
            }
        }
        Self(claims)
    }
}

/// Who holds a resource.
#[derive(Debug, Default)]
struct Holders {
    shared: usize,
    alone: bool,
}

impl Holders {
    fn allow(&self, alone: bool) -> bool {
        !self.alone && (!alone || self.shared == 0)
    }
}

/// Copies that wait, in their order.
#[derive(Debug)]
pub(super) struct Queue<T> {
    waiting: VecDeque<(Claims, T)>,
    held: HashMap<Resource, Holders>,
}

impl<T> Queue<T> {
    pub(super) fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            held: HashMap::new(),
        }
    }

    pub(super) fn push(&mut self, claims: Claims, copy: T) {
        self.waiting.push_back((claims, copy));
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Takes the oldest copy that need not wait for another one. Its claims must come back to
    /// [`Self::done`].
    pub(super) fn next(&mut self) -> Option<(Claims, T)> {
        let mut before: HashMap<&Resource, bool> = HashMap::new();
        let ready = self.waiting.iter().position(|(claims, _)| {
            let free = claims.0.iter().all(|claim| {
                let held = self.held.get(&claim.resource);
                let by_earlier = before.get(&claim.resource);
                held.is_none_or(|holders| holders.allow(claim.alone))
                    && by_earlier.is_none_or(|alone| !alone && !claim.alone)
            });
            if !free {
                for claim in &claims.0 {
                    *before.entry(&claim.resource).or_default() |= claim.alone;
                }
            }
            free
        })?;
        let (claims, copy) = self.waiting.remove(ready)?;
        for claim in &claims.0 {
            let holders = self.held.entry(claim.resource.clone()).or_default();
            holders.alone |= claim.alone;
            holders.shared += usize::from(!claim.alone);
        }
        Some((claims, copy))
    }

    /// The copy with these claims has been played.
    pub(super) fn done(&mut self, claims: Claims) {
        for claim in claims.0 {
            if let Some(holders) = self.held.get_mut(&claim.resource) {
                holders.alone &= !claim.alone;
                holders.shared -= usize::from(!claim.alone);
                if !holders.alone && holders.shared == 0 {
                    self.held.remove(&claim.resource);
                }
            }
        }
    }

    /// Removes all that wait.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = T> + '_ {
        self.waiting.drain(..).map(|(_, copy)| copy)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Routes as `user kind beamline`.
    fn queue(routes: &[&'static str]) -> Queue<&'static str> {
        let mut queue = Queue::new();
        for route in routes {
            let words: Vec<_> = route.split(' ').collect();
            let target = match words.as_slice() {
                [user, "register"] => format!("/api/v2/{user}:1:AAAA/project/"),
                [user, kind @ ("launch" | "close"), beamline] => {
                    format!("/api/v2/{user}:1:AAAA/{kind}/{beamline}/s/")
                }
                [user, kind, beamline] => format!("/api/v2/{user}:1:AAAA/{kind}/{beamline}/"),
                _ => "/api/v2/accesslist/".to_owned(),
            };
            queue.push(Claims::of(&Route::of(&target).unwrap()), *route);
        }
        queue
    }

    /// What can be played at once, and then after all of that, and so on.
    fn rounds(mut queue: Queue<&'static str>) -> Vec<Vec<&'static str>> {
        let mut rounds = Vec::new();
        while queue.len() > 0 {
            let playing: Vec<_> = std::iter::from_fn(|| queue.next()).collect();
            rounds.push(playing.iter().map(|(_, route)| *route).collect());
            playing.into_iter().for_each(|(claims, _)| queue.done(claims));
        }
        assert!(queue.held.is_empty());
        rounds
    }

    #[test]
    fn one_project_at_one_beamline_keeps_its_order() {
        let routes = ["a launch BM", "a data BM", "a report BM", "a close BM"];
        assert_eq!(rounds(queue(&routes)), routes.map(|route| vec![route]));
    }

    #[test]
    fn different_ones_are_played_together() {
        let routes = ["a data BM", "a data ID", "b data BM", "hosts", "hosts"];
        assert_eq!(rounds(queue(&routes)), [routes]);
    }

    #[test]
    fn a_key_comes_before_everything_of_its_project() {
        let routes = ["a register", "a launch BM", "a launch ID", "b launch SX"];
        assert_eq!(
            rounds(queue(&routes)),
            [
                vec!["a register", "b launch SX"],
                vec!["a launch BM", "a launch ID"]
            ]
        );
    }

    #[test]
    fn a_launch_waits_for_uploads_of_the_project_before_it() {
        let routes = ["a data BM", "b launch BM", "b data BM", "a data ID"];
        assert_eq!(
            rounds(queue(&routes)),
            [
                vec!["a data BM", "a data ID"],
                vec!["b launch BM"],
                vec!["b data BM"]
            ]
        );
    }
}
