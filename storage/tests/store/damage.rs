//! Bits are flipped and bytes are cut in the files of a stopped store. Either the next start or
//! `verify` reports it, or all acknowledged changes are there.

use crate::dice::Dice;
use crate::support::{commit, copy_files, data_type, key, of_size, NOW};
use beamlive_storage::verify::{verify, Rules};
use beamlive_storage::{EngineKind, OpenError, Order, ReadError, Store, StoreConfig, Tally};
use rstest::rstest;
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::FileExt;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Number of damages to try for each engine and way of stopping; set for a long run.
const TRIALS: &str = "BEAMLIVE_TEST_DAMAGES";

/// The variable with the store that a child process checks, and the prefix of the line with its
/// result.
const CHECKED: &str = "BEAMLIVE_TEST_CHECKED_STORE";
const RESULT: &str = "result: ";

const RULES: Rules = Rules {
    joinable_micros: 0,
    deepest: 4,
};

/// How a store was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stopped {
    Closed,
    Killed,
}

/// A stopped store, and its rows after each group.
struct Original {
    files: TempDir,
    /// The sum of all rows, by number of groups.
    history: BTreeMap<u64, u64>,
    /// Number of groups that were certainly acknowledged: all if the store was closed, those in the
    /// mark if it was killed.
    certain: u64,
}

fn settings(engine: EngineKind, path: &Path) -> StoreConfig {
    StoreConfig {
        path: path.to_owned(),
        engine,
        // Small, so that rows are spread over several tables and segments.
        cache_bytes: 512 * 1024,
        ..StoreConfig::default()
    }
}

/// The number of groups in a store, and the sum of its rows.
fn state(store: &Store) -> Result<(u64, u64), ReadError> {
    let mut hasher = DefaultHasher::new();
    for row in store.scan_bytes(&[], &[0xff; 600], Order::Ascending) {
        row?.hash(&mut hasher);
    }
    let tally = store.get_bytes(&Tally::key())?.unwrap_or_default();
    let groups = tally
        .first_chunk()
        .map_or(0, |groups| u64::from_be_bytes(*groups));
    Ok((groups, hasher.finish()))
}

impl Original {
    /// Creates, changes and removes small and large records, over three runs of the service.
    async fn make(engine: EngineKind, stopped: Stopped) -> Self {
        let live = TempDir::new().unwrap();
        let mut history = BTreeMap::new();
        let mut certain = 0;
        for run in 0..3_u64 {
            let store = Store::open(&settings(engine, live.path()), NOW).unwrap();
            for n in 1..=150 {
                let id = run * 100 + n;
                let changed = commit(&store, |b| match n % 5 {
                    0 => {
                        b.replace(key(id - 1), 1, &data_type(&"b".repeat(3_000)));
                    }
                    4 if run > 0 && n < 100 => b.insert(key(1_000 + id), &of_size(40_000, 7)),
                    _ => b.insert(key(id + 2_000 * run), &data_type(&"a".repeat(500))),
                });
                // Some of the changes conflict with existing records and have no effect.
                let _ = changed.await;
                let (groups, rows) = state(&store).unwrap();
                history.insert(groups, rows);
            }
            if run == 2 && stopped == Stopped::Killed {
                let files = TempDir::new().unwrap();
                // The mark may be behind, so only the groups in it are certain.
                certain = mark_of(live.path());
                copy_files(live.path(), files.path());
                return Self {
                    files,
                    history,
                    certain,
                };
            }
            store.close().unwrap();
            certain = certain.max(mark_of(live.path()));
        }
        assert_eq!(Some(&certain), history.keys().last());
        Self {
            files: live,
            history,
            certain,
        }
    }

    /// Damages a copy and returns the outcome.
    fn trial(&self, dice: &mut Dice) -> (String, Detection) {
        let copy = TempDir::new().unwrap();
        copy_files(self.files.path(), copy.path());
        let what = damage(copy.path(), dice);
        (what, self.check(copy.path()))
    }

    /// Opens and verifies a copy in a child process: some damage makes a database allocate more
    /// memory than there is, which ends the process and thus is detected.
    fn check(&self, path: &Path) -> Detection {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture", "damage::check_store"])
            .env(CHECKED, path)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        match said.lines().find_map(|line| line.strip_prefix(RESULT)) {
            None => Detection::AtStart(String::from_utf8_lossy(&output.stderr).into_owned()),
            Some(said) => match said.split_once(' ').unwrap() {
                ("start", why) => Detection::AtStart(why.to_owned()),
                ("verify", why) => Detection::ByVerify(why.to_owned()),
                (_, found) => {
                    let (groups, rows) = found.split_once(' ').unwrap();
                    let (groups, rows) = (groups.parse().unwrap(), rows.parse().unwrap());
                    match groups >= self.certain && self.history.get(&groups) == Some(&rows) {
                        true => Detection::Whole,
                        false => Detection::Unreported(groups),
                    }
                }
            },
        }
    }
}

