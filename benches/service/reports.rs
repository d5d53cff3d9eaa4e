//! Uploads of reports.

use super::requests::{post, Requests};
use super::site::{Caller, Site};
use beamlive_load::template::Template;
use serde_json::{json, Value};

const REPORT: &str = include_str!("../../tests/fixtures/payloads/report-MX.json");
/// Rows of the plot that makes a report of about a megabyte.
const ROWS: u32 = 40_000;

/// The same report each time, in another directory.
pub(crate) struct Reports {
    caller: Caller,
    beamline: String,
    body: Template,
    number: u64,
}

impl Reports {
    const NUMBER: &'static str = "0000000000000000";

    /// The MX payload of the tests.
    pub(crate) fn small(site: &Site, connection: usize) -> Box<dyn Requests> {
        let report = serde_json::from_str::<Value>(REPORT).unwrap()["example"].take();
        Self::boxed(site, connection, report)
    }

    /// A report with a megabyte of details.
    pub(crate) fn large(site: &Site, connection: usize) -> Box<dyn Requests> {
        let rows: Vec<_> = (0..ROWS)
            .map(|row| json!([row, f64::from(row).sqrt(), f64::from(row) / 7.0]))
            .collect();
        let details = json!([{"kind": "lineplot", "data": rows}]);
        Self::boxed(site, connection, json!({"title": "plot", "details": details}))
    }

    fn boxed(site: &Site, connection: usize, mut report: Value) -> Box<dyn Requests> {
        report["directory"] = json!(format!("/users/alpha/proc/{}", Self::NUMBER));
        let body = rmp_serde::to_vec(&report).unwrap();
        Box::new(Self {
            caller: site.caller(connection),
            beamline: Site::beamline(connection),
            body: Template::new(body, &[Self::NUMBER.as_bytes()]),
            number: site.unique() << 20,
        })
    }
}

impl Requests for Reports {
    fn next(&mut self, out: &mut Vec<u8>) {
        self.number += 1;
        self.body.fill(0, format!("{:016x}", self.number).as_bytes());
        let (token, beamline) = (self.caller.token(), &self.beamline);
        post(
            out,
            format_args!("/api/v2/{token}/report/{beamline}/"),
            self.body.bytes(),
        );
    }
}
