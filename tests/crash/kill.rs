//! `kill -9` at random moments while many clients use the service.

use super::checks::check;
use super::ledger::Ledger;
use super::load::{Load, USERS};
use super::place::Place;
use crate::support::{Client, Dice, Mood};
use std::time::Duration;
use tempfile::TempDir;

/// The variable with the number of kills, for a long run.
const KILLS: &str = "BEAMLIVE_TEST_KILLS";

/// Registered clients of the tests' projects.
pub async fn clients(place: &Place) -> Vec<Client> {
    let mut clients = Vec::new();
    for user in USERS {
        let client = place.new_client(user);
        assert_eq!(client.register().await.status, 200);
        clients.push(client);
    }
    clients
}

/// The number in the environment variable `name`, or `otherwise`.
pub fn given(name: &str, otherwise: u64) -> u64 {
    match std::env::var(name) {
        Ok(number) => number.parse().unwrap_or_else(|_| panic!("{name}: not a number")),
        Err(_) => otherwise,
    }
}

#[actix_web::test]
async fn acknowledged_records_survive_kills_and_are_there_once() {
    let mut dice = Dice::new();
    let home = TempDir::new().unwrap();
    let mut place = Place::new(
        home.path(),
        &home.path().join("data"),
        Box::new(|command| command),
    )
    .await;
    let clients = clients(&place).await;
    let mut ledger = Ledger::default();
    for kill in 1..=given(KILLS, 10) {
        let mood = [Mood::Good, Mood::Good, Mood::Bad(500, ""), Mood::Hanging];
        place.proxy.set(*dice.pick(&mood));
        let events = ledger.events + 50 + dice.roll(400);
        let over = |ledger: &Ledger| ledger.events >= events;
        Load::run(&place, &clients, &mut ledger, &mut dice, &over, &|| place.kill()).await;
        place.ended();
        place.proxy.set(Mood::Good);
        if dice.one_in(3) {
            place.start_and_kill(Duration::from_millis(dice.roll(60))).await;
        }
        place.verify();
        place.start();
        check(&place, &mut ledger).await;
        println!("kill {kill}: {} acknowledged", ledger.acknowledged);
    }
    assert!(ledger.acknowledged > 0 && ledger.refused == 0);
}
