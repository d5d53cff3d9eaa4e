//! Compares records with their golden bytes.

use crate::codec::{decode, encode};
use crate::records::Record;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// One line per record: its name, the variant, and its bytes at revision 7.
const GOLDEN: &str = include_str!("records.golden");

pub(super) fn golden() -> BTreeMap<&'static str, &'static str> {
    GOLDEN
        .lines()
        .map(|line| line.rsplit_once(' ').unwrap())
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    assert_eq!(text.len() % 2, 0);
    (0..text.len() / 2)
        .map(|n| u8::from_str_radix(text.get(2 * n..2 * n + 2).unwrap(), 16).unwrap())
        .collect()
}

/// Names of the records checked, and new golden lines for those with other bytes.
#[derive(Default)]
pub(super) struct Check {
    pub(super) names: Vec<String>,
    pub(super) wrong: String,
}

impl Check {
    pub(super) fn record<R: Record + PartialEq + Debug>(&mut self, detail: &str, record: &R) {
        let name = format!("{}/{detail}", R::NAME);
        let bytes = encode(7, record);
        match golden().get(name.as_str()) {
            Some(line) if *line == hex(&bytes) => {
                let read = decode::<R>(&unhex(line)).unwrap();
                assert_eq!((read.revision, &read.record), (7, record), "{name}");
            }
            _ => self.wrong.push_str(&format!("{name} {}\n", hex(&bytes))),
        }
        self.names.push(name);
    }
}
