//! A simulated remote-access host: its cron job, which posts connections, and its sshd, which asks for keys. Pure.

use super::client::Target;
use super::ledger::Ledger;
use super::program::{request, Operation, Outcome, Program};
use crate::cli::Failure;
use crate::wire::json;
use beamlive_storage::Timestamp;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::sync::Arc;

/// Connections that a host posts, at every post the same.
pub const CONNECTIONS: usize = 1_000;

/// Which of its requests a program makes, again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Posts.
    Cron,
    /// Asks for the keys of one user after another.
    Sshd,
    /// All of it in turn.
    Everything,
}

/// A simulated program of a host.
pub struct Host {
    target: Arc<Target>,
    part: Part,
    users: Arc<[String]>,
    body: Vec<u8>,
    turn: usize,
}

#[derive(Serialize)]
struct Entry<'a> {
    project: &'a str,
    name: String,
    status: &'static str,
    date: &'a str,
}

impl Host {
    /// Host number `number`; `users` have connections there, which began at `began`.
    ///
    /// # Errors
    /// When a body can't be encoded, which would be a mistake of this program.
    pub fn new(
        target: Arc<Target>,
        part: Part,
        number: usize,
        users: Arc<[String]>,
        began: Timestamp,
    ) -> Result<Self, Failure> {
        let date = DateTime::<Utc>::from_timestamp_micros(began.0)
            .unwrap_or_default()
            .format("%Y-%m-%d %H:%M:%S")
            .to_string();
        let entries: Vec<_> = users
            .iter()
            .cycle()
            .take(CONNECTIONS)
            .enumerate()
            .map(|(place, project)| Entry {
                project,
                // The same in every run, so that runs do not pile up connections.
                name: format!("load-h{number:03}-{place:04}"),
                status: "Connected",
                date: &date,
            })
            .collect();
        let body = match part {
            Part::Sshd => Vec::new(),
            Part::Cron | Part::Everything => json::to_msgpack(&serde_json::to_vec(&entries)?, 8)?,
        };
        Ok(Self {
            target,
            part,
            users,
            body,
            turn: number,
        })
    }
}

impl Program for Host {
    fn opening(&mut self, _: Timestamp, _: &mut Vec<u8>) -> Option<Operation> {
        None
    }

    fn next(&mut self, _: Timestamp, out: &mut Vec<u8>) -> Operation {
        let turn = self.turn;
        self.turn += 1;
        let target = &self.target;
        let operation = match (self.part, turn % 4) {
            (Part::Cron, _) | (Part::Everything, 0) => Operation::Connections,
            (Part::Everything, 1) => Operation::AccessList,
            (Part::Sshd | Part::Everything, _) => Operation::Keys,
        };
        match operation {
            Operation::Connections => {
                let path = format_args!("/api/v2/accesslist/");
                request(out, target, "POST", path, Some(&self.body));
            }
            Operation::AccessList => request(out, target, "GET", format_args!("/api/v2/accesslist/"), None),
            _ => {
                let user = self.users.get(turn % self.users.len().max(1));
                let user = user.map(String::as_str).unwrap_or_default();
                request(out, target, "GET", format_args!("/api/v2/keys/{user}"), None);
            }
        }
        operation
    }

    fn heard(&mut self, _: Outcome, _: &[u8]) {}

    fn ending(&mut self, _: Timestamp, _: &mut Vec<u8>) -> Option<Operation> {
        None
    }

    fn into_ledger(self: Box<Self>) -> Option<Ledger> {
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn host(part: Part) -> Host {
        let target = Target {
            address: "127.0.0.1:80".parse().unwrap(),
            host: "somewhere".to_owned(),
            prefix: "/live".to_owned(),
        };
        let users = ["a".to_owned(), "b".to_owned()];
        Host::new(Arc::new(target), part, 3, Arc::new(users), Timestamp(0)).unwrap()
    }

    fn asks(part: Part) -> Vec<(Operation, String)> {
        let mut host = host(part);
        let ask = |_| {
            let mut out = Vec::new();
            let operation = host.next(Timestamp(0), &mut out);
            let text = String::from_utf8_lossy(&out).into_owned();
            (operation, text.lines().next().unwrap().to_owned())
        };
        (0..8).map(ask).collect()
    }

    #[test]
    fn each_part_asks_for_its_own() {
        let cron = (
            Operation::Connections,
            "POST /live/api/v2/accesslist/ HTTP/1.1".to_owned(),
        );
        assert!(asks(Part::Cron).iter().all(|ask| *ask == cron));
        let sshd = asks(Part::Sshd);
        assert!(sshd.contains(&(Operation::Keys, "GET /live/api/v2/keys/a HTTP/1.1".to_owned())));
        assert!(sshd.contains(&(Operation::Keys, "GET /live/api/v2/keys/b HTTP/1.1".to_owned())));
        let everything = asks(Part::Everything);
        let count = |wanted| {
            everything
                .iter()
                .filter(|(operation, _)| *operation == wanted)
                .count()
        };
        assert_eq!(count(Operation::Connections), 2);
        assert_eq!(count(Operation::AccessList), 2);
        assert_eq!(count(Operation::Keys), 4);
    }

    #[test]
    fn a_post_has_a_thousand_connections() {
        let mut json = Vec::new();
        json::from_msgpack(&host(Part::Cron).body, &mut json).unwrap();
        let entries: Vec<serde_json::Value> = serde_json::from_slice(&json).unwrap();
        assert_eq!(entries.len(), CONNECTIONS);
        let names: std::collections::HashSet<_> = entries.iter().map(|e| e["name"].clone()).collect();
        assert_eq!(names.len(), CONNECTIONS);
        assert_eq!(entries[1]["project"], "b");
        assert_eq!(entries[1]["date"], "1970-01-01 00:00:00");
    }
}