/// Opens and verifies the store in `BEAMLIVE_TEST_CHECKED_STORE`, and prints the error or its rows.
#[test]
#[ignore = "a part of the test below"]
fn check_store() {
    let path = PathBuf::from(std::env::var_os(CHECKED).unwrap());
    let said = match Store::open_to_read(&path, 512 * 1024) {
        Err(OpenError::Locked { .. }) => panic!("no other process has the store open"),
        Err(error) => format!("start {error}"),
        Ok(store) => match catch_unwind(AssertUnwindSafe(|| verify(&store, RULES, |_, _| {}))) {
            Err(_) => "verify it panicked".to_owned(),
            Ok(Err(error)) => format!("verify {error}"),
            Ok(Ok(findings)) => {
                // These rows belong to no facility, so only problems of the tally count.
                let mut lines = findings.problems.kept().iter();
                match lines.find(|line| line.starts_with("tally")) {
                    Some(line) => format!("verify {line}"),
                    None => match state(&store) {
                        Ok((groups, rows)) => format!("holds {groups} {rows}"),
                        Err(error) => format!("verify {error}"),
                    },
                }
            }
        },
    };
    println!("\n{RESULT}{said}");
}

/// The outcome of damaging a store.
#[derive(Debug)]
enum Detection {
    AtStart(#[allow(dead_code, reason = "shown when a test fails")] String),
    ByVerify(#[allow(dead_code, reason = "shown when a test fails")] String),
    /// All acknowledged changes are there.
    Whole,
    /// Something is missing, and nothing reports it.
    Unreported(#[allow(dead_code, reason = "shown when a test fails")] u64),
}

fn mark_of(path: &Path) -> u64 {
    let bytes = fs::read(path.join("mark")).unwrap();
    let slots = [&bytes[..8], &bytes[4096..4104]];
    slots
        .map(|slot| u64::from_be_bytes(slot.try_into().unwrap()))
        .into_iter()
        .max()
        .unwrap()
}

/// Every file below a directory.
fn files(path: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

/// Flips a bit, zeroes a part, or cuts the end of one file, where it has data.
fn damage(path: &Path, dice: &mut Dice) -> String {
    let mut all = Vec::new();
    files(path, &mut all);
    all.retain(|file| file.metadata().unwrap().len() > 0);
    all.sort();
    let file = dice.pick(&all);
    let bytes = fs::read(file).unwrap();
    let data = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0) as u64 + 1;
    let place = dice.roll(data);
    let opened = OpenOptions::new().write(true).open(file).unwrap();
    let how = match dice.roll(8) {
        0 => {
            opened.set_len(place).unwrap();
            "cut".to_owned()
        }
        1 => {
            let zeroes = vec![0; (1 + dice.roll(600)).min(data - place) as usize];
            opened.write_all_at(&zeroes, place).unwrap();
            format!("{} bytes zeroed", zeroes.len())
        }
        _ => {
            let bit = 1 << dice.roll(8);
            opened
                .write_all_at(&[bytes[place as usize] ^ bit], place)
                .unwrap();
            format!("bit {bit:#x} flipped")
        }
    };
    format!("{} at {place}: {how}", file.strip_prefix(path).unwrap().display())
}

#[rstest]
#[tokio::test]
async fn no_damage_loses_changes_without_a_report(
    #[values(EngineKind::Sled, EngineKind::Fjall)] engine: EngineKind,
    #[values(Stopped::Closed, Stopped::Killed)] stopped: Stopped,
) {
    let original = Original::make(engine, stopped).await;
    let copy = TempDir::new().unwrap();
    copy_files(original.files.path(), copy.path());
    let undamaged = original.check(copy.path());
    assert!(matches!(undamaged, Detection::Whole), "{undamaged:?}");
    let trials = std::env::var(TRIALS).map_or(150, |trials| trials.parse().unwrap());
    let mut dice = Dice::new();
    let (mut unreported, mut counts) = (Vec::new(), [0_u32; 3]);
    for _ in 0..trials {
        let (what, noticed) = original.trial(&mut dice);
        match &noticed {
            Detection::AtStart(_) => counts[0] += 1,
            Detection::ByVerify(_) => counts[1] += 1,
            Detection::Whole => counts[2] += 1,
            Detection::Unreported(_) => unreported.push(format!("{what}: {noticed:?}")),
        }
    }
    println!(
        "{engine}, {stopped:?}: {trials} damages, {} noticed at the start, {} by verify, {} did no harm",
        counts[0], counts[1], counts[2]
    );
    assert!(
        unreported.is_empty(),
        "{} of {trials} damages were not reported, such as {:#?}",
        unreported.len(),
        &unreported[..unreported.len().min(12)]
    );
}
