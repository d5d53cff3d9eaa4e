//! A simulated remote-access host: its cron job, which posts connections, and its sshd, which asks
//! for login keys. Pure.

use crate::http::{request, Target};
use crate::plan::Api;
use crate::program::{Operation, Program};
use beamlive_client::Failure;
use beamlive_storage::Timestamp;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// Connections in a post; every post has the same.
const CONNECTIONS: usize = 1_000;

/// Which program of the host it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Posts connections.
    Cron,
    /// Asks for the keys of one user after another.
    Sshd,
    /// Both, and reads of the access list, in turn.
    Everything,
}

/// A simulated program of a host.
pub(crate) struct Host {
    target: Arc<Target>,
    api: &'static str,
    role: Role,
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
    pub(crate) fn new(
        target: Arc<Target>,
        api: Api,
        role: Role,
        number: usize,
        users: Arc<[String]>,
        began: Timestamp,
    ) -> Result<Self, Failure> {
        let date = DateTime::<Utc>::from_timestamp_micros(began.0)
            .unwrap_or_default()
            .format("%Y-%m-%d %H:%M:%S")
            .to_string();
        let projects = users.iter().cycle().take(CONNECTIONS).enumerate();
        let entries: Vec<_> = projects
            .map(|(place, project)| Entry {
                project,
                // The same in every run, so that runs do not pile up connections.
                name: format!("load-h{number:03}-{place:04}"),
                status: "Connected",
                date: &date,
            })
            .collect();
        Ok(Self {
            body: rmp_serde::to_vec_named(&entries)?,
            target,
            api: api.name(),
            role,
            users,
            turn: number,
        })
    }
}

impl Program for Host {
    fn next_request(&mut self, _: Timestamp, out: &mut Vec<u8>) -> Operation {
        let turn = self.turn;
        self.turn += 1;
        let (target, api) = (&self.target, self.api);
        match (self.role, turn % 4) {
            (Role::Cron, _) | (Role::Everything, 0) => {
                let path = format_args!("/api/{api}/accesslist/");
                request(out, target, "POST", path, &[], Some(&self.body));
                Operation::Connections
            }
            (Role::Everything, 1) => {
                let path = format_args!("/api/{api}/accesslist/");
                request(out, target, "GET", path, &[], None);
                Operation::AccessList
            }
            (Role::Sshd | Role::Everything, _) => {
                let user = self.users.get(turn % self.users.len().max(1));
                let user = user.map(String::as_str).unwrap_or_default();
                request(
                    out,
                    target,
                    "GET",
                    format_args!("/api/{api}/keys/{user}"),
                    &[],
                    None,
                );
                Operation::Keys
            }
        }
    }
}
