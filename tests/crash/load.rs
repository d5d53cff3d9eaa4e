//! Many clients use the service at once, until it is killed or was used enough.

use super::ledger::{Account, Holder, Ledger, Upload};
use super::place::Place;
use crate::support::{Client, Dice, Reply};
use futures_util::future::{join_all, LocalBoxFuture};
use futures_util::FutureExt;
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use std::cell::{Cell, RefCell};

pub const BEAMLINES: [&str; 3] = ["BM", "ID", "SIM"];
pub const USERS: [&str; 2] = ["alice", "bob"];
/// Clients that upload datasets.
const UPLOADERS: usize = 4;

/// The result of a request.
enum Answer {
    Done(Reply),
    /// 503: nothing was done, or the next start shows whether it was.
    Refused,
    /// There was no answer.
    Lost,
}

/// The clients of one run.
pub struct Load<'a> {
    place: &'a Place,
    clients: &'a [Client],
    ledger: RefCell<&'a mut Ledger>,
    /// When set, no further request is sent.
    over: Cell<bool>,
    /// Whether the run is over.
    until: &'a dyn Fn(&Ledger) -> bool,
    /// Called when the run is over, while requests are still running.
    finale: &'a dyn Fn(),
}

impl<'a> Load<'a> {
    /// Uses the service until `until` returns true. Then calls `finale` while requests are still
    /// running, and waits for them.
    pub async fn run(
        place: &'a Place,
        clients: &'a [Client],
        ledger: &'a mut Ledger,
        dice: &mut Dice,
        until: &'a dyn Fn(&Ledger) -> bool,
        finale: &'a dyn Fn(),
    ) {
        let load = Self {
            place,
            clients,
            ledger: RefCell::new(ledger),
            over: Cell::new(false),
            until,
            finale,
        };
        let load = &load;
        let mut workers: Vec<LocalBoxFuture<'_, ()>> = Vec::new();
        for beamline in BEAMLINES {
            workers.push(load.beamline(beamline, dice.another()).boxed_local());
        }
        for _ in 0..UPLOADERS {
            workers.push(load.datasets(dice.another()).boxed_local());
        }
        workers.push(load.reports(dice.another()).boxed_local());
        workers.push(load.connections().boxed_local());
        workers.push(load.accounts().boxed_local());
        join_all(workers).await;
    }

    /// Sends a request. Returns `None` when the run is over.
    async fn send(&self, request: RequestBuilder) -> Option<Answer> {
        if self.over.get() {
            return None;
        }
        self.count();
        let answer = match Reply::try_of(request).await {
            Ok(reply) if reply.status == 200 => {
                self.ledger.borrow_mut().acknowledged += 1;
                Answer::Done(reply)
            }
            Ok(reply) if reply.status == 503 => {
                assert!(reply.header("retry-after").is_some(), "{}", reply.text());
                self.ledger.borrow_mut().refused += 1;
                Answer::Refused
            }
            Ok(reply) => panic!("{}: {}", reply.status, reply.text()),
            Err(_) => {
                assert!(self.over.get(), "the service ended without a kill");
                Answer::Lost
            }
        };
        self.count();
        Some(answer)
    }

    fn count(&self) {
        let over = {
            let mut ledger = self.ledger.borrow_mut();
            ledger.events += 1;
            (self.until)(&ledger)
        };
        if over && !self.over.replace(true) {
            (self.finale)();
        }
    }

    fn client(&self, dice: &mut Dice) -> Client {
        self.place.at(dice.pick(self.clients))
    }

    /// One program launches and closes sessions one after the other, as the computer of a beamline
    /// does.
    async fn beamline(&self, beamline: &str, mut dice: Dice) {
        loop {
            let client = self.client(&mut dice);
            let name = format!("{beamline}-{}", dice.roll(5));
            let holders = self
                .ledger
                .borrow()
                .holders
                .get(beamline)
                .cloned()
                .unwrap_or_default();
            let session = (client.user.clone(), name.clone());
            let (path, after) = match holders.iter().flatten().next() {
                Some(holder) if *holder == session && dice.one_in(2) => {
                    (format!("close/{beamline}/{name}/"), None)
                }
                _ => (format!("launch/{beamline}/{name}/"), Some(session.clone())),
            };
            self.possible(beamline, after.clone());
            match self.send(client.posting(&path)).await {
                Some(Answer::Done(_)) => {
                    let mut ledger = self.ledger.borrow_mut();
                    if after.is_some() {
                        ledger
                            .launched
                            .insert((beamline.to_owned(), session.0, session.1));
                    }
                    ledger.holders.insert(beamline.to_owned(), [after].into());
                }
                Some(Answer::Refused) if !self.over.get() => {}
                _ => return,
            }
        }
    }

    fn possible(&self, beamline: &str, holder: Holder) {
        let mut ledger = self.ledger.borrow_mut();
        let holders = ledger
            .holders
            .entry(beamline.to_owned())
            .or_insert_with(|| [None].into());
        holders.insert(holder);
    }

