//! A report with a megabyte of details: how long until it is durable, and whether memory stays flat.

use super::super::cases::{post, Case, Requests};
use super::super::figures::percentile;
use super::super::load;
use super::super::site::{Caller, Site, BEAMLINES};
use super::{Line, Target};
use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// One report after another, each in a directory of its own.
struct Reports {
    caller: Caller,
    body: Vec<u8>,
    number_at: usize,
    number: u64,
}

const NUMBER: &str = "0000000000000000";

impl Reports {
    fn boxed(site: &Site, connection: usize) -> Box<dyn Requests> {
        let rows: Vec<_> = (0..40_000_u32)
            .map(|row| json!([row, f64::from(row).sqrt(), f64::from(row) / 7.0]))
            .collect();
        let body = rmp_serde::to_vec(&json!({
            "directory": format!("/users/alpha/proc/{NUMBER}"),
            "title": "plot",
            "details": [{"kind": "lineplot", "data": rows}],
        }))
        .unwrap();
        let mut places = body.windows(NUMBER.len());
        Box::new(Self {
            caller: site.caller(connection % BEAMLINES),
            number_at: places.position(|window| window == NUMBER.as_bytes()).unwrap(),
            number: site.unique() << 20,
            body,
        })
    }
}

impl Requests for Reports {
    fn next(&mut self, out: &mut Vec<u8>) {
        self.number += 1;
        let number = format!("{:016x}", self.number);
        self.body[self.number_at..][..NUMBER.len()].copy_from_slice(number.as_bytes());
        let token = self.caller.token();
        post(out, format_args!("/api/v2/{token}/report/B00/"), self.body.len());
        out.extend_from_slice(&self.body);
    }
}

/// Uploads reports to a service of its own.
pub(crate) async fn run(directory: &Path, rounds: usize, window: Duration) -> Vec<Line> {
    let site = Site::apart(&directory.join("report")).await;
    let case = Case {
        operation: "report",
        connections: 1,
        expected: 200,
        requests: |site, connection, _| Reports::boxed(site, connection),
    };
    // Caches fill first.
    load::measure(&site, &case, window).await;
    let resident = || site.process().unwrap().resident_kib();
    let before = resident();
    let (mut p50, mut growth) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let mut round = load::measure(&site, &case, window).await;
        round.micros.sort_unstable();
        p50.push(percentile(&round.micros, 0.5) / 1e3);
        growth.push(resident() / before);
    }
    site.stop();
    let line = |against, bound, values| Line {
        operation: "report of 1 MB, 1 conn".to_owned(),
        against,
        target: Target::AtMost(bound),
        values,
    };
    vec![
        line("p50 ms until durable", 25.0, p50),
        line("resident / after the first round", 1.1, growth),
    ]
}
