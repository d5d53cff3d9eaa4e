//! Is there an order in which the calls, one after the other, would have come to the same?

use super::history::{Call, Seen};
use super::spec::{Rules, Spec};
use std::collections::HashSet;

/// Looks, over one period after the other, at everything that may have happened.
pub struct Checker {
    rules: Rules,
    /// What the beamline may have come to.
    possible: Vec<Spec>,
}

impl Checker {
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            possible: vec![Spec::new()],
        }
    }

    /// Takes in a period at whose end nothing was under way, and what there was then. `exact`: times too. Whether the
    /// rules can have led there; calls that were not answered have happened in this period, or never will.
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
            search.go_on(0, spec);
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
    /// Which calls had happened, and what they had come to.
    visited: HashSet<(u128, u64)>,
    ends: Vec<Spec>,
}

impl Search<'_> {
    /// The calls in `happened` have led to `spec`.
    fn go_on(&mut self, happened: u128, spec: &Spec) {
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
            // What was not answered may have happened last.
            return self.try_all(happened, spec, u64::MAX);
        };
        // Whoever called after that answer came after that call.
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
                self.go_on(happened | (1 << place), &next);
            }
        }
    }
}
