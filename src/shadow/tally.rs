//! Counts and latencies of every route, as they are reported. Pure.

use super::compare::{Difference, Verdict};
use super::exchange::Dropped;
use super::report::{Counted, Latency, Report, Row, Sample};
use super::route::{Kind, Proof, Route, NOT_COPIED};
use hdrhistogram::Histogram;
use std::collections::BTreeMap;
use std::time::Duration;

/// Most different differences of a route that are shown.
const SAMPLES: usize = 5;
/// The longest latency that is distinguished, in µs.
const LONGEST: u64 = 3_600_000_000;

/// Everything counted so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    rows: BTreeMap<(&'static str, &'static str), Counts>,
    no_upstream: u64,
    unread: u64,
}

#[derive(Debug, Default)]
struct Counts {
    requests: u64,
    copied: u64,
    same: u64,
    explained: BTreeMap<&'static str, u64>,
    different: u64,
    samples: Vec<Sample>,
    dropped: BTreeMap<Dropped, u64>,
    theirs: Times,
    ours: Times,
    /// Requests with an access token that the real server answered with success.
    bearer: u64,
    /// Of those, what beamlive refused with 403 or 404, including 404 on sign-in routes.
    refused: BTreeMap<u16, (u64, Vec<Sample>)>,
}

/// Latencies.
#[derive(Debug, Default)]
struct Times(Option<Histogram<u64>>);

impl Times {
    fn add(&mut self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let histogram = match &mut self.0 {
            Some(histogram) => histogram,
            // Two digits; the bounds are valid.
            none => match Histogram::new_with_bounds(1, LONGEST, 2) {
                Ok(histogram) => none.insert(histogram),
                Err(_) => return,
            },
        };
        histogram.saturating_record(micros);
    }

    fn latency(&self) -> Option<Latency> {
        let histogram = self.0.as_ref()?;
        let ms = |quantile| {
            let micros = u32::try_from(histogram.value_at_quantile(quantile)).unwrap_or(u32::MAX);
            f64::from(micros) / 1e3
        };
        Some(Latency {
            p50_ms: ms(0.5),
            p99_ms: ms(0.99),
        })
    }
}

/// A name for each method, because clients can send any.
fn known_method(method: &str) -> &'static str {
    let known = ["GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"];
    known.into_iter().find(|own| *own == method).unwrap_or("other")
}

/// Counts a difference, and keeps it if it is a new one and there is room.
fn keep(samples: &mut Vec<Sample>, difference: Difference, count: u64) {
    if let Some(sample) = samples.iter_mut().find(|sample| sample.difference == difference) {
        sample.count += count;
    } else if samples.len() < SAMPLES {
        samples.push(Sample { count, difference });
    }
}

impl Tally {
    fn row(&mut self, method: &str, pattern: &'static str) -> &mut Counts {
        self.rows.entry((pattern, known_method(method))).or_default()
    }

    /// A request passed; this is how long the real server took.
    pub(super) fn seen(&mut self, method: &str, pattern: &'static str, took: Option<Duration>) {
        let row = self.row(method, pattern);
        row.requests += 1;
        if let Some(took) = took {
            row.theirs.add(took);
        }
    }

    /// The copy of a request was lost.
    pub(super) fn dropped(&mut self, method: &str, pattern: &'static str, why: Dropped) {
        *self.row(method, pattern).dropped.entry(why).or_default() += 1;
    }

    /// The real server was not reached, or gave no answer.
    pub(super) fn no_upstream(&mut self) {
        self.no_upstream += 1;
    }

    /// A connection is not watched any more.
    pub(super) fn unread(&mut self) {
        self.unread += 1;
    }