    /// Uploads datasets, some with a uuid. Those are sometimes sent again.
    async fn datasets(&self, mut dice: Dice) {
        loop {
            let client = self.client(&mut dice);
            let again = dice.one_in(3).then(|| self.earlier(&client, &mut dice)).flatten();
            let number = again.unwrap_or_else(|| self.new_dataset(&client, &mut dice));
            let body = {
                let ledger = self.ledger.borrow();
                let upload = &ledger.datasets[number];
                let mut body = json!({
                    "name": upload.name, "directory": upload.directory, "type": "DATA", "energy": 12.6, "exposure": 0.1,
                });
                if let Some(uuid) = &upload.uuid {
                    body["uuid"] = json!(uuid);
                }
                body
            };
            let path = format!("data/{}/", dice.pick(&BEAMLINES));
            let request = client.posting(&path).body(rmp_serde::to_vec(&body).unwrap());
            match self.send(request).await {
                Some(Answer::Done(reply)) => {
                    let id = reply.json()["id"].as_u64().unwrap();
                    let upload = &mut self.ledger.borrow_mut().datasets[number];
                    assert!(
                        upload.id.is_none_or(|before| before == id),
                        "{upload:?} also has the id {id}"
                    );
                    upload.id = Some(id);
                }
                Some(Answer::Refused) if !self.over.get() => {}
                _ => return,
            }
        }
    }

    /// One of the client's earlier datasets with a uuid, which may be sent again.
    fn earlier(&self, client: &Client, dice: &mut Dice) -> Option<usize> {
        let ledger = self.ledger.borrow();
        let mine = ledger.datasets.iter().enumerate().rev().take(50);
        let mine: Vec<_> = mine
            .filter(|(_, upload)| upload.uuid.is_some() && upload.user == client.user)
            .collect();
        (!mine.is_empty()).then(|| dice.pick(&mine).0)
    }

    fn new_dataset(&self, client: &Client, dice: &mut Dice) -> usize {
        let mut ledger = self.ledger.borrow_mut();
        let number = ledger.datasets.len();
        ledger.datasets.push(Upload {
            user: client.user.clone(),
            name: format!("d-{number}"),
            uuid: (!dice.one_in(3)).then(|| format!("uuid-{number}")),
            directory: format!("/users/{}/d-{number}", client.user),
            id: None,
        });
        number
    }

    /// Uploads reports, each of them once.
    async fn reports(&self, mut dice: Dice) {
        loop {
            let client = self.client(&mut dice);
            let (number, body) = {
                let mut ledger = self.ledger.borrow_mut();
                let number = ledger.reports.len();
                let (name, directory) = (format!("r-{number}"), format!("proc/r-{number}"));
                let body =
                    json!({"title": name, "directory": directory, "score": 0.5, "details": [{"a": [1, 2]}]});
                ledger.reports.push(Upload {
                    user: client.user.clone(),
                    name,
                    uuid: None,
                    directory,
                    id: None,
                });
                (number, body)
            };
            let path = format!("report/{}/", dice.pick(&BEAMLINES));
            let request = client.posting(&path).body(rmp_serde::to_vec(&body).unwrap());
            match self.send(request).await {
                Some(Answer::Done(reply)) => {
                    self.ledger.borrow_mut().reports[number].id = reply.json()["id"].as_u64();
                }
                Some(Answer::Refused) if !self.over.get() => {}
                _ => return,
            }
        }
    }

    /// A remote-access host posts its connections.
    async fn connections(&self) {
        loop {
            let names: Vec<_> = {
                let mut ledger = self.ledger.borrow_mut();
                let first = ledger.connections.len();
                let names: Vec<_> = (first..first + 3).map(|number| format!("c-{number}")).collect();
                ledger
                    .connections
                    .extend(names.iter().map(|name| (name.clone(), false)));
                names
            };
            let entries: Vec<_> = names
                .iter()
                .map(|name| json!({"project": "alice", "name": name, "status": "Connected", "date": "2026-11-23 12:00:00"}))
                .collect();
            let request = self.place.request(Method::POST, "/api/v2/accesslist/");
            let request = request.body(rmp_serde::to_vec(&entries).unwrap());
            match self.send(request).await {
                Some(Answer::Done(_)) => {
                    let mut ledger = self.ledger.borrow_mut();
                    ledger
                        .connections
                        .extend(names.into_iter().map(|name| (name, true)));
                }
                Some(Answer::Refused) if !self.over.get() => {}
                _ => return,
            }
        }
    }

    /// The operator declares an account, and its owner registers a key.
    async fn accounts(&self) {
        loop {
            let number = self.ledger.borrow().accounts.len();
            let name = format!("p-{number}");
            let client = self.place.new_client(&name);
            self.ledger.borrow_mut().accounts.push(Account {
                client: client.clone(),
                declared: false,
                registered: false,
            });
            let declaration = format!("[[project]]\nusername = \"{name}\"\n");
            match self.send(self.place.posting_admin("apply", declaration)).await {
                Some(Answer::Done(_)) => self.ledger.borrow_mut().accounts[number].declared = true,
                Some(Answer::Refused) if !self.over.get() => continue,
                _ => return,
            }
            let client = self.place.at(&client);
            let request = client.posting("project/").form(&[("public", &client.public)]);
            match self.send(request).await {
                Some(Answer::Done(_)) => self.ledger.borrow_mut().accounts[number].registered = true,
                Some(Answer::Refused) if !self.over.get() => {}
                _ => return,
            }
        }
    }
}
