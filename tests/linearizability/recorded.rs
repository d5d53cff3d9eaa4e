//! Histories recorded from the real service.

use super::history::{Answer, Call, Op, Seen};
use super::search::Checker;
use super::spec::Rules;
use crate::crash::place::Place;
use crate::support::{eventually, Client, Dice, Postgres, Reply, Site, DAY, HOUR, MINUTE, MORNING, SECOND};
use beamlive_actors::clock::{Clock, ManualClock};
use beamlive_storage::{MemoryEngine, Timestamp};
use futures_util::future::join_all;
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const CLIENTS: usize = 8;
const BEAMLINES: [&str; 2] = ["BM", "ID"];
const USERS: [&str; 2] = ["alice", "bob"];

/// Records the calls of one period.
struct Recorder {
    now: Option<Timestamp>,
    time: Cell<u64>,
    calls: RefCell<Vec<(&'static str, Call)>>,
}

impl Recorder {
    fn new(now: Option<Timestamp>) -> Self {
        Self {
            now,
            time: Cell::new(0),
            calls: RefCell::default(),
        }
    }

    fn tick(&self) -> u64 {
        self.time.set(self.time.get() + 1);
        self.time.get()
    }

    /// Makes and records one call. Returns whether it was answered.
    async fn call(&self, client: &Client, beamline: &'static str, op: Op) -> bool {
        let path = match &op {
            Op::Launch { name, .. } => format!("launch/{beamline}/{name}/"),
            Op::Close { name, .. } => format!("close/{beamline}/{name}/"),
        };
        let place = self.calls.borrow().len();
        let call = Call {
            op,
            called: self.tick(),
            answered: None,
            now: self.now,
        };
        self.calls.borrow_mut().push((beamline, call));
        let Ok(reply) = Reply::try_of(client.posting(&path)).await else {
            return false;
        };
        let calls = &mut *self.calls.borrow_mut();
        let call = &mut calls[place].1;
        call.answered = Some((self.tick(), answer(&call.op, &reply)));
        true
    }

    fn of(&self, beamline: &str) -> Vec<Call> {
        let calls = self.calls.borrow();
        let calls = calls.iter().filter(|(whose, _)| *whose == beamline);
        calls.map(|(_, call)| call.clone()).collect()
    }
}

fn answer(op: &Op, reply: &Reply) -> Answer {
    let text = |name: &str| reply.json()[name].as_str().unwrap().to_owned();
    match (op, reply.status) {
        (Op::Launch { .. }, 200) => Answer::Launched {
            // Without the address, which is different for each process.
            survey: text("survey").rsplit('/').nth(1).unwrap().to_owned(),
            duration: text("duration"),
        },
        (Op::Close { .. }, 200) => Answer::Closed {
            duration: text("duration"),
        },
        (Op::Close { .. }, 404) => Answer::NotFound,
        (op, status) => panic!("{op:?}: {status}: {}", reply.text()),
    }
}

fn op(user: usize, dice: &mut Dice) -> Op {
    let (project, name) = (USERS[user], format!("s-{}", dice.roll(3)));
    if dice.one_in(3) {
        Op::Close { project, name }
    } else {
        Op::Launch { project, name }
    }
}

/// Rounds in which eight clients of two projects make two calls each. The clock stands still during
/// a round. Returns a client of each project.
async fn rounds(
    sites: &[Site],
    dice: &mut Dice,
    rounds: usize,
    mut check: impl FnMut(&Recorder, &[serde_json::Value]),
) -> [Client; 2] {
    let site = &sites[0];
    let users = [site.client(USERS[0]).await, site.client(USERS[1]).await];
    for (user, other) in users.iter().zip(sites.iter().cycle()) {
        let there = user.at(other);
        eventually("the keys on all nodes", || async {
            (there.samples("BM").await.status == 200).then_some(())
        })
        .await;
    }
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let site = &sites[number / 2 % sites.len()];
            users[number % 2].at(site).on_its_own_connection()
        })
        .collect();
    for _ in 0..rounds {
        let recorder = Recorder::new(Some(site.clock.now()));
        join_all(clients.iter().enumerate().map(|(number, client)| {
            let (recorder, mut dice) = (&recorder, dice.another());
            async move {
                for _ in 0..2 {
                    let beamline = *dice.pick(&BEAMLINES);
                    assert!(recorder.call(client, beamline, op(number % 2, &mut dice)).await);
                }
            }
        }))
        .await;
        let rows = site.admin("sessions?limit=1000").await;
        check(&recorder, rows.as_array().unwrap());
        // The services have one clock.
        site.pass(*dice.pick(&[SECOND, MINUTE, 4 * MINUTE, 6 * MINUTE, HOUR, 8 * DAY]));
    }
    users
}

#[actix_web::test]
async fn launches_and_closes_happen_one_after_the_other() {
    happen_one_after_the_other(&[Site::new().await]).await;
}