    /// A copy was answered. `good`: the real server answered with success.
    pub(super) fn compared(
        &mut self,
        method: &str,
        route: &Route,
        good: bool,
        took: Duration,
        verdict: Verdict,
    ) {
        let row = self.row(method, route.pattern);
        row.copied += 1;
        row.ours.add(took);
        let (is_bearer, is_sign_in) = (route.proof == Proof::Bearer, route.kind == Kind::SignIn);
        row.bearer += u64::from(is_bearer && good && !is_sign_in);
        match verdict {
            Verdict::Same => row.same += 1,
            Verdict::Explained(words) => *row.explained.entry(words).or_default() += 1,
            Verdict::Different(difference) => {
                let refused = matches!(difference.ours, 403 if !is_sign_in) || difference.ours == 404;
                if is_bearer && good && refused {
                    let (count, samples) = row.refused.entry(difference.ours).or_default();
                    *count += 1;
                    keep(samples, difference, 1);
                } else {
                    row.different += 1;
                    keep(&mut row.samples, difference, 1);
                }
            }
        }
    }

    /// The report; `waiting` copies are not played yet.
    pub(super) fn report(&self, waiting: usize) -> Report {
        let (all_refused, note) = self.refusals();
        let rows = self.rows.iter().map(|((pattern, method), counts)| {
            let mut row = counts.row(method, pattern);
            for (status, (count, samples)) in &counts.refused {
                if all_refused == Some(*status) {
                    let why = refusal(*status).to_owned();
                    row.explained.push(Counted { count: *count, why });
                } else {
                    row.different += count;
                    for sample in samples {
                        keep(&mut row.samples, sample.difference.clone(), sample.count);
                    }
                }
            }
            row
        });
        let mut report = Report {
            no_upstream: self.no_upstream,
            unread: self.unread,
            waiting: u64::try_from(waiting).unwrap_or(u64::MAX),
            notes: note.into_iter().collect(),
            ..Report::default()
        };
        for row in rows {
            report.requests += row.requests;
            report.copied += row.copied;
            report.same += row.same;
            report.explained += row.explained.iter().map(|counted| counted.count).sum::<u64>();
            report.different += row.different;
            report.dropped += row.dropped.iter().map(|counted| counted.count).sum::<u64>();
            if row.route == NOT_COPIED {
                report.not_copied += row.requests;
            }
            report.routes.push(row);
        }
        report
    }

    /// Whether beamlive refused all requests with access tokens with one status, and what to say.
    fn refusals(&self) -> (Option<u16>, Option<String>) {
        let all: u64 = self.rows.values().map(|counts| counts.bearer).sum();
        let refused = |status| -> u64 {
            let bearer = self.rows.values().filter(|counts| counts.bearer > 0);
            bearer
                .filter_map(|counts| counts.refused.get(&status))
                .map(|(count, _)| *count)
                .sum()
        };
        let status = [403, 404]
            .into_iter()
            .find(|status| all > 0 && refused(*status) == all);
        let note = status.map(|status| {
            format!(
                "{status} to all {all} requests with access tokens. {}",
                refusal(status)
            )
        });
        (status, note)
    }
}

/// Why beamlive refuses every request with an access token.
fn refusal(status: u16) -> &'static str {
    match status {
        403 => {
            "The access tokens are the real server's, and beamlive does not have its secret. Give beamlive the \
             same secret to rehearse version 3."
        }
        _ => "This beamlive has no such routes, or none of these beamlines.",
    }
}

impl Counts {
    fn row(&self, method: &str, pattern: &str) -> Row {
        let counted = |(why, count): (&str, &u64)| Counted {
            count: *count,
            why: why.to_owned(),
        };
        let dropped = self.dropped.iter().map(|(why, count)| (why.words(), count));
        Row {
            method: method.to_owned(),
            route: pattern.to_owned(),
            requests: self.requests,
            copied: self.copied,
            same: self.same,
            explained: self
                .explained
                .iter()
                .map(|(why, count)| counted((why, count)))
                .collect(),
            different: self.different,
            samples: self.samples.clone(),
            dropped: dropped.map(counted).collect(),
            theirs: self.theirs.latency(),
            ours: self.ours.latency(),
        }
    }
}

#[cfg(test)]
mod tests;
