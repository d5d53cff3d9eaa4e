use super::*;
use proptest::prelude::*;

#[test]
fn percentiles_are_those_of_the_sorted_counts() {
    let mut histogram = Histogram::new();
    assert_eq!(histogram.percentile(5_000), 0);
    for count in 1..=1_000 {
        histogram.add(count);
    }
    assert_eq!(histogram.percentile(100), 10);
    assert_eq!(histogram.percentile(5_000), 500);
    assert_eq!(histogram.percentile(9_985), 999);
    assert_eq!(histogram.percentile(10_000), 1_000);
}

proptest! {
    #[test]
    fn a_bin_is_found_again_and_narrow(count in 0..=i32::MAX.unsigned_abs()) {
        let low = least(u32::try_from(bin(count)).unwrap_or(u32::MAX));
        prop_assert!(bin(count) < BINS);
        prop_assert!(low <= count);
        prop_assert!(count < EXACT && low == count || u64::from(count - low) * 64 < u64::from(count));
        prop_assert_eq!(bin(low), bin(count));
    }
}
