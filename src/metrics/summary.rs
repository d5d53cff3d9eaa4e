//! What the counters say about each route, for people.

use super::counters::Metrics;
use prometheus::core::Collector;
use prometheus::proto::Metric;
use std::collections::BTreeMap;

/// The requests of one route since the service started.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RouteSummary {
    /// Its pattern.
    pub route: String,
    /// Requests answered.
    pub requests: u64,
    /// Those answered with 4xx.
    pub refused: u64,
    /// Those answered with 5xx.
    pub failed: u64,
    /// The median of their times, in seconds.
    pub median: f64,
    /// The 99th percentile of their times, in seconds.
    pub p99: f64,
}

/// Upper bounds in seconds, and the number of requests up to each bound.
type Buckets = BTreeMap<u64, (f64, u64)>;

impl Metrics {
    /// The routes that were used, the busiest first.
    #[must_use]
    pub fn routes(&self) -> Vec<RouteSummary> {
        let mut routes: BTreeMap<String, (RouteSummary, Buckets)> = BTreeMap::new();
        for family in self.seconds.collect() {
            for series in family.get_metric() {
                let route = label(series, "route");
                let (summary, buckets) = routes.entry(route.to_owned()).or_default();
                let histogram = series.get_histogram();
                let count = histogram.get_sample_count();
                summary.requests += count;
                match label(series, "status").as_bytes().first() {
                    Some(b'4') => summary.refused += count,
                    Some(b'5') => summary.failed += count,
                    _ => {}
                }
                for bucket in histogram.get_bucket() {
                    let bound = bucket.upper_bound();
                    let all = buckets.entry(bound.to_bits()).or_insert((bound, 0));
                    all.1 += bucket.cumulative_count();
                }
            }
        }
        let mut all: Vec<_> = routes
            .into_iter()
            .map(|(route, (summary, buckets))| RouteSummary {
                route,
                median: quantile(&buckets, summary.requests, 0.5),
                p99: quantile(&buckets, summary.requests, 0.99),
                ..summary
            })
            .collect();
        all.sort_by_key(|route| std::cmp::Reverse(route.requests));
        all
    }
}

fn label<'a>(series: &'a Metric, name: &str) -> &'a str {
    let found = series.get_label().iter().find(|label| label.name() == name);
    found.map_or("", |label| label.value())
}

/// A quantile of the times, by linear interpolation in its bucket. Times above the last bucket
/// count as its bound.
fn quantile(buckets: &Buckets, requests: u64, part: f64) -> f64 {
    #[allow(clippy::cast_precision_loss)] // Counts of requests are far below 2^52.
    let (wanted, float) = (requests as f64 * part, |count: u64| count as f64);
    let (mut bound, mut below) = (0.0, 0);
    // Positive floats have the same order as their bits.
    for (upper, count) in buckets.values() {
        if float(*count) >= wanted && *count > below {
            let share = (wanted - float(below)) / float(count - below);
            return bound + (upper - bound) * share;
        }
        (bound, below) = (*upper, *count);
    }
    bound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_in_its_bucket() {
        let bounds = [(1.0, 50), (2.0, 90), (4.0, 100)];
        let buckets: Buckets = bounds
            .into_iter()
            .map(|(bound, count)| (f64::to_bits(bound), (bound, count)))
            .collect();
        assert_eq!(quantile(&buckets, 100, 0.5), 1.0);
        assert_eq!(quantile(&buckets, 100, 0.7), 1.5);
        assert_eq!(quantile(&buckets, 100, 0.95), 3.0);
        // Five took longer than the last bound.
        assert_eq!(quantile(&buckets, 105, 0.99), 4.0);
        assert_eq!(quantile(&Buckets::new(), 0, 0.5), 0.0);
    }
}
