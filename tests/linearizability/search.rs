//! Searches for an order in which the calls, made one after the other, have the same result.

use super::history::{Call, Seen};
use super::spec::{Rules, Spec};
use std::collections::HashSet;

/// Follows all possible states of a beamline, one period after the other.
pub struct Checker {
    rules: Rules,
    /// The possible states of the beamline after the last period.
    possible: Vec<Spec>,
}

impl Checker {
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            possible: vec![Spec::new()],
        }
    }

    /// Returns whether the rules explain the calls of a period and the sessions seen at its end,
    /// when no call was running. Unanswered calls take effect in this period or never. With
    /// `exact`, times are compared too.
    pub fn explains(&mut self, calls: &[Call], seen: &Seen, exact: bool) -> bool {
        assert!(
            calls.len() <= 128,
            "{} calls are too many for one period",
            calls.len()
        );
        let mut search = Search {
            rules: self.rules,
            calls,
            seen,
            exact,
            visited: HashSet::new(),
            ends: Vec::new(),
        };
        for spec in &self.possible {
            search.continue_from(0, spec);
        }
        self.possible = search.ends;
        !self.possible.is_empty()
    }
}

struct Search<'a> {
    rules: Rules,
    calls: &'a [Call],
    seen: &'a Seen,
    exact: bool,
    /// Sets of calls that have happened, and digests of the states after them.
    visited: HashSet<(u128, u64)>,
    ends: Vec<Spec>,
}

impl Search<'_> {
    /// Continues from `spec`, the state after the calls in `happened`.
    fn continue_from(&mut self, happened: u128, spec: &Spec) {
        if !spec.may_become(self.seen, self.exact)
            || !self.visited.insert((happened, spec.digest(self.exact)))
        {
            return;
        }
        let open = |place: &usize| happened & (1 << place) == 0;
        let answered = |place: usize| self.calls[place].answered.as_ref().map(|(time, _)| *time);
        let missing = (0..self.calls.len()).filter(open).filter_map(answered);
        let Some(first_answer) = missing.min() else {
            let known = |end: &Spec| end.digest(self.exact) == spec.digest(self.exact);
            if spec.is(self.seen, self.exact) && !self.ends.iter().any(known) {
                self.ends.push(spec.clone());
            }
            // Unanswered calls may have happened last.
            return self.try_all(happened, spec, u64::MAX);
        };
        // Calls that began after this answer happened after the answered call.
        self.try_all(happened, spec, first_answer);
    }

    fn try_all(&mut self, happened: u128, spec: &Spec, before: u64) {
        let calls = self.calls;
        for (place, call) in calls.iter().enumerate() {
            if happened & (1 << place) != 0 || call.called > before {
                continue;
            }
            let mut next = spec.clone();
            let answer = call.answered.as_ref().map(|(_, answer)| answer);
            if next.step(self.rules, &call.op, call.now, answer) {
                self.continue_from(happened | (1 << place), &next);
            }
        }
    }
}
