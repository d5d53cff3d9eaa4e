//! The targets that are measured in interleaved rounds of one process, and how each number is
//! computed from its rows.

use super::super::ceiling::cases::{Layer, LIST, MIDDLE, NOTHING, SMALL, USERS};
use super::super::figures::percentile;
use super::super::load::Round;
use super::of_engine;
use super::rows::{Beside, Row, Signature, PEAK};
use super::Target::{self, AtLeast, AtMost};

/// One target: the rows it needs, and its number from one round of them.
pub(crate) struct Share {
    pub(crate) operation: String,
    pub(crate) against: &'static str,
    pub(crate) target: Target,
    pub(crate) rows: Vec<Row>,
    pub(crate) value: fn(&[&Round]) -> f64,
}

/// All of them.
pub(crate) fn all() -> Vec<Share> {
    let mut all = Vec::new();
    let mut share = |operation: String, against, target, rows: &[Row], value| {
        all.push(Share {
            operation,
            against,
            target,
            rows: rows.to_vec(),
            value,
        });
    };
    let rates: fn(&[&Round]) -> f64 = |of| of[0].rate / of[1].rate;
    let committed = |connections| Row::Ceiling(Layer::Committed, connections);
    for connections in [32, 128] {
        share(
            format!("upload, {connections} conns"),
            "share of committed 500 B",
            AtLeast(of_engine(0.6, 0.9)),
            &[Row::Service("upload", connections), committed(connections)],
            rates,
        );
    }
    share(
        "launch, close, 32 conns".to_owned(),
        "share of committed 500 B",
        AtLeast(of_engine(0.6, 0.9)),
        &[Row::Service("launch, close", 32), committed(32)],
        rates,
    );
    for connections in [8, 32, 128] {
        share(
            format!("samples, {connections} conns"),
            "share of verified ready-made list",
            AtLeast(0.8),
            &[
                Row::Service("samples", connections),
                Row::Ceiling(Layer::Verified(LIST), connections),
            ],
            rates,
        );
    }
    for connections in [8, 32, 128] {
        share(
            format!("samples, 304, {connections} conns"),
            "share of verified 304",
            AtLeast(0.9),
            &[
                Row::Service("samples, 304", connections),
                Row::Ceiling(Layer::Verified(NOTHING), connections),
            ],
            rates,
        );
    }
    for connections in [8, 32] {
        share(
            format!("access list, {connections} conns"),
            "share of bare, same size",
            AtLeast(0.85),
            &[
                Row::Service("access list", connections),
                Row::Ceiling(Layer::Bare(USERS), connections),
            ],
            rates,
        );
    }
    let post = [Row::Service("access list, POST", 1)];
    share(
        "access list, POST of 1,000".to_owned(),
        "ms of CPU a request",
        AtMost(3.0),
        &post,
        |of| of[0].usage.service * 1e3 / of[0].rate,
    );
    share(
        "access list, POST of 1,000".to_owned(),
        "syncs",
        AtMost(0.0),
        &post,
        |of| of[0].syncs as f64,
    );
    share(
        "alone: upload, 1 conn".to_owned(),
        "p50 / (fdatasync + verify)",
        AtMost(of_engine(3.0, 2.5)),
        &[
            Row::Service("upload", 1),
            Row::Sync,
            Row::Verify(Signature::Ed25519),
        ],
        |of| at(of[0], 0.5) / (at(of[1], 0.5) + at(of[2], 0.5)),
    );
    share(
        "dsa: uploads of 8 clients".to_owned(),
        "share of verifying on all but 1 core",
        AtLeast(0.8),
        &[Row::DsaUploads, Row::Verify(Signature::Dsa)],
        |of| {
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            of[0].rate / (of[1].rate * cores.saturating_sub(1).max(1) as f64)
        },
    );
    share(
        "dsa: others beside them, 200/s".to_owned(),
        "p99 / p99 without them",
        AtMost(1.5),
        &[Row::Polite(Beside::Dsa), Row::Polite(Beside::Nobody)],
        |of| at(of[0], 0.99) / at(of[1], 0.99),
    );
    share(
        "dsa: others beside them, 200/s".to_owned(),
        "p99 / p99 beside as many Ed25519",
        AtMost(1.2),
        &[
            Row::Polite(Beside::Dsa),
            Row::DsaUploads,
            Row::Polite(Beside::Ed25519),
        ],
        |of| at(of[0], 0.99) / at(of[2], 0.99),
    );
    for (operation, connections) in [("upload", 32), ("samples", 32)] {
        share(
            format!("passwords: {operation}, {connections} conns"),
            "p99 / p99 without guesses",
            AtMost(1.5),
            &[
                Row::Guessed(operation, connections),
                Row::Service(operation, connections),
            ],
            |of| at(of[0], 0.99) / at(of[1], 0.99),
        );
    }
    let overload = [Row::Overload, PEAK];
    share(
        "fairness: twice the capacity".to_owned(),
        "accepted, share of peak",
        AtLeast(0.9),
        &overload,
        rates,
    );
    share(
        "fairness: twice the capacity".to_owned(),
        "p99 ms of accepted, 1,024 conns",
        AtMost(1_000.0),
        &overload,
        |of| at(of[0], 0.99) / 1e3,
    );
    all
}

/// Layers without a target, for the table of rates.
pub(crate) fn more_rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for connections in [1, 8, 32, 128] {
        for layer in [Layer::Bare(SMALL), Layer::Bare(MIDDLE), Layer::Bare(LIST)] {
            rows.push(Row::Ceiling(layer, connections));
        }
        rows.push(Row::Ceiling(Layer::Verified(NOTHING), connections));
        rows.push(Row::Ceiling(Layer::Committed, connections));
    }
    rows
}

/// A percentile of the times of one round, in µs.
fn at(round: &Round, share: f64) -> f64 {
    let mut micros = round.micros.clone();
    micros.sort_unstable();
    percentile(&micros, share)
}
