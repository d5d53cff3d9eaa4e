#![allow(clippy::indexing_slicing)]
use super::*;
use proptest::prelude::*;

/// Bit by bit, from the description of the format.
fn shuffle(plain: &[u8], element: usize) -> Vec<u8> {
    let elements = plain.len() / element;
    let mut shuffled = vec![0; plain.len()];
    for bit in 0..element * 8 {
        for number in 0..elements {
            let set = plain[number * element + bit / 8] >> (bit % 8) & 1;
            shuffled[bit * elements / 8 + number / 8] |= set << (number % 8);
        }
    }
    shuffled
}

proptest! {
    #[test]
    fn shuffled_bytes_are_restored(eights in 1_usize..40, power in 0_u32..4, seed in any::<u64>()) {
        let element = 2_usize.pow(power);
        let mut state = seed | 1;
        let plain: Vec<u8> = (0..eights * 8 * element)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                state.to_be_bytes()[0]
            })
            .collect();
        let mut undone = vec![0; plain.len()];
        undo(&shuffle(&plain, element), element, &mut undone);
        prop_assert_eq!(undone, plain);
    }
}
