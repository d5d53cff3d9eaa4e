//! Chance that can be had again: a seed that is printed, and can be given.

/// Where a seed is given.
const SEED: &str = "BEAMLIVE_TEST_SEED";

/// A sequence of numbers that its seed decides (splitmix64).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice with the seed that was given, or a new one. Prints which, for the case that the test fails.
    pub fn new() -> Self {
        let seed = match std::env::var(SEED) {
            Ok(seed) => seed.parse().expect("a seed is a number"),
            Err(_) => getrandom::u64().unwrap(),
        };
        println!("{SEED}={seed} does the same again");
        Self(seed)
    }

    /// A number below `sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    /// One of them.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[usize::try_from(self.roll(from.len() as u64)).unwrap()]
    }

    /// Whether something that happens once in `times` happens now.
    pub fn one_in(&mut self, times: u64) -> bool {
        self.roll(times) == 0
    }

    /// Other dice, whose numbers these decide.
    pub fn another(&mut self) -> Self {
        Self(self.roll(u64::MAX))
    }
}
