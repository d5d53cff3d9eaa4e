//! Power cuts and a full disk, on a separate file system. `tests/power-cut.sh` runs these tests, as
//! root, and creates the file system.

use super::checks::{check, check_reads};
use super::full_disk::{fill, stop_and_check_log};
use super::kill::{clients, given};
use super::ledger::Ledger;
use super::load::Load;
use super::place::Place;
use crate::support::{Dice, Mood};
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

/// The variable with the path at which the file system is mounted.
const DISK: &str = "BEAMLIVE_TEST_DISK";
/// The variable with the program that cuts the power (`cut`), restores it (`mend`), and frees space
/// (`room`).
const POWER: &str = "BEAMLIVE_TEST_POWER";
/// The variable with a library that is preloaded into the service.
const PRELOAD: &str = "BEAMLIVE_TEST_PRELOAD";
/// The variable with the number of power cuts.
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
#[ignore = "needs a separate file system: run tests/power-cut.sh"]
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
#[ignore = "needs a separate file system: run tests/power-cut.sh"]
async fn a_full_disk_turns_writes_off_and_a_restart_with_room_continues() {
    let mut dice = Dice::new();
    let home = TempDir::new().unwrap();
    let mut place = Place::new(home.path(), &disk().join("data"), Box::new(|command| command)).await;
    let mut ledger = Ledger::default();
    let reason = "the disk of the store has";
    fill(&mut place, &mut ledger, &mut dice, reason).await;
    // These records are still there after the restart: the store refused the last changes before it
    // wrote anything.
    check_reads(&place, &mut ledger).await;
    stop_and_check_log(&mut place, reason);
    power("room");
    place.verify();
    place.start();
    check(&place, &mut ledger).await;
}
