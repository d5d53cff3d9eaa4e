//! Backups in one directory: the name of a new one, and which are too old to be kept. Pure.

use beamlive_storage::Timestamp;

/// How the name of a backup begins and ends.
const BEGINNING: &str = "beamlive-";
const ENDING: &str = ".backup";
/// The time in it.
const TIME: &str = "%Y-%m-%dT%H%M%SZ";

/// The name of the backup that is taken now. Names sort by time.
pub(super) fn name(now: Timestamp) -> String {
    format!("{BEGINNING}{}{ENDING}", now.to_utc().format(TIME))
}

/// Those of `names` that are backups, without the newest `keep`. Other files are left alone.
pub(super) fn outdated(names: Vec<String>, keep: usize) -> Vec<String> {
    let is_backup = |name: &String| {
        let time = name
            .strip_prefix(BEGINNING)
            .and_then(|rest| rest.strip_suffix(ENDING));
        time.is_some_and(|time| chrono::NaiveDateTime::parse_from_str(time, TIME).is_ok())
    };
    let mut backups: Vec<_> = names.into_iter().filter(is_backup).collect();
    backups.sort_unstable();
    backups.truncate(backups.len().saturating_sub(keep));
    backups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_and_other_files_are_no_backups() {
        let name = |day: i64| name(Timestamp((1_795_446_000 + day * 86_400) * 1_000_000));
        assert_eq!(name(0), "beamlive-2026-11-23T150000Z.backup");
        let names = || {
            let days = [2, 0, 3, 1].map(name);
            let others = [
                "notes.txt",
                "beamlive-.backup",
                "beamlive-2026-11-23T150000Z.backup.part-7",
                "beamlive-before-the-move.backup",
            ];
            days.into_iter().chain(others.map(str::to_owned)).collect()
        };
        assert_eq!(outdated(names(), 3), [name(0)]);
        assert_eq!(outdated(names(), 1), [name(0), name(1), name(2)]);
        assert_eq!(outdated(names(), 9), [""; 0]);
    }
}
