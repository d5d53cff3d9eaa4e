//! The targets of the service, and how they are printed.

pub(crate) mod growth;
pub(crate) mod known;
pub(crate) mod report;
pub(crate) mod rows;
pub(crate) mod shares;

use super::figures::Spread;
use super::site::engine;
use beamlive_storage::EngineKind;

/// The bound of a number.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
}

impl Target {
    /// Whether the median meets it.
    fn is_met(self, spread: Spread) -> bool {
        match self {
            Self::AtLeast(bound) => spread.median >= bound,
            Self::AtMost(bound) => spread.median <= bound,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtLeast(bound) => format!(">= {bound}"),
            Self::AtMost(bound) => format!("<= {bound}"),
        }
    }
}

/// A bound for sled, or for an engine of large sites.
pub(crate) fn of_engine(sled: f64, large: f64) -> f64 {
    match engine() {
        EngineKind::Sled => sled,
        _ => large,
    }
}

/// An operation, its target, and a number of each round.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) operation: String,
    pub(crate) against: &'static str,
    pub(crate) target: Target,
    pub(crate) values: Vec<f64>,
}

impl Line {
    /// Whether every round has a number. A row without answers has none.
    pub(crate) fn is_measured(&self) -> bool {
        !self.values.is_empty() && self.values.iter().all(|value| value.is_finite())
    }
}

/// One line per target.
pub(crate) fn table(lines: &[Line]) {
    println!(
        "{:<38} {:<34} {:>9} {:>9} {:>9} {:>9}",
        "operation", "what", "target", "min", "median", "max"
    );
    for line in lines {
        let spread = Spread::of(&line.values);
        let Spread { min, median, max } = spread;
        let met = match (line.is_measured(), line.target.is_met(spread)) {
            (false, _) => "NOT MEASURED",
            (true, true) => "met",
            (true, false) => "NOT MET",
        };
        println!(
            "{:<38} {:<34} {:>9} {min:>9.2} {median:>9.2} {max:>9.2}  {met}",
            line.operation,
            line.against,
            line.target.text()
        );
    }
    println!();
}
