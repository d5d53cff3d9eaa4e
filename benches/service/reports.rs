//! Reports of analyses.

use super::cases::{post, Requests};
use super::site::{Caller, Site, BEAMLINES};
use serde_json::{json, Value};

const REPORT: &str = include_str!("../../tests/fixtures/payloads/report-MX.json");
/// Rows of the plot that makes a report of about a megabyte.
const ROWS: u32 = 40_000;

/// The same report again and again, each in a directory of its own.
pub(crate) struct Reports {
    caller: Caller,
    beamline: usize,
    body: Vec<u8>,
    number_at: usize,
    number: u64,
}

impl Reports {
    const NUMBER: &'static str = "0000000000000000";

    /// The MX payload of the tests.
    pub(crate) fn boxed(site: &Site, connection: usize) -> Box<dyn Requests> {
        Self::of(
            site,
            connection,
            serde_json::from_str::<Value>(REPORT).unwrap()["example"].take(),
        )
    }

    /// A report with a megabyte of details.
    pub(crate) fn large(site: &Site, connection: usize) -> Box<dyn Requests> {
        let rows: Vec<_> = (0..ROWS)
            .map(|row| json!([row, f64::from(row).sqrt(), f64::from(row) / 7.0]))
            .collect();
        Self::of(
            site,
            connection,
            json!({"title": "plot", "details": [{"kind": "lineplot", "data": rows}]}),
        )
    }

    fn of(site: &Site, connection: usize, mut report: Value) -> Box<dyn Requests> {
        report["directory"] = json!(format!("/users/alpha/proc/{}", Self::NUMBER));
        let body = rmp_serde::to_vec(&report).unwrap();
        let number_at = body
            .windows(Self::NUMBER.len())
            .position(|window| window == Self::NUMBER.as_bytes())
            .unwrap();
        Box::new(Self {
            caller: site.caller(connection),
            beamline: connection % BEAMLINES,
            number_at,
            number: site.unique() << 20,
            body,
        })
    }
}

impl Requests for Reports {
    fn next(&mut self, out: &mut Vec<u8>) {
        self.number += 1;
        let number = format!("{:016x}", self.number);
        self.body[self.number_at..][..number.len()].copy_from_slice(number.as_bytes());
        let token = self.caller.token();
        post(
            out,
            format_args!("/api/v2/{token}/report/B{:02}/", self.beamline),
            self.body.len(),
        );
        out.extend_from_slice(&self.body);
    }
}
