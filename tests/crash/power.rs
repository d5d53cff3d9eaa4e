//! The machine loses its power, or its disk is full, on a file system of the test's own: run by `tests/power-cut.sh`,
//! which has the rights to make one.

use super::checks::{check, check_reads};
use super::full_disk::{fill, put_away};
use super::kill::{clients, given};
use super::ledger::Ledger;
use super::load::Load;
use super::place::Place;
use crate::support::{Dice, Mood};
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

/// Where the file system is mounted.
const DISK: &str = "BEAMLIVE_TEST_DISK";
/// The program that cuts its power (`cut`), brings it back (`mend`), and makes room on it (`room`).
const POWER: &str = "BEAMLIVE_TEST_POWER";
/// A library that the service is started with.
const PRELOAD: &str = "BEAMLIVE_TEST_PRELOAD";
/// How often the power is cut.
const CUTS: &str = "BEAMLIVE_TEST_CUTS";

fn disk() -> PathBuf {
    PathBuf::from(std::env::var_os(DISK).expect("run tests/power-cut.sh"))
}

fn power(verb: &str) {
    let program = std::env::var_os(POWER).expect("run tests/power-cut.sh");
    let done = Command::new(program).arg(verb).status().unwrap();
    assert!(done.success(), "{verb}");
}

#[actix_web::test]
#[ignore = "needs a file system of its own: run tests/power-cut.sh"]
async fn acknowledged_records_survive_power_cuts() {
    let mut dice = Dice::new();
    let home = TempDir::new().unwrap();
    let preload = std::env::var_os(PRELOAD);
    let wrap = move |mut command: Command| {
        if let Some(library) = &preload {
            command.env("LD_PRELOAD", library);
        }
        command
    };
    let mut place = Place::new(home.path(), &disk().join("data"), Box::new(wrap)).await;
    let clients = clients(&place).await;
    let mut ledger = Ledger::default();
    for cut in 1..=given(CUTS, 4) {
        place
            .proxy
            .set(*dice.pick(&[Mood::Good, Mood::Good, Mood::Bad(500, "")]));
        let events = ledger.events + 50 + dice.roll(400);
        let over = |ledger: &Ledger| ledger.events >= events;
        Load::run(&place, &clients, &mut ledger, &mut dice, &over, &|| power("cut")).await;
        place.stop("KILL");
        place.proxy.set(Mood::Good);
        power("mend");
        place.verify();
        place.start();
        check(&place, &mut ledger).await;
        println!("cut {cut}: {} acknowledged", ledger.acknowledged);
    }
}

#[actix_web::test]
#[ignore = "needs a file system of its own: run tests/power-cut.sh"]
async fn a_full_disk_turns_writes_off_and_a_restart_with_room_continues() {
    let mut dice = Dice::new();
    let home = TempDir::new().unwrap();
    let mut place = Place::new(home.path(), &disk().join("data"), Box::new(|command| command)).await;
    let mut ledger = Ledger::default();
    let reason = "the disk of the store has";
    fill(&mut place, &mut ledger, &mut dice, reason).await;
    // What is seen now is what there will be: the store has refused before anything was written.
    check_reads(&place, &mut ledger).await;
    put_away(&mut place, reason);
    power("room");
    place.verify();
    place.start();
    check(&place, &mut ledger).await;
}