#[actix_web::test]
async fn launches_and_closes_on_two_nodes_happen_one_after_the_other() {
    let database = MemoryEngine::new();
    let clock = ManualClock::at(Timestamp(MORNING * 1_000_000));
    let mut sites = Vec::new();
    for name in ["node-a", "node-b"] {
        let node = database.node(name, Duration::from_secs(30));
        sites.push(Site::on_at(Arc::new(node), clock.clone(), |_| ()).await);
    }
    happen_one_after_the_other(&sites).await;
}

#[actix_web::test]
async fn launches_and_closes_on_two_nodes_over_postgresql_happen_one_after_the_other() {
    let Some(postgres) = Postgres::start() else { return };
    happen_one_after_the_other(&Site::two_on(&postgres).await).await;
}

async fn happen_one_after_the_other(sites: &[Site]) {
    let mut dice = Dice::new();
    let mut checkers = BEAMLINES.map(|beamline| (beamline, Checker::new(Rules::Pure)));
    rounds(sites, &mut dice, 25, |recorder, rows| {
        for (beamline, checker) in &mut checkers {
            let (calls, seen) = (recorder.of(beamline), Seen::of(rows, beamline));
            assert!(
                checker.explains(&calls, &seen, true),
                "the rules do not lead from {calls:#?} to {seen:#?}"
            );
        }
    })
    .await;
}

#[actix_web::test]
async fn no_broken_rule_explains_the_histories_of_the_service() {
    let (sites, mut dice) = ([Site::new().await], Dice::new());
    let site = &sites[0];
    let broken = [Rules::EndsNothing, Rules::JoinsNothing, Rules::ClosesNothing];
    let mut checkers = broken.map(|rules| (rules, Checker::new(rules), true));
    let mut check = |recorder: &Recorder, rows: &[serde_json::Value]| {
        for (_, checker, explained) in &mut checkers {
            *explained = *explained && checker.explains(&recorder.of("BM"), &Seen::of(rows, "BM"), true);
        }
    };
    let [alice, bob] = rounds(&sites, &mut dice, 4, &mut check).await;
    // Independent of the random calls: a new session, the same again, a session of another project,
    // and its close.
    let recorder = Recorder::new(Some(site.clock.now()));
    let name = || "last".to_owned();
    for (client, op) in [
        (
            &alice,
            Op::Launch {
                project: "alice",
                name: name(),
            },
        ),
        (
            &alice,
            Op::Launch {
                project: "alice",
                name: name(),
            },
        ),
        (
            &bob,
            Op::Launch {
                project: "bob",
                name: name(),
            },
        ),
        (
            &bob,
            Op::Close {
                project: "bob",
                name: name(),
            },
        ),
    ] {
        assert!(recorder.call(client, "BM", op).await);
    }
    check(
        &recorder,
        site.admin("sessions?limit=1000").await.as_array().unwrap(),
    );
    for (rules, _, explained) in checkers {
        assert!(!explained, "{rules:?} was not noticed");
    }
}

#[actix_web::test]
async fn launches_and_closes_happen_one_after_the_other_across_kills() {
    let mut dice = Dice::new();
    let home = TempDir::new().unwrap();
    let data = home.path().join("data");
    let mut place = Place::new(home.path(), &data, Box::new(|command| command)).await;
    let mut users = Vec::new();
    for user in USERS {
        let client = place.new_client(user);
        assert_eq!(client.register().await.status, 200);
        users.push(client);
    }
    let mut checkers = BEAMLINES.map(|beamline| (beamline, Checker::new(Rules::Pure)));
    for _ in 0..crate::crash::given("BEAMLIVE_TEST_KILLS", 10) {
        let recorder = Recorder::new(None);
        let last = 4 + dice.roll(60);
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| place.at(&users[number % 2]).on_its_own_connection())
            .collect();
        let killed = Cell::new(false);
        join_all(clients.iter().enumerate().map(|(number, client)| {
            let (recorder, killed, place, mut dice) = (&recorder, &killed, &place, dice.another());
            async move {
                while !killed.get() {
                    let beamline = *dice.pick(&BEAMLINES);
                    let answered = recorder.call(client, beamline, op(number % 2, &mut dice)).await;
                    assert!(answered || killed.get(), "the service ended without a kill");
                    if recorder.time.get() >= last && !killed.replace(true) {
                        place.kill();
                    }
                }
            }
        }))
        .await;
        place.ended();
        place.start();
        let rows = place.all_by_id("sessions").await;
        for (beamline, checker) in &mut checkers {
            let (calls, seen) = (recorder.of(beamline), Seen::of(&rows, beamline));
            assert!(
                checker.explains(&calls, &seen, false),
                "the rules do not lead from {calls:#?} to {seen:#?}"
            );
        }
    }
}
