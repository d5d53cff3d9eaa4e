//! Random numbers that can be repeated: the seed is printed and can be set.

/// The environment variable with the seed.
const SEED: &str = "BEAMLIVE_TEST_SEED";

/// A sequence of random numbers that depends only on its seed (splitmix64).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Uses the seed of the environment, or a new one. Prints it, so that a failure can be
    /// repeated.
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

    /// A random element.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[usize::try_from(self.roll(from.len() as u64)).unwrap()]
    }

    /// True once in `times` on average.
    pub fn one_in(&mut self, times: u64) -> bool {
        self.roll(times) == 0
    }

    /// Other dice with a seed from these.
    pub fn another(&mut self) -> Self {
        Self(self.roll(u64::MAX))
    }
}
