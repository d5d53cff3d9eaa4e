use super::*;

#[test]
fn whole_numbers_are_counts_and_fractions_keep_their_proportions() {
    let whole = [0.0, 7.0, 40_000.0, -1.0, f32::NAN];
    let scale = Scale::of(whole.into_iter());
    assert_eq!(whole.map(|value| scale.count(value)), [0, 7, 40_000, -1, -1]);
    for highest in [1e-30_f32, 0.5, 1.5, 3e9, 1e38] {
        let scale = Scale::of([highest, highest / 4.0, f32::INFINITY].into_iter());
        let (all, quarter) = (scale.count(highest), scale.count(highest / 4.0));
        assert!(all > 1 << 22 && all <= 1 << 24, "{highest}: {all}");
        assert!((all / 4 - quarter).abs() <= 1, "{highest}");
    }
}
