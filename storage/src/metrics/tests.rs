#![allow(clippy::unwrap_used, clippy::float_cmp)]
use super::*;

#[test]
fn buckets_are_cumulative_and_larger_values_are_counted() {
    let meters = Meters::default();
    for size in [1, 2, 3, 512, 513] {
        meters.group(size);
    }
    let sizes = meters.group_size();
    assert_eq!(sizes.buckets.first().unwrap(), &(1.0, 1));
    assert_eq!(sizes.buckets.get(1).unwrap(), &(2.0, 2));
    assert_eq!(sizes.buckets.get(2).unwrap(), &(4.0, 3));
    assert_eq!(sizes.buckets.last().unwrap(), &(512.0, 4));
    assert_eq!((sizes.count, sizes.sum), (5, 1031.0));
}

#[test]
fn latencies_are_in_seconds() {
    let meters = Meters::default();
    meters.commit(Duration::from_millis(2));
    let latency = meters.commit_seconds();
    assert!((latency.sum - 0.002).abs() < 1e-9);
    let first = latency.buckets.iter().find(|(_, count)| *count == 1).unwrap();
    assert!((first.0 - 0.0025).abs() < 1e-9);
}
