//! The disk is full while many clients use the service.

use super::checks::check;
use super::kill::clients;
use super::ledger::Ledger;
use super::load::Load;
use super::place::{Place, Wrap};
use crate::support::{engine, Dice, Mood, Reply};
use beamlive_storage::EngineKind;
use reqwest::Method;
use std::process::Command;
use tempfile::TempDir;

/// Uses the service until writes are off. The service must report `reason`.
pub async fn fill(place: &mut Place, ledger: &mut Ledger, dice: &mut Dice, reason: &str) {
    let clients = clients(place).await;
    let refused = |ledger: &Ledger| ledger.refused >= 40;
    Load::run(place, &clients, ledger, dice, &refused, &|| ()).await;

    let ready = Reply::of(place.request(Method::GET, "/health/ready")).await;
    assert_eq!(ready.status, 503);
    let store = ready.json()["store"].clone();
    assert_eq!(store["status"], "writes off");
    assert!(store["reason"].as_str().unwrap().contains(reason), "{store}");
    let live = Reply::of(place.request(Method::GET, "/health/live")).await;
    assert_eq!(live.status, 200);
}

/// Stops the service. Its log must have `reason` and no panic.
pub fn stop_and_check_log(place: &mut Place, reason: &str) {
    let ended = place.stop("TERM");
    assert!(
        ended.stderr.contains("writes are off") && ended.stderr.contains(reason),
        "{}",
        ended.stderr
    );
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
}

/// Starts the process with a limit on the size of its files, in blocks of 512 bytes. Beyond it,
/// writes fail without a signal.
fn limited(blocks: u32) -> Wrap {
    Box::new(move |command| {
        let script = format!("ulimit -f {blocks}; trap '' XFSZ; exec \"$0\" \"$@\"");
        let mut limited = Command::new("sh");
        limited.arg("-c").arg(script);
        limited.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => limited.env(name, value),
                None => limited.env_remove(name),
            };
        }
        limited.current_dir(command.get_current_dir().unwrap());
        limited
    })
}

/// The limit ends a write of sled in the middle, as a broken disk does. After that some of its
/// pages can't be read. On a disk that is only full, the store stops before that: see `power.rs`.
#[actix_web::test]
async fn a_file_size_limit_turns_writes_off_and_a_restart_continues() {
    if engine() != EngineKind::Sled {
        // fjall allocates 64 MiB when it starts, so it does not start with such a limit.
        return;
    }
    let mut dice = Dice::new();
    let home = TempDir::new().unwrap();
    let data = home.path().join("data");
    let mut place = Place::new(home.path(), &data, limited(6_000)).await;
    place.proxy.set(Mood::Good);
    let mut ledger = Ledger::default();
    fill(&mut place, &mut ledger, &mut dice, "File too large").await;
    for list in ["sessions", "data", "reports", "connections", "outbox", "activity"] {
        let reply = Reply::of(place.getting_admin(list)).await;
        let unreadable = reply.status == 503 && reply.json()["error"]["code"] == "unreadable";
        assert!(
            unreadable || reply.status == 200,
            "{}: {}",
            reply.status,
            reply.text()
        );
    }
    stop_and_check_log(&mut place, "File too large");
    place.wrap_with(Box::new(|command| command));
    place.verify();
    place.start();
    check(&place, &mut ledger).await;
}
